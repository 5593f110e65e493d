"""The arguments that the platforms give, against the provider packages' own signatures where they are installed.

`make test-clouds` installs them beside the project and runs these; elsewhere each is skipped with its reason.
"""

import importlib
import importlib.util
import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.pools import aks, eks, gke
from tests.components.examples import pool_args
from tests.components.pools.making import make

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the packages warn of classes of their own
ZONES = ["a-1", "a-2"]
GKE = pool_args(
    platform="gke", cluster_name="c", location="l", project="p", service_account="s", zones=ZONES, spot=True,
    gpu="A100-40", mig_profile="1g.5gb", instance_types=["a2-highgpu-1g"],
)  # fmt: skip
EKS = pool_args(platform="eks", cluster_name="c", node_role="r", subnets=["s"], instance_types=["g6.2xlarge"])
AKS = pool_args(
    platform="aks", cluster_name="c", resource_group="g", subnets=["s"], zones=ZONES, spot=True,
    gpu="A100-40", mig_profile="1g.5gb", instance_types=["Standard_ND96asr_v4"],
)  # fmt: skip
KAPSULE_ARGUMENTS = (
    "cluster_id", "name", "node_type", "size", "min_size", "max_size", "autoscaling", "autohealing",
    "root_volume_size_in_gb", "tags", "wait_for_pool_ready", "zone",
)  # fmt: skip
GIVEN: dict[str, tuple[str, Mapping[str, Any]]] = {
    "pulumi_gcp.container.NodePool": ("pulumi_gcp.container", gke.arguments("l4", GKE)),
    "pulumi_aws.eks.NodeGroup": ("pulumi_aws.eks", eks.arguments("l4", EKS, {"id": "i", "version": "1"})),
    "pulumi_aws.ec2.LaunchTemplate": ("pulumi_aws.ec2", eks.template_arguments("l4", EKS)),
    "pulumi_azure_native.containerservice.AgentPool": (
        "pulumi_azure_native.containerservice",
        aks.arguments("l4", AKS),
    ),
    "pulumiverse_scaleway.kubernetes.Pool": ("pulumiverse_scaleway.kubernetes", dict.fromkeys(KAPSULE_ARGUMENTS, "")),
}
POOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "pulumi_gcp": ("NodePool", {**GKE}),
    "pulumi_aws": ("NodeGroup", {**EKS}),
    "pulumi_azure_native": ("AgentPool", {**AKS}),
    "pulumiverse_scaleway": ("Pool", {**pool_args(platform="kapsule", cluster_id="c", zones=["a"], max_nodes=2)}),
}


def installed(module: str) -> Any:
    """Return the module, or skip with the package that is missing."""
    package = module.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package.replace('_', '-')} is not installed: it is in requirements-optional.txt")
    return importlib.import_module(module)


def unknown(module: Any, known: Mapping[str, Any], given: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the paths of what is given and has no place, through the dictionaries inside."""
    for key, value in given.items():
        if key not in known:
            yield f"{path}{key}"
            continue
        inner = re.search(r"(\w+ArgsDict)", str(known[key]))
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping) and inner:
                yield from unknown(module, getattr(module, inner[1]).__annotations__, each, f"{path}{key}.")


@pytest.mark.parametrize("name", GIVEN)
def test_every_argument_has_a_place_in_the_real_package(name: str) -> None:
    """Also inside the dictionaries, where the SDK would drop a misspelt key without a word."""
    path, given = GIVEN[name]
    module = installed(path)
    resource = getattr(module, name.rpartition(".")[2])
    known = {key: each.annotation for key, each in inspect.signature(resource._internal_init).parameters.items()}  # noqa: SLF001 - the overloads' common form

    assert [] == list(unknown(module, known, given))


@pytest.mark.parametrize("package", POOLS)
def test_the_real_package_registers_the_pool(package: str) -> None:
    """Its own constructor takes the arguments and misses none that it requires."""
    kind, args = POOLS[package]
    installed(package)
    recording, _ = make(**args)

    assert [kind] == [each.type.rpartition(":")[2] for each in recording.resources if each.type.endswith(f":{kind}")]


def test_a_misspelt_key_is_found_at_any_depth() -> None:
    """The comparison itself can fail."""

    class InnerArgsDict(typing.TypedDict):
        """A dictionary of an SDK."""

        size: int

    class Module:
        """An SDK's module."""

    vars_of = Module()
    vars_of.InnerArgsDict = InnerArgsDict  # type: ignore[attr-defined]  # a stand-in
    known = {"disk": "Input['InnerArgsDict']", "name": "str"}

    assert ["disk.sise", "nmae"] == list(unknown(vars_of, known, {"disk": {"sise": 1}, "nmae": "x"}))
