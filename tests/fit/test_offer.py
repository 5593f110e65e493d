"""Whether a provider has nodes like those of a pool."""

import pytest

from validation.fit.catalogue import load_instances, mig_devices
from validation.fit.offer import count_problem, gpu_problem, known_type, type_problem


def test_a_gpu_that_the_provider_lacks_is_told_what_there_is() -> None:
    """The help is a list to choose from."""
    problem = gpu_problem("L40S", "azure")

    assert problem is not None
    assert "no instance type of azure that is known has L40S" == problem.message
    assert (
        "choose gpu A10, A100-40, A100-80, A100-80-PCIe, H100-NVL, H100-SXM, H200 or T4, "
        "or set instanceType to one that has it"
    ) == problem.help


def test_a_number_of_gpus_that_is_not_sold_is_told_the_numbers_that_are() -> None:
    """AWS has machines with one, four or eight L4."""
    problem = count_problem("L4", 2, "aws")

    assert problem is not None
    assert "no instance type of aws that is known has 2 x L4; there are 1, 4 or 8" == problem.message


@pytest.mark.parametrize(
    "instance", {each.type: each for each in load_instances()}.values(), ids=lambda each: each.type
)
def test_every_type_of_the_catalogue_agrees_with_itself(instance: object) -> None:
    """A pool that says what its type has is never refused."""
    found = next(each for each in load_instances() if each is instance)

    assert gpu_problem(found.gpu, found.provider) is None
    assert count_problem(found.gpu, found.gpus, found.provider) is None
    assert type_problem(found.gpu, found.gpus, found.provider, found.type) is None


@pytest.mark.parametrize(
    ("pool", "message", "help_text"),
    [
        (
            ("L40S", 1, "aws", "g6.xlarge"),
            "instance type g6.xlarge has 1 x L4, the pool says 1 x L40S",
            "set gpu to L4 and gpusPerNode to 1, or instanceType to g6e.xlarge",
        ),
        (
            ("L4", 2, "aws", "g6.12xlarge"),
            "instance type g6.12xlarge has 4 x L4, the pool says 2 x L4",
            "set gpu to L4 and gpusPerNode to 4, or instanceType to g6.xlarge",
        ),
        (
            ("L4", 1, "gcp", "g6.xlarge"),
            "instance type g6.xlarge is one of aws, not of gcp",
            "set instanceType to g2-standard-4",
        ),
        (
            ("T4", 1, "azure", "standard_nc4as_t4_v3"),
            "instance type standard_nc4as_t4_v3 is written in other letters",
            "set instanceType to Standard_NC4as_T4_v3",
        ),
    ],
)
def test_a_type_with_other_gpus_is_told_both_ways_out(
    pool: tuple[str, int, str, str], message: str, help_text: str
) -> None:
    """Either the pool or the type is mistyped."""
    problem = type_problem(*pool)

    assert problem is not None
    assert (message, help_text) == (problem.message, problem.help)


def test_a_type_that_is_not_in_the_catalogue_is_left_to_the_provider() -> None:
    """New machines come faster than tables."""
    assert type_problem("L4", 1, "aws", "g99.xlarge") is None
    assert known_type("g99.xlarge") is None


def test_nodes_of_no_known_provider_may_still_name_their_type() -> None:
    """Cluster API makes nodes anywhere, and the type has the GPUs that it has."""
    assert type_problem("L4", 1, "", "g2-standard-8") is None
    assert type_problem("L4", 1, "", "g6.12xlarge") is not None


@pytest.mark.parametrize(
    ("gpu", "profile", "devices"),
    [
        ("A100-40", "1g.5gb", 7),
        ("A100-40", "1g.10gb", 4),
        ("H100-SXM", "1g.10gb", 7),
        ("H100-SXM", "1g.20gb", 4),
        ("H100-SXM", "2g.20gb", 3),
        ("H100-SXM", "3g.40gb", 2),
        ("H100-SXM", "4g.40gb", 1),
        ("H100-SXM", "7g.80gb", 1),
        ("B200", "1g.23gb", 7),
        ("A100-80-PCIe", "1g.10gb", 7),
        ("A100-80", "1g.20gb", 4),
        ("A30", "1g.6gb", 4),
        ("A30", "2g.12gb", 2),
        ("H100-NVL", "1g.12gb", 7),
        ("H100-NVL", "1g.24gb", 4),
        ("H200", "1g.18gb", 7),
        ("H200", "2g.35gb", 3),
        ("B200", "3g.90gb", 2),
    ],
)
def test_the_devices_of_a_profile_are_nvidias(gpu: str, profile: str, devices: int) -> None:
    """As in the tables of NVIDIA's MIG user guide."""
    assert devices == mig_devices(gpu, profile)
