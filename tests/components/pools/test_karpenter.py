"""Karpenter in three clouds: one NodePool, and each cloud's class of nodes."""

from typing import Any

import pulumi
import pytest

from tests.components.pools.making import TOLERATION, make, requirements


def test_azure_gets_a_class_with_its_own_drivers() -> None:
    """AKS installs the drivers; the disk is the derived one."""
    recording, outputs = make(
        platform="karpenter", cloud="azure", disk_gib=200, instance_types=["Standard_NC8as_T4_v3"]
    )
    made = recording.one("AKSNodeClass")

    assert "karpenter.azure.com/v1beta1" == made["apiVersion"]
    assert {"imageFamily": "Ubuntu", "osDiskSizeGB": 200, "gpu": {"mode": "Driver"}} == made["spec"]
    assert {"group": "karpenter.azure.com", "kind": "AKSNodeClass", "name": "l4"} == recording.one("NodePool")["spec"][
        "template"
    ]["spec"]["nodeClassRef"]
    assert ({"karpenter.sh/nodepool": "l4"}, [TOLERATION]) == (outputs["node_selector"], outputs["tolerations"])


def test_google_gets_a_class_with_its_own_drivers() -> None:
    """Container-Optimized OS of the cluster's channel, an integrity-checked boot and a disk for the image."""
    account = "gpus@prod.iam.gserviceaccount.com"
    recording, outputs = make(platform="karpenter", cloud="gcp", disk_gib=200, service_account=account)
    made = recording.one("GCENodeClass")

    assert "karpenter.k8s.gcp/v1alpha1" == made["apiVersion"]
    assert {
        "imageSelectorTerms": [{"family": "ContainerOptimizedOS", "channel": "cluster"}],
        "gpuDriverVersion": "latest",
        "disks": [{"boot": True, "category": "pd-balanced", "sizeGiB": 200}],
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": True, "enableVtpm": True},
        "serviceAccount": account,
    } == made["spec"]
    assert {"karpenter.sh/nodepool": "l4"} == outputs["node_selector"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"cloud": "azure", "gpu": "H100-NVL", "gpus_per_node": 2},
            {"karpenter.azure.com/sku-gpu-name": ["H100"], "karpenter.azure.com/sku-gpu-count": ["2"]},
        ),
        (
            {"cloud": "gcp", "gpu": "A100-80", "gpus_per_node": 4},
            {
                "karpenter.k8s.gcp/instance-gpu-name": ["nvidia-a100-80gb"],
                "karpenter.k8s.gcp/instance-gpu-count": ["4"],
            },
        ),
        (
            {"cloud": "azure", "instance_types": ["Standard_NC8as_T4_v3"], "zones": ["eastus-1"], "spot": True},
            {
                "node.kubernetes.io/instance-type": ["Standard_NC8as_T4_v3"],
                "topology.kubernetes.io/zone": ["eastus-1"],
                "karpenter.sh/capacity-type": ["spot", "on-demand"],
            },
        ),
    ],
)
def test_each_cloud_names_the_gpu_in_its_own_words(changes: dict[str, Any], expected: dict[str, list[str]]) -> None:
    """Instance types where they are known, else the cloud's labels of a GPU."""
    recording, _ = make(platform="karpenter", **changes)

    assert expected.items() <= requirements(recording).items()


@pytest.mark.parametrize(("gpu", "category"), [("H100-SXM", "pd-balanced"), ("B200", "hyperdisk-balanced")])
def test_the_newest_machines_of_google_take_hyperdisks_alone(gpu: str, category: str) -> None:
    """A Persistent Disk would be refused when the node is made."""
    recording, _ = make(platform="karpenter", cloud="gcp", gpu=gpu, gpus_per_node=8)

    assert category == recording.one("GCENodeClass")["spec"]["disks"][0]["category"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cloud": "hetzner"}, "Karpenter makes nodes in aws, azure, gcp; set `cloud`"),
        ({"mig_profile": "1g.10gb"}, "remove `migProfile`"),
        ({"allocation": "dra"}, "remove `allocation`"),
        ({"cloud": "azure", "min_nodes": 1}, "set `minNodes` to 0"),
        ({"cloud": "azure", "disk_gib": 2050}, "need 2050 GiB of disk and Azure's have 2048 at most"),
        ({"cloud": "gcp", "gpu": "L40S"}, "Google Cloud has no L40S"),
    ],
)
def test_what_karpenter_cannot_do_is_refused(changes: dict[str, Any], message: str) -> None:
    """Before anything is made."""
    with pytest.raises(pulumi.RunError, match=message):
        make(platform="karpenter", **changes)
