"""The API server takes what each platform renders, and the scheduler puts servers on its nodes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, accepted, config, ready
from tests.cluster.control_plane import ControlPlane, until
from tests.cluster.inventory import nothing_left, settled
from tests.cluster.nodes import GPU_TAINT, PRODUCT, karpenter_nodes, node
from tests.components.pools.making import make, stand_ins
from tests.components.pools.test_clouds import ARGUMENTS

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
GROUP = "infrastructure.cluster.x-k8s.io"
MACHINES = {
    "infrastructure": {"apiGroup": GROUP, "kind": "AWSMachineTemplate", "name": "gpu-l4"},
    "bootstrap": {"apiGroup": "bootstrap.cluster.x-k8s.io", "kind": "KubeadmConfigTemplate", "name": "gpu"},
}
CAPI = {"platform": "cluster-api", "clusterName": "prod", "kubernetesVersion": "v1.35.4"}
PLATFORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "aws": ({"platform": "karpenter", "nodeRole": "nodes", "clusterName": "prod"}, {"zones": ["eu-west-3a"]}),
    "azure": ({"platform": "karpenter", "cloud": "azure"}, {"gpu": "T4", "spot": True}),
    "gcp": (
        {"platform": "karpenter", "cloud": "gcp", "serviceAccount": "gpus@prod.iam.gserviceaccount.com"},
        {"gpu": "H200", "gpusPerNode": 8},
    ),
    "cluster-api": (CAPI, {"machines": MACHINES, "instanceType": "g6.2xlarge", "zones": ["eu-west-3a"]}),
}
SPOT_OF_AZURE = {"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}
CLOUDS: dict[str, dict[str, Any]] = {
    "gke": {**ARGUMENTS["gke"]},
    "eks": {**ARGUMENTS["eks"]},
    "aks": {**ARGUMENTS["aks"], "spot": True},
    "kapsule": {"cluster_id": "fr-par/1"},
}
# What the clouds say of their own nodes, beside what a pool asks for: labels and taints.
OWN: dict[str, tuple[dict[str, str], list[dict[str, str]]]] = {
    "gke": (
        {"cloud.google.com/gke-nodepool": "l4", "cloud.google.com/gke-accelerator": "nvidia-l4"},
        [GPU_TAINT],
    ),
    "eks": ({"eks.amazonaws.com/nodegroup": "l4"}, [GPU_TAINT]),
    "aks": (
        {"kubernetes.azure.com/agentpool": "l4", "agentpool": "l4"},
        [{"key": "sku", "value": "gpu", "effect": "NoSchedule"}, SPOT_OF_AZURE],
    ),
    "kapsule": ({"slipway/pool": "l4"}, [GPU_TAINT]),
}
KINDS = {"NodePool", "EC2NodeClass", "AKSNodeClass", "GCENodeClass", "MachineDeployment"}


def stack(cluster: Mapping[str, Any], pool: Mapping[str, Any], **model: Any) -> dict[str, Any]:
    """Return a stack of one small model with these keys of its cluster and pool."""
    found = config(tiny={"pool": "gpus", **model})
    found["cluster"] |= {"storageClass": "manual", **cluster}
    found["nodePools"] = [{"name": "gpus", "gpu": "L4", "maxNodes": 2, **pool}]
    return found


@pytest.mark.admission
@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_makes_the_nodes_is_accepted_and_stays_as_it_is(
    platform: str, cluster: ControlPlane, render: Render
) -> None:
    """Without one unknown field; a second apply changes nothing."""
    made = [each for each in render(stack(*PLATFORMS[platform])).objects if each["kind"] in KINDS]
    with nothing_left(cluster):
        assert [] == accepted(cluster.apply(made))
        before = settled(cluster, made)
        accepted(cluster.apply(made))

        assert before == settled(cluster, made)
        assert len(made) == (1 if platform == "cluster-api" else 2)
        cluster.kubectl("delete", "machinedeployments", "--all", "-n", "default", "--ignore-not-found")


@pytest.mark.parametrize("platform", ["aws", "azure", "gcp"])
def test_servers_run_on_the_nodes_that_karpenter_would_make(
    platform: str, cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Of the first instance type, whose vCPUs and memory hold a server beside what the node needs."""
    rendering = render(stack(*PLATFORMS[platform]))
    accepted(cluster.apply(karpenter_nodes(rendering.objects, {"gpus": 1})))
    deploy(rendering)
    ready(cluster, "tiny", 1)

    assert ["karpenter-gpus-0"] == nodes_of(cluster, "tiny")


def test_servers_run_on_the_machines_of_cluster_api(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Nodes have the label that a MachineDeployment hands on, and the taint of the bootstrap template."""
    rendering = render(stack(*PLATFORMS["cluster-api"]))
    (made,) = rendering.of_kind("MachineDeployment")
    labels = made["spec"]["template"]["metadata"]["labels"]
    accepted(cluster.apply([node("machine-0", labels, 1)]))
    deploy(rendering)
    ready(cluster, "tiny", 1)

    assert ["machine-0"] == nodes_of(cluster, "tiny")
    cluster.kubectl("delete", "machinedeployments", "--all", "-n", "default")


@pytest.mark.parametrize("platform", CLOUDS)
def test_pods_reach_the_nodes_of_each_cloud(
    platform: str, cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the labels and taints that the cloud puts on them, and those that the pool asks it for."""
    stand_ins(monkeypatch)
    _, pool = make(platform=platform, **CLOUDS[platform])
    labels, taints = OWN[platform]
    with nothing_left(cluster):
        accepted(cluster.apply([node("cloud-0", labels, 1, taints=taints), node("cloud-1", {}, 1, taints=taints)]))
        accepted(cluster.apply([_pod(pool)]))
        until("the pod is on no node", lambda: cluster.get("pod", "asks")["spec"].get("nodeName"))

        assert "cloud-0" == cluster.get("pod", "asks")["spec"]["nodeName"]
        cluster.kubectl("delete", "pod", "asks", "--force", "--grace-period=0")


def _pod(pool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a pod that asks for a GPU of a pool as a server does."""
    amounts = {pool["gpu_resource"]: "1"}
    container = {"name": "asks", "image": "example.com/asks", "resources": {"limits": amounts, "requests": amounts}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "asks", "namespace": "default"},
        "spec": {
            "nodeSelector": pool["node_selector"],
            "tolerations": pool["tolerations"],
            "containers": [container],
        },
    }


def test_claimed_gpus_are_of_the_product_and_no_server_gets_anothers(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Two servers claim the two L4 of a node, none of its T4, and a third waits."""
    accepted(cluster.apply([*_driver(), node("dra-0", {PRODUCT: "NVIDIA-L4"}), _slice("dra-0")]))
    deploy(render(stack({"platform": "existing"}, {"gpusPerNode": 2, "allocation": "dra"}, replicas={"min": 2})))
    ready(cluster, "tiny", 2)

    assert ["dra-0", "dra-0"] == nodes_of(cluster, "tiny")
    assert ["gpu-0", "gpu-1"] == devices(cluster)

    cluster.kubectl("scale", "deployment", "tiny", "--replicas=3", "-n", NAMESPACE)
    until("no server waits", lambda: "cannot allocate all claims" in _waiting(cluster))


def nodes_of(cluster: ControlPlane, model: str) -> list[str]:
    """Return the nodes that a model's servers run on."""
    labels = f"app.kubernetes.io/instance={model},app.kubernetes.io/component=server"
    pods = cluster.get("pods", "-n", NAMESPACE, "-l", labels)["items"]
    return sorted(each["spec"]["nodeName"] for each in pods)


def devices(cluster: ControlPlane) -> list[str]:
    """Return the devices that are allocated to claims."""
    claims = cluster.get("resourceclaims", "-n", NAMESPACE)["items"]
    results = [each["status"]["allocation"]["devices"]["results"] for each in claims]
    return sorted(result["device"] for each in results for result in each)


def _waiting(cluster: ControlPlane) -> str:
    pods = cluster.get("pods", "-n", NAMESPACE, "--field-selector=status.phase=Pending")["items"]
    return " ".join(condition.get("message", "") for each in pods for condition in each["status"].get("conditions", []))


def _driver() -> list[Mapping[str, Any]]:
    """Return the class of devices that NVIDIA's DRA driver brings."""
    expression = 'device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "gpu"'
    return [
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "DeviceClass",
            "metadata": {"name": "gpu.nvidia.com"},
            "spec": {"selectors": [{"cel": {"expression": expression}}]},
        }
    ]


def _slice(name: str) -> Mapping[str, Any]:
    """Return what the driver says of a node with two L4 and a T4."""
    products = ["NVIDIA L4", "NVIDIA L4", "Tesla T4"]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": f"{name}-gpus"},
        "spec": {
            "driver": "gpu.nvidia.com",
            "nodeName": name,
            "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
            "devices": [
                {
                    "name": f"gpu-{number}",
                    "attributes": {"type": {"string": "gpu"}, "productName": {"string": product}},
                }
                for number, product in enumerate(products)
            ],
        },
    }
