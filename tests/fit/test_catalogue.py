"""The catalogue of GPUs and instance types."""

import pytest

from validation.fit.catalogue import (
    GIB,
    MIB,
    UnknownGpu,
    UnknownMigProfile,
    find_gpu,
    find_instances,
    gpus_per_node,
    load_gpus,
    load_instances,
)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("H100", "H100-SXM"),
        ("H100-SXM", "H100-SXM"),
        ("H100 80GB", "H100-SXM"),
        ("H100-80G", "H100-SXM"),
        ("nvidia-h100-80gb", "H100-SXM"),
        ("NVIDIA-H100-80GB-HBM3", "H100-SXM"),
        ("NVIDIA-H100-PCIe", "H100-PCIe"),
        ("nvidia-tesla-a100", "A100-40"),
        ("A100-80GB", "A100-80"),
        ("NVIDIA-A100-80GB-PCIe", "A100-80-PCIe"),
        ("l40s", "L40S"),
        ("L4 24GB", "L4"),
        ("A10G 24GB", "A10G"),
        ("Tesla-T4", "T4"),
        ("AMD Instinct MI300X", "MI300X"),
        ("RTX PRO 6000", "RTX-PRO-6000-BSE"),
    ],
)
def test_a_gpu_is_found_by_every_common_spelling(spelling: str, name: str) -> None:
    """Names of clouds, product labels and what people type lead to one entry."""
    assert name == find_gpu(spelling).name


def test_every_product_label_leads_back_to_its_gpu() -> None:
    """The label that GPU feature discovery writes on a node names exactly one GPU."""
    assert [] == [gpu.name for gpu in load_gpus().values() if gpu.product_label and find_gpu(gpu.product_label) != gpu]


def test_memory_is_what_the_driver_shows_and_cuda_reports_less() -> None:
    """An H100 of "80 GB" shows 81559 MiB, of which CUDA reports 79.18 GiB."""
    gpu = find_gpu("H100")
    assert 81559 * MIB == gpu.memory
    assert pytest.approx(79.18, abs=0.01) == gpu.usable / GIB
    assert 90 == gpu.compute_capability


def test_an_unknown_gpu_names_the_nearest() -> None:
    """A typing error is answered with the name that was meant."""
    with pytest.raises(UnknownGpu, match="did you mean `L40S`"):
        find_gpu("L40X")


def test_a_mig_profile_narrows_the_memory() -> None:
    """A slice has its own memory and keeps the GPU's capability."""
    gpu = find_gpu("H100", "3g.40gb")
    assert 40448 * MIB == gpu.memory
    assert ("3g.40gb", 90) == (gpu.mig_profile, gpu.compute_capability)
    assert find_gpu("H100/3g.40gb") == gpu


def test_an_unknown_mig_profile_is_refused() -> None:
    """A profile that the GPU does not have is told those that it has; an L4 has none."""
    with pytest.raises(UnknownMigProfile, match=r"H100-SXM has no MIG profile `1g\.5gb` that is known; there are 1g"):
        find_gpu("H100", "1g.5gb")
    with pytest.raises(UnknownMigProfile, match=r"L4 has no MIG profile `1g\.5gb` that is known$"):
        find_gpu("L4", "1g.5gb")


def test_instances_come_cheapest_first_and_unpriced_last() -> None:
    """Of the types with eight H100 the one without a published price stands last."""
    types = find_instances("H100-SXM", gpus=8)
    assert "p5.48xlarge" == types[0].type
    assert types[-1].price is None


def test_instances_of_one_provider_and_count() -> None:
    """A provider and a count narrow the list to what a node pool can use."""
    assert ["L4-2-24G"] == [instance.type for instance in find_instances("L4", gpus=2, provider="scaleway")]


def test_every_price_has_its_date_and_source() -> None:
    """A price without a date or a source is not shown, so none is in the table."""
    prices = [instance.price for instance in load_instances() if instance.price]
    assert prices
    assert all(price.date and price.source and price.currency for price in prices)


def test_every_instance_has_a_gpu_of_the_catalogue() -> None:
    """The two tables share their names."""
    assert {instance.gpu for instance in load_instances()} <= set(load_gpus())


def test_a_node_holds_as_many_gpus_as_its_largest_type() -> None:
    """L40S nodes go up to eight GPUs; a GPU that no type lists counts as eight."""
    assert (8, 8) == (gpus_per_node("L40S"), gpus_per_node("RTX-4090"))
