"""From a stack's node pools to what their platforms are told."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.pools.pool import GpuNodePoolArgs
from deployment.pools import Load, all_pools, node_load, pool
from stacks.model import Model
from stacks.reader import read_config
from stacks.settings import Settings
from tests.rules.build import CHAT, CHATS
from tests.stacks.test_platforms import on
from validation.facts import File
from validation.fit.catalogue import GIB, find_instances
from validation.report import ModelSummary, Report


def settings(platform: str, cluster: dict[str, Any] | None = None, **keys: Any) -> Settings:
    """Return a stack on a platform with one L4 a node, and these keys in its pool."""
    return read_config(on(platform, cluster, **{"gpusPerNode": 1, "maxNodes": 2, **keys}))


def report(name: str = "granite", size: int = 4096) -> Report:
    """Return the report of a model with so many bytes of weights."""
    weights = File(path="model.safetensors", size=size, sha256="2" * 64)
    facts = replace(CHAT, files=(weights,))
    return Report(
        name=name,
        source=facts.source,
        revision="main",
        commit=facts.commit,
        facts=facts,
        model=ModelSummary(),
        prediction=CHATS,
    )


def told(found: Settings, *checked: tuple[Model, Report]) -> GpuNodePoolArgs:
    """Return what the platform is told of the only pool."""
    return pool(found, found.node_pools[0], checked or [(model, report()) for model in found.models])


@pytest.mark.parametrize(
    ("platform", "cluster", "types"),
    [
        ("eks", {}, ["g6.2xlarge"]),
        ("gke", {}, ["g2-standard-8"]),
        ("kapsule", {}, ["L4-1-24G"]),
        ("karpenter", {"cloud": "gcp"}, ["g2-standard-8"]),
        ("existing", {}, []),
        ("cluster-api", {}, []),
    ],
)
def test_the_cheapest_type_that_holds_its_servers_comes_first(
    platform: str, cluster: dict[str, Any], types: list[str]
) -> None:
    """A server of one GPU takes six vCPUs: the cheapest L4 of Amazon and Google, with four, would hold none."""
    assert types == told(settings(platform, cluster))["instance_types"][: len(types) or None]


def test_a_stated_type_is_taken_as_it_is() -> None:
    """The stack may know better."""
    assert ["g6.xlarge"] == told(settings("eks", instanceType="g6.xlarge"))["instance_types"]


def test_karpenter_is_told_every_type_that_would_do() -> None:
    """It takes what can be had, the cheapest first."""
    types = told(settings("karpenter"))["instance_types"]

    assert "g6.2xlarge" == types[0]
    assert {"g6.4xlarge", "g6.16xlarge"} <= set(types)
    assert "g6.xlarge" not in types


def test_where_no_type_is_large_enough_the_largest_is_taken() -> None:
    """Sixteen servers would keep 96 vCPUs busy and leave the node none; fifteen run there."""
    found = settings("gke", gpu="A100-40", gpusPerNode=16)

    assert ["a2-megagpu-16g"] == told(found)["instance_types"]


@pytest.mark.parametrize(
    ("keys", "disk"),
    [
        ({}, 140),
        ({"gpusPerNode": 4}, 200),
        ({"gpu": "A100-40", "migProfile": "1g.5gb"}, 260),
        ({"diskGib": 500}, 500),
    ],
)
def test_the_disk_holds_the_servers_of_a_full_node(keys: dict[str, Any], disk: int) -> None:
    """One, four, or the seven of a divided GPU; a stated size wins."""
    assert disk == told(settings("gke", **keys))["disk_gib"]


def test_the_disk_holds_the_weights_that_nodes_keep() -> None:
    """A hundred GiB twice while an update runs, and a tenth more."""
    found = settings("gke")
    on_node = found.models[0].model_copy(update={"weights": found.models[0].weights.model_validate({"store": "node"})})
    checked = [(on_node, report(size=100 * GIB)), (found.models[1], report("tiny"))]

    assert 400 == told(found, *checked)["disk_gib"]


def test_a_full_node_is_measured_by_its_most_demanding_model() -> None:
    """Four servers of one GPU take more vCPUs than one of four."""
    found = settings("gke", gpusPerNode=4)
    wide = found.models[0].model_copy(update={"gpus_per_replica": 4})

    assert Load(servers=4, cpus=24, memory=4 * 11 * GIB) == node_load(4, [(found.models[1], report())])
    assert Load(servers=1, cpus=12, memory=28 * GIB) == node_load(4, [(wide, report())])
    assert Load(servers=4, cpus=24, memory=4 * 11 * GIB) == node_load(
        4, [(wide, report()), (found.models[1], report())]
    )


@pytest.mark.parametrize(("gpu", "provider"), [("L4", "aws"), ("L4", "gcp"), ("T4", "azure"), ("L4", "scaleway")])
def test_every_cloud_has_a_type_for_one_server(gpu: str, provider: str) -> None:
    """With room for what the node needs itself."""
    load = node_load(1, [(settings("gke").models[1], report())])

    assert any(load.fits(instance) for instance in find_instances(gpu, 1, provider))


def test_cluster_api_is_told_what_a_node_of_the_stated_type_has() -> None:
    """So that the autoscaler knows it before there is one; what the stack states wins."""
    found = told(settings("cluster-api", instanceType="g6.12xlarge", gpusPerNode=4, memoryGibPerNode=180))

    assert (48, 180) == (found["cpus"], found["memory_gib"])
    assert {
        "api_group": "infrastructure.cluster.x-k8s.io",
        "kind": "AWSMachineTemplate",
        "name": "l4",
    } == found["infrastructure"]


def test_mig_devices_of_a_gpu_are_counted() -> None:
    """By the profile's slices."""
    found = told(settings("cluster-api", gpu="A100-40", migProfile="1g.5gb"))

    assert ("1g.5gb", 7) == (found["mig_profile"], found["mig_devices"])


def test_the_platforms_keys_arrive() -> None:
    """Each under the component's own name."""
    cluster = {
        "clusterName": "prod",
        "location": "europe-west4",
        "project": "ml",
        "serviceAccount": "gpus@prod.iam.gserviceaccount.com",
    }
    found = told(settings("gke", cluster, allocation="dra"))

    assert ("prod", "europe-west4", "ml", "gpus@prod.iam.gserviceaccount.com", "dra") == (
        found["cluster_name"],
        found["location"],
        found["project"],
        found["service_account"],
        found["allocation"],
    )
    assert "cloud" not in found


@pytest.mark.parametrize(
    ("platform", "keys", "message"),
    [
        (
            "kapsule",
            {"gpu": "T4"},
            "pool `l4`: no instance type of scaleway that is known has T4; choose gpu H100",
        ),
        ("eks", {"gpusPerNode": 2}, "has 2 x L4; there are 1, 4 or 8; set gpusPerNode to 1, 4 or 8"),
        ("existing", {"gpu": "L40X"}, "is not in the catalogue, did you mean `L40S`"),
        ("gke", {"migProfile": "1g.5gb"}, "L4 has no MIG profile `1g.5gb` that is known"),
    ],
)
def test_a_pool_without_models_is_told_too(platform: str, keys: dict[str, Any], message: str) -> None:
    """No rule looks at it, and it would still be made."""
    found = settings(platform, **keys)

    with pytest.raises(pulumi.RunError, match=message):
        all_pools(found, [], [])


def test_a_pool_whose_model_was_told_already_is_left_out() -> None:
    """The finding stands under the model, and the rest of the plan still shows."""
    found = settings("kapsule", gpu="T4")
    checked = [(model, report(model.name)) for model in found.models]

    assert {} == all_pools(found, checked, ["granite"])
    assert ["l4"] == list(all_pools(settings("kapsule"), checked, ["granite"]))
