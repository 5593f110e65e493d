"""GpuNodePool: one interface over every platform."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pulumi
import pytest

from tests.components.pools.making import TOLERATION, make
from tests.components.recording import Recording


def test_existing_nodes_are_found_by_their_product() -> None:
    """GPU feature discovery labels every node; nothing is made."""
    recording, outputs = make()

    assert ["slipway:index:GpuNodePool"] == [each.type for each in recording.resources]
    assert {
        "node_selector": {"nvidia.com/gpu.product": "NVIDIA-L4"},
        "tolerations": [TOLERATION],
        "gpu_resource": "nvidia.com/gpu",
        "device_class": "",
        "device_selectors": [],
        "zones": [],
    } == outputs


def test_stated_labels_win_over_the_product() -> None:
    """A cluster without feature discovery has labels of its own."""
    _, outputs = make(node_selector={"pool": "gpus"}, zones=["fr-par-1"])

    assert {"pool": "gpus", "topology.kubernetes.io/zone": "fr-par-1"} == outputs["node_selector"]


def test_existing_nodes_without_any_label_are_refused() -> None:
    """A server on any node at all would wait for a GPU for ever."""
    with pytest.raises(pulumi.RunError, match="set `nodeSelector` to its nodes' labels"):
        make(gpu_product_label="")


def test_a_mig_profile_names_its_own_resource() -> None:
    """Pods ask for the slice, not for a whole GPU."""
    assert "nvidia.com/mig-1g.10gb" == make(mig_profile="1g.10gb")[1]["gpu_resource"]


def test_an_unknown_platform_is_refused_with_the_known_ones() -> None:
    """The message is the help."""
    with pytest.raises(pulumi.RunError, match="choose aks, cluster-api, eks, existing, gke, kapsule, karpenter"):
        make(platform="openstack")


def karpenter(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return a Karpenter pool."""
    return make(platform="karpenter", node_role="nodes", cluster_name="prod", **changes)


def test_karpenter_makes_tainted_nodes_within_limits() -> None:
    """Only GPU pods land there, and no more GPUs are rented than stated."""
    recording, outputs = karpenter(gpus_per_node=4, max_nodes=3, zones=["eu-west-3a"], spot=True, disk_gib=300)
    pool = recording.one("NodePool")["spec"]

    assert {"nvidia.com/gpu": "12"} == pool["limits"]
    assert [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}] == pool["template"]["spec"]["taints"]
    assert {
        "kubernetes.io/arch": ["amd64"],
        "kubernetes.io/os": ["linux"],
        "karpenter.sh/capacity-type": ["spot", "on-demand"],
        "karpenter.k8s.aws/instance-gpu-name": ["l4"],
        "karpenter.k8s.aws/instance-gpu-count": ["4"],
        "topology.kubernetes.io/zone": ["eu-west-3a"],
    } == {each["key"]: each["values"] for each in pool["template"]["spec"]["requirements"]}
    assert {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "10m"} == pool["disruption"]
    assert "Never" == pool["template"]["spec"]["expireAfter"]
    assert {"karpenter.sh/nodepool": "l4"} == outputs["node_selector"]
    assert ["eu-west-3a"] == outputs["zones"]


def test_karpenters_node_class_is_encrypted_and_hides_its_metadata() -> None:
    """The disk holds the cache, and pods get no credentials of the node."""
    recording, _ = karpenter(disk_gib=300)
    found = recording.one("EC2NodeClass")

    assert "karpenter.k8s.aws/v1" == found["apiVersion"]
    assert {
        "role": "nodes",
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "prod"}}],
        "securityGroupSelectorTerms": [{"tags": {"karpenter.sh/discovery": "prod"}}],
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {"volumeSize": "300Gi", "volumeType": "gp3", "encrypted": True, "deleteOnTermination": True},
            }
        ],
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
    } == found["spec"]


def test_karpenter_takes_stated_instance_types_instead_of_the_gpu() -> None:
    """The stack may know better."""
    recording, _ = karpenter(instance_types=["g6.xlarge", "g6.2xlarge"])
    keys = {
        each["key"]: each["values"] for each in recording.one("NodePool")["spec"]["template"]["spec"]["requirements"]
    }

    assert ["g6.xlarge", "g6.2xlarge"] == keys["node.kubernetes.io/instance-type"]
    assert "karpenter.k8s.aws/instance-gpu-name" not in keys


def test_two_sizes_of_one_gpu_are_told_apart_by_memory() -> None:
    """EC2 calls both A100s by one name."""
    recording, _ = karpenter(gpu="A100-80", gpus_per_node=8)
    keys = {
        each["key"]: each["values"] for each in recording.one("NodePool")["spec"]["template"]["spec"]["requirements"]
    }

    assert (["a100"], ["81920"]) == (
        keys["karpenter.k8s.aws/instance-gpu-name"],
        keys["karpenter.k8s.aws/instance-gpu-memory"],
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"node_role": "r", "cluster_name": "c", "min_nodes": 1}, "set `minNodes` to 0"),
        ({"cluster_name": "c"}, "needs `nodeRole`"),
        ({"node_role": "r"}, "and `clusterName`"),
    ],
)
def test_karpenter_refuses_what_it_cannot_do(changes: dict[str, Any], message: str) -> None:
    """Before anything is made."""
    with pytest.raises(pulumi.RunError, match=message):
        make(platform="karpenter", **changes)


def test_karpenter_takes_the_class_of_the_cluster_when_none_is_described() -> None:
    """Without role and cluster there is only the NodePool."""
    recording, _ = make(platform="karpenter")
    template = recording.one("NodePool")["spec"]["template"]["spec"]

    assert [] == recording.kinds("EC2NodeClass")
    assert {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"} == template["nodeClassRef"]


def test_kapsule_takes_the_nodes_that_are_there_when_no_cluster_is_named() -> None:
    """By the instance type that every node says, and without any package."""
    _, outputs = make(platform="kapsule")

    assert {"node.kubernetes.io/instance-type": "L4-1-24G"} == outputs["node_selector"]


@pytest.fixture
def scaleway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the provider package with a resource of its type token."""

    class Pool(pulumi.CustomResource):
        def __init__(self, resource_name: str, opts: pulumi.ResourceOptions, **inputs: Any) -> None:
            super().__init__("scaleway:kubernetes/pool:Pool", resource_name, inputs, opts)

    package = ModuleType("pulumiverse_scaleway")
    package.kubernetes = SimpleNamespace(Pool=Pool)  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "pulumiverse_scaleway", package)


@pytest.mark.usefixtures("scaleway")
def test_kapsule_labels_and_taints_its_nodes_by_tags() -> None:
    """The cloud controller turns the tags into what pods select and tolerate."""
    recording, outputs = make(platform="kapsule", cluster_id="fr-par/1", min_nodes=0, max_nodes=3, zones=["fr-par-2"])
    pool = recording.one("Pool")

    assert {
        "cluster_id": "fr-par/1",
        "name": "l4",
        "node_type": "L4-1-24G",
        "size": 1,
        "min_size": 0,
        "max_size": 3,
        "autoscaling": True,
        "autohealing": True,
        "root_volume_size_in_gb": 150,
        "tags": ["noprefix=slipway/pool=l4", "taint=noprefix=nvidia.com/gpu=present:NoSchedule"],
        "wait_for_pool_ready": False,
        "zone": "fr-par-2",
    } == pool
    assert {"slipway/pool": "l4"} == outputs["node_selector"]


@pytest.mark.usefixtures("scaleway")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cluster_id": "c", "spot": True}, "set `spot` to false"),
        ({"cluster_id": "c", "zones": ["a", "b"]}, "a pool for each of `zones`"),
        ({"cluster_id": "c", "gpu": "T4"}, "no Kapsule type is known with 1 x T4; set `instanceType`"),
    ],
)
def test_kapsule_refuses_what_it_cannot_do(changes: dict[str, Any], message: str) -> None:
    """Before anything is made."""
    with pytest.raises(pulumi.RunError, match=message):
        make(platform="kapsule", **changes)


def test_kapsule_without_its_package_says_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is imported only where it is used."""
    monkeypatch.setitem(sys.modules, "pulumiverse_scaleway", None)

    with pytest.raises(pulumi.RunError, match="platform `kapsule` needs the package pulumiverse-scaleway"):
        make(platform="kapsule", cluster_id="fr-par/1")
