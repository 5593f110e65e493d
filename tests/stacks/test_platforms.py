"""Which keys belong to which platform, and what its pools can be."""

from pathlib import Path
from typing import Any

import pytest

from stacks.platform import Cloud, Platform
from tests.stacks.stack import found, problems, stack, with_cluster

ARN = "arn:aws:iam::123456789012:role/gpu-nodes"
AZURE_SUBNET = "/subscriptions/s/resourceGroups/ml/providers/Microsoft.Network/virtualNetworks/v/subnets/gpus"
TEMPLATE = {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "AWSMachineTemplate", "name": "l4"}
MACHINES = {"machines": {"infrastructure": TEMPLATE, "bootstrap": {**TEMPLATE, "kind": "KubeadmConfigTemplate"}}}
CLUSTERS: dict[str, dict[str, Any]] = {
    "existing": {},
    "karpenter": {},
    "kapsule": {},
    "gke": {"clusterName": "prod", "location": "europe-west4"},
    "eks": {"clusterName": "prod", "nodeRole": ARN, "subnets": ["subnet-0123456789abcdef0"]},
    "aks": {"clusterName": "prod", "resourceGroup": "ml"},
    "cluster-api": {"clusterName": "prod"},
}


def on(platform: str, cluster: dict[str, Any] | None = None, **pool: object) -> dict[str, Any]:
    """Return a stack on a platform with these keys in its cluster and its pool; None takes a key away."""
    values = stack()
    keys = {"platform": platform, **CLUSTERS[platform], **(cluster or {})}
    values["cluster"] |= {key: value for key, value in keys.items() if value is not None}
    values["nodePools"][0] |= {**(MACHINES if platform == "cluster-api" else {}), **pool}
    return values


@pytest.mark.parametrize("platform", CLUSTERS)
def test_each_platform_is_content_with_the_keys_it_needs(platform: str) -> None:
    """The smallest stack of each platform is valid."""
    assert {} == problems(on(platform))


@pytest.mark.parametrize(
    "values",
    [
        on("karpenter", {"cloud": "azure"}, spot=True, zones=["eastus-1"]),
        on("karpenter", {"cloud": "gcp", "serviceAccount": "gpus@prod.iam.gserviceaccount.com"}, diskGib=200),
        on("gke", {"project": "ml", "serviceAccount": "gpus@prod.iam.gserviceaccount.com"}, zones=["europe-west4-a"]),
        on("gke", gpu="A100-40", migProfile="1g.5gb", spot=True),
        on("gke", allocation="dra"),
        on("eks", allocation="dra", minNodes=1),
        on("aks", {"subnets": [AZURE_SUBNET]}, zones=["eastus-1", "eastus-2"], spot=True),
        on("cluster-api", {"kubernetesVersion": "v1.35.4", "managementContext": "mgmt"}, instanceType="g6.12xlarge"),
        on("cluster-api", {"managementNamespace": "clusters"}, vcpusPerNode=16, memoryGibPerNode=64),
        on("existing", allocation="dra"),
        on("eks", allocation="device-plugin", diskGib=4096),
    ],
)
def test_what_a_platform_can_do_passes(values: dict[str, Any]) -> None:
    """No key is refused where it is read."""
    assert {} == problems(values)


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        (on("existing", {"cloud": "aws"}), "cluster.cloud", "is only for the platform `karpenter`"),
        (on("gke", {"nodeRole": ARN}), "cluster.nodeRole", "is only for the platforms `karpenter on aws` and `eks`"),
        (on("karpenter", {"cloud": "gcp", "amiAlias": "al2023@latest"}), "cluster.amiAlias", "`karpenter on aws`"),
        (on("karpenter", {"amiAlias": "al2023@latest"}), "cluster.amiAlias", "means nothing without `nodeRole`"),
        (on("karpenter", {"cloud": "azure", "clusterName": "prod"}), "cluster.clusterName", "is only for"),
        (on("eks", {"location": "eu-west-3"}), "cluster.location", "is only for the platform `gke`"),
        (on("eks", {"resourceGroup": "ml"}), "cluster.resourceGroup", "is only for the platform `aks`"),
        (on("gke", {"subnets": ["subnet-0123456789abcdef0"]}), "cluster.subnets", "`eks` and `aks`"),
        (on("kapsule", {"managementContext": "mgmt"}), "cluster.managementContext", "`cluster-api`"),
        (on("gke", {"location": None}), "cluster.location", "is missing for the platform `gke`"),
        (on("gke", {"clusterName": None}), "cluster.clusterName", "is missing for the platform `gke`"),
        (on("eks", {"subnets": []}), "cluster.subnets", "is missing for the platform `eks`"),
        (on("eks", {"nodeRole": None}), "cluster.nodeRole", "is missing for the platform `eks`"),
        (on("aks", {"resourceGroup": None}), "cluster.resourceGroup", "is missing for the platform `aks`"),
        (on("cluster-api", {"clusterName": None}), "cluster.clusterName", "is missing for the platform `cluster-api`"),
        (on("eks", {"nodeRole": "gpu-nodes"}), "cluster.nodeRole", "is a name, and EKS takes an ARN"),
        (
            on("karpenter", {"nodeRole": ARN, "clusterName": "prod"}),
            "cluster.nodeRole",
            "is an ARN, and Karpenter takes a name",
        ),
        (on("eks", {"subnets": [AZURE_SUBNET]}), "cluster.subnets", "holds a subnet of another cloud"),
        (on("aks", {"subnets": ["subnet-0123456789abcdef0"]}), "cluster.subnets", "a subnet of another cloud"),
        (on("aks", {"subnets": [AZURE_SUBNET, AZURE_SUBNET]}), "cluster.subnets", "has more than one subnet"),
    ],
)
def test_a_key_of_the_cluster_that_does_not_belong_is_told(values: dict[str, Any], path: str, message: str) -> None:
    """A swallowed key would be found out when the nodes do not come."""
    (problem,) = found(values)

    assert f"slipway:{path}" == problem.path
    assert message in problem.message
    assert problem.help


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        (on("existing", memoryGibPerNode=64), "memoryGibPerNode", "means nothing for nodes that exist already"),
        (on("karpenter", {"cloud": "azure"}, minNodes=1), "minNodes", "Karpenter keeps no minimum of nodes"),
        (on("karpenter", migProfile="1g.10gb", gpu="H100"), "migProfile", "no node for a part of a GPU"),
        (on("karpenter", allocation="dra"), "allocation", "asks for claims"),
        (on("eks", zones=["eu-west-3a"]), "zones", "is decided by `slipway:cluster.subnets`"),
        (on("aks", zones=["eastus"]), "zones", "holds what is no zone of Azure"),
        (on("aks", zones=["1"]), "zones", "holds what is no zone of Azure"),
        (on("karpenter", {"cloud": "azure"}, zones=["1"]), "zones", "holds what is no zone of Azure"),
        (on("karpenter", diskGib=300), "diskGib", "means nothing without `slipway:cluster.nodeRole`"),
        (on("kapsule", diskGib=300), "diskGib", "means nothing without `slipway:cluster.clusterId`"),
        (on("cluster-api", spot=True), "spot", "is decided by the infrastructure template"),
        (on("cluster-api", zones=["a", "b"]), "zones", "a MachineDeployment has one failure domain"),
        (on("cluster-api", machines=None), "machines", "is missing for the platform `cluster-api`"),
        (on("eks", **MACHINES), "machines", "is only for the platform `cluster-api`"),
        (on("gke", nodeSelector={"gpu": "l4"}), "nodeSelector", "is only for the platform `existing`"),
        (on("eks", migProfile="1g.10gb", gpu="H100"), "minNodes", "is 0 beside `migProfile`"),
        (on("aks", allocation="dra"), "minNodes", "is 0 beside `allocation`"),
        (on("aks", diskGib=4096), "diskGib", "is above 2048, the largest disk of a node on Azure"),
        (on("karpenter", {"cloud": "azure"}, diskGib=4096), "diskGib", "is above 2048"),
        (
            on("gke", gpu="A100-40", migProfile="1g.5gb", allocation="dra"),
            "allocation",
            "asks for claims, and GKE divides GPUs for its device plugin",
        ),
        (on("cluster-api", allocation="dra"), "minNodes", "is 0 beside `allocation`"),
    ],
)
def test_what_a_platform_cannot_do_is_told_at_the_pool(values: dict[str, Any], path: str, message: str) -> None:
    """Each wish that no node would ever answer has its place and its fix."""
    (problem,) = found(values)

    assert f"slipway:nodePools[0].{path}" == problem.path
    assert message in problem.message
    assert problem.help


def test_a_replica_on_mig_devices_takes_one_of_them() -> None:
    """Devices of one GPU talk to each other by no fast link, and vLLM refuses to share a model over them."""
    values = on("gke", gpu="A100-40", migProfile="1g.5gb")
    values["models"][0]["gpusPerReplica"] = 2

    assert {
        "slipway:models[0].gpusPerReplica": "is above 1 on a pool of MIG devices, which share no model"
    } == problems(values)


@pytest.mark.parametrize(("replicas", "nodes"), [(13, None), (14, 3)])
def test_mig_devices_are_counted_when_the_pool_is_measured(replicas: int, nodes: int | None) -> None:
    """Two nodes of one A100 each with seven slices hold fourteen servers."""
    values = on("gke", gpu="A100-40", gpusPerNode=1, migProfile="1g.5gb", maxNodes=2)
    values["models"][0]["replicas"] = {"min": replicas}
    told = [problem.help for problem in found(values)]

    assert ([f"set it to {nodes} or more"] if nodes else []) == told


def test_an_unknown_platform_is_told_once() -> None:
    """What follows from it is left out."""
    assert ["slipway:cluster.platform"] == list(problems(with_cluster(platform="openstack", location="here")))


def test_the_readme_has_a_row_for_each_platform_and_cloud() -> None:
    """A table that lags behind the settings would send people elsewhere."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.partition("## Where the GPUs come from")[2].splitlines() if "|" in line]

    assert [] == [
        name for name in (*Platform, *Cloud) if not any(f"`{name}`" in row or f" {name}`" in row for row in rows)
    ]
