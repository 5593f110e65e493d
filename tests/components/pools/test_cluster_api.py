"""Cluster API: a MachineDeployment that the cluster autoscaler sizes."""

from typing import Any

import pulumi
import pytest

from tests.components.pools.making import TOLERATION, make
from tests.components.recording import Recording

INFRASTRUCTURE = {"api_group": "infrastructure.cluster.x-k8s.io", "kind": "AWSMachineTemplate", "name": "gpu-l4"}
BOOTSTRAP = {"api_group": "bootstrap.cluster.x-k8s.io", "kind": "KubeadmConfigTemplate", "name": "gpu"}
CAPACITY = "capacity.cluster-autoscaler.kubernetes.io"


def machines(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return a pool of Cluster API."""
    whole = {"cluster_name": "prod", "infrastructure": INFRASTRUCTURE, "bootstrap": BOOTSTRAP, **changes}
    return make(platform="cluster-api", **{key: value for key, value in whole.items() if value is not None})


def annotations(recording: Recording) -> dict[str, str]:
    """Return the annotations of the only MachineDeployment."""
    found: dict[str, str] = recording.one("MachineDeployment")["metadata"]["annotations"]
    return found


def test_the_machines_come_from_the_named_templates() -> None:
    """What a node is, the templates say; which nodes are the pool's, a label that Cluster API hands on."""
    recording, outputs = machines(max_nodes=3, kubernetes_version="v1.35.4", zones=["eu-west-3a"], namespace="clusters")
    made = recording.one("MachineDeployment")
    labels = {"node.cluster.x-k8s.io/slipway-pool": "l4", "cluster.x-k8s.io/cluster-name": "prod"}

    assert ("cluster.x-k8s.io/v1beta2", "clusters") == (made["apiVersion"], made["metadata"]["namespace"])
    assert {
        "clusterName": "prod",
        "selector": {"matchLabels": labels},
        "rollout": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "clusterName": "prod",
                "version": "v1.35.4",
                "failureDomain": "eu-west-3a",
                "bootstrap": {
                    "configRef": {
                        "apiGroup": "bootstrap.cluster.x-k8s.io",
                        "kind": "KubeadmConfigTemplate",
                        "name": "gpu",
                    }
                },
                "infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io",
                    "kind": "AWSMachineTemplate",
                    "name": "gpu-l4",
                },
            },
        },
    } == made["spec"]
    assert {"node.cluster.x-k8s.io/slipway-pool": "l4"} == outputs["node_selector"]
    assert [TOLERATION] == outputs["tolerations"]


def test_the_autoscaler_knows_a_node_that_is_not_there_yet() -> None:
    """Without these it would never make the first node for a GPU; so no number of replicas is set either."""
    recording, _ = machines(max_nodes=3, gpus_per_node=4, cpus=48, memory_gib=192, disk_gib=200)

    assert {
        "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size": "0",
        "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "3",
        f"{CAPACITY}/cpu": "48",
        f"{CAPACITY}/memory": "192Gi",
        f"{CAPACITY}/gpu-type": "nvidia.com/gpu",
        f"{CAPACITY}/gpu-count": "4",
        f"{CAPACITY}/ephemeral-disk": "200Gi",
        f"{CAPACITY}/labels": "node.cluster.x-k8s.io/slipway-pool=l4",
        f"{CAPACITY}/taints": "nvidia.com/gpu=present:NoSchedule",
    } == annotations(recording)
    assert "replicas" not in recording.one("MachineDeployment")["spec"]


def test_mig_devices_are_counted_for_the_autoscaler() -> None:
    """Two GPUs of seven devices each are fourteen of the resource that pods ask for."""
    recording, outputs = machines(max_nodes=2, gpus_per_node=2, mig_profile="1g.10gb", mig_devices=7)
    found = annotations(recording)

    assert ("nvidia.com/mig-1g.10gb", "14") == (found[f"{CAPACITY}/gpu-type"], found[f"{CAPACITY}/gpu-count"])
    assert "nvidia.com/mig-1g.10gb" == outputs["gpu_resource"]


def test_claimed_devices_are_named_by_their_driver() -> None:
    """The autoscaler then simulates the driver's devices instead of a resource."""
    recording, outputs = machines(min_nodes=1, max_nodes=2, gpus_per_node=2, allocation="dra")
    found = annotations(recording)

    assert ("gpu.nvidia.com", "2") == (found[f"{CAPACITY}/dra-driver"], found[f"{CAPACITY}/gpu-count"])
    assert f"{CAPACITY}/gpu-type" not in found
    assert "gpu.nvidia.com" == outputs["device_class"]


def test_a_pool_of_one_size_has_that_many_replicas_and_no_autoscaler() -> None:
    """Nothing else would make its nodes."""
    recording, _ = machines(min_nodes=2, max_nodes=2)
    made = recording.one("MachineDeployment")

    assert 2 == made["spec"]["replicas"]
    assert "annotations" not in made["metadata"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cluster_name": None}, "needs `cluster.clusterName`"),
        ({"infrastructure": None}, "needs `machines.infrastructure`"),
        ({"bootstrap": None}, "needs `machines.bootstrap`"),
        ({"spot": True}, "the infrastructure template decides on `spot`"),
        ({"zones": ["a", "b"]}, "one failure domain"),
    ],
)
def test_what_cluster_api_cannot_do_is_refused(changes: dict[str, Any], message: str) -> None:
    """Before anything is made."""
    with pytest.raises(pulumi.RunError, match=message):
        machines(**changes)
