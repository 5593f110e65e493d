"""Pools that the clouds' own provider packages make: GKE, EKS and AKS, recorded by stand-ins."""

import sys
from typing import Any

import pulumi
import pytest

from components.pools.aks import agent_pool
from tests.components.pools.making import TOLERATION, given, make, stand_ins
from tests.components.recording import Recording

ROLE = "arn:aws:iam::123456789012:role/gpu-nodes"
SUBNETS = ["subnet-0123456789abcdef0"]
AZURE_SUBNET = "/subscriptions/s/resourceGroups/ml/providers/Microsoft.Network/virtualNetworks/v/subnets/gpus"
MODULES = {"gke": "pulumi_gcp", "eks": "pulumi_aws", "aks": "pulumi_azure_native.containerservice"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "gke": {"cluster_name": "prod", "location": "europe-west4", "instance_types": ["g2-standard-8"]},
    "eks": {"cluster_name": "prod", "node_role": ROLE, "subnets": SUBNETS, "instance_types": ["g6.2xlarge"]},
    "aks": {"cluster_name": "prod", "resource_group": "ml", "instance_types": ["Standard_NC8as_T4_v3"]},
}


@pytest.fixture(autouse=True)
def clouds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put stand-ins of the packages in place."""
    stand_ins(monkeypatch)


def cloud(platform: str, **changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return a pool of one of the clouds; None takes an argument away."""
    whole = {**ARGUMENTS[platform], **changes}
    return make(platform=platform, **{key: value for key, value in whole.items() if value is not None})


def test_gke_makes_nodes_with_their_accelerator_and_drivers() -> None:
    """The bounds are of all zones together, and pods get no credentials of the node."""
    recording, outputs = cloud(
        "gke", min_nodes=1, max_nodes=3, zones=["europe-west4-a", "europe-west4-b"], spot=True, disk_gib=200
    )

    assert {
        "cluster": "prod",
        "location": "europe-west4",
        "name": "l4",
        "node_locations": ["europe-west4-a", "europe-west4-b"],
        "initial_node_count": 1,
        "autoscaling": {"total_min_node_count": 1, "total_max_node_count": 3, "location_policy": "ANY"},
        "management": {"auto_repair": True, "auto_upgrade": True},
        "upgrade_settings": {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1},
        "node_config": {
            "machine_type": "g2-standard-8",
            "guest_accelerators": [
                {"type": "nvidia-l4", "count": 1, "gpu_driver_installation_config": {"gpu_driver_version": "LATEST"}}
            ],
            "disk_size_gb": 200,
            "disk_type": "pd-balanced",
            "spot": True,
            "labels": {"slipway/pool": "l4"},
            "metadata": {"disable-legacy-endpoints": "true"},
            "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "shielded_instance_config": {"enable_integrity_monitoring": True},
            "workload_metadata_config": {"mode": "GKE_METADATA"},
        },
    } == given(recording, "NodePool")
    assert {
        "cloud.google.com/gke-nodepool": "l4",
        "cloud.google.com/gke-accelerator": "nvidia-l4",
    } == outputs["node_selector"]
    assert [TOLERATION] == outputs["tolerations"]
    assert ["initialNodeCount", "nodeCount"] == recording.ignored["l4-pool"]


def test_gke_divides_a_gpu_and_keeps_its_resource_name() -> None:
    """Its device plugin offers each part as one nvidia.com/gpu."""
    recording, outputs = cloud("gke", gpu="A100-40", mig_profile="1g.5gb", instance_types=["a2-highgpu-1g"])
    (gpus,) = recording.one("NodePool")["node_config"]["guest_accelerators"]

    assert ("nvidia-tesla-a100", "1g.5gb") == (gpus["type"], gpus["gpu_partition_size"])
    assert "nvidia.com/gpu" == outputs["gpu_resource"]


def test_gke_leaves_the_gpus_to_the_dra_driver_where_pods_claim_them() -> None:
    """Its own device plugin and driver would hold the same GPUs."""
    recording, outputs = cloud("gke", allocation="dra", gpu_product_label="NVIDIA-L4")
    node = recording.one("NodePool")["node_config"]

    assert (
        "INSTALLATION_DISABLED" == node["guest_accelerators"][0]["gpu_driver_installation_config"]["gpu_driver_version"]
    )
    assert {
        "slipway/pool": "l4",
        "gke-no-default-nvidia-gpu-device-plugin": "true",
        "nvidia.com/gpu.present": "true",
        "cloud.google.com/gke-nvidia-gpu-dra-driver": "true",
    } == node["labels"]
    assert "gpu.nvidia.com" == outputs["device_class"]


def test_the_machines_with_more_network_have_an_accelerator_of_their_own() -> None:
    """Google tells the same GPU apart by the machine."""
    _, outputs = cloud("gke", gpu="H100-SXM", gpus_per_node=8, instance_types=["a3-megagpu-8g"])

    assert "nvidia-h100-mega-80gb" == outputs["node_selector"]["cloud.google.com/gke-accelerator"]


def test_gke_takes_project_and_service_account_where_they_are_named() -> None:
    """Left out, both are the provider's."""
    account = "gpus@prod.iam.gserviceaccount.com"
    recording, _ = cloud("gke", project="ml", service_account=account)
    pool = recording.one("NodePool")

    assert ("ml", account) == (pool["project"], pool["node_config"]["service_account"])


def test_eks_makes_a_node_group_with_the_image_for_gpus() -> None:
    """From zero; Pulumi leaves the size to the autoscaler."""
    recording, outputs = cloud("eks", max_nodes=3, spot=True)

    assert {
        "cluster_name": "prod",
        "node_group_name": "l4",
        "node_role_arn": ROLE,
        "subnet_ids": SUBNETS,
        "ami_type": "AL2023_x86_64_NVIDIA",
        "instance_types": ["g6.2xlarge"],
        "capacity_type": "SPOT",
        "launch_template": {"id": "l4-template-id", "version": "1"},
        "scaling_config": {"min_size": 0, "max_size": 3, "desired_size": 0},
        "labels": {"slipway/pool": "l4"},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "update_config": {"max_unavailable": 1},
        "node_repair_config": {"enabled": True},
    } == given(recording, "NodeGroup")
    assert {"eks.amazonaws.com/nodegroup": "l4"} == outputs["node_selector"]
    assert [TOLERATION] == outputs["tolerations"]
    assert ["scalingConfig.desiredSize"] == recording.ignored["l4-pool"]


def test_the_disks_of_eks_are_encrypted_and_its_metadata_hidden() -> None:
    """As on Karpenter's nodes: pods get no credentials of the node."""
    recording, _ = cloud("eks", disk_gib=200)
    template = recording.one("LaunchTemplate")

    assert {
        "device_name": "/dev/xvda",
        "ebs": {"volume_size": 200, "volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"},
    } == template["block_device_mappings"][0]
    assert ("required", 1) == (
        template["metadata_options"]["http_tokens"],
        template["metadata_options"]["http_put_response_hop_limit"],
    )


def test_the_gpu_operator_divides_the_gpus_by_a_label() -> None:
    """Where the cloud does not do it itself."""
    recording, outputs = cloud("eks", min_nodes=1, gpu="H100-SXM", gpus_per_node=8, mig_profile="1g.10gb")

    assert {"slipway/pool": "l4", "nvidia.com/mig.config": "all-1g.10gb"} == recording.one("NodeGroup")["labels"]
    assert "nvidia.com/mig-1g.10gb" == outputs["gpu_resource"]


def test_aks_makes_a_pool_of_users_with_its_own_drivers() -> None:
    """In its zones by number, on spot nodes whose taint pods tolerate besides the GPU's."""
    recording, outputs = cloud(
        "aks", max_nodes=3, spot=True, zones=["eastus-1", "eastus-3"], subnets=[AZURE_SUBNET], disk_gib=200
    )

    assert {
        "resource_group_name": "ml",
        "resource_name_": "prod",
        "agent_pool_name": "l4",
        "mode": "User",
        "type": "VirtualMachineScaleSets",
        "os_type": "Linux",
        "vm_size": "Standard_NC8as_T4_v3",
        "os_disk_size_gb": 200,
        "enable_auto_scaling": True,
        "count": 0,
        "min_count": 0,
        "max_count": 3,
        "node_labels": {"slipway/pool": "l4"},
        "node_taints": ["sku=gpu:NoSchedule"],
        "gpu_profile": {"driver": "Install"},
        "upgrade_settings": {"max_surge": "0", "max_unavailable": "1"},
        "availability_zones": ["1", "3"],
        "vnet_subnet_id": AZURE_SUBNET,
        "scale_set_priority": "Spot",
        "scale_set_eviction_policy": "Delete",
        "spot_max_price": -1,
    } == given(recording, "AgentPool")
    assert {"kubernetes.azure.com/agentpool": "l4"} == outputs["node_selector"]
    assert [
        TOLERATION,
        {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"},
        {
            "key": "kubernetes.azure.com/scalesetpriority",
            "operator": "Equal",
            "value": "spot",
            "effect": "NoSchedule",
        },
    ] == outputs["tolerations"]


def test_aks_divides_a_gpu_by_its_own_profiles() -> None:
    """It knows them by their compute slices."""
    recording, _ = cloud("aks", min_nodes=1, gpu="A100-40", gpus_per_node=8, mig_profile="3g.20gb")

    assert "MIG3g" == recording.one("AgentPool")["gpu_instance_profile"]


@pytest.mark.parametrize(
    ("name", "expected"), [("l4", "l4"), ("gpul4nodes", "gpul4nodes"), ("h100-large-pool", "h100la"), ("l-4", "l4")]
)
def test_the_names_of_agent_pools_are_short_and_plain(name: str, expected: str) -> None:
    """Twelve letters and digits; a name that had to change ends in a digest, so that two stay apart."""
    found = agent_pool(name)

    assert found.startswith(expected)
    assert len(found) <= 12
    assert (found == name) == (expected == name)


def test_two_names_that_shorten_alike_stay_apart() -> None:
    """A hyphen is no letter of an agent pool's name."""
    assert agent_pool("l-4") != agent_pool("l4")
    assert agent_pool("h100-large-a") != agent_pool("h100-large-b")


@pytest.mark.parametrize(
    ("platform", "changes", "message"),
    [
        ("gke", {"location": None}, "needs `cluster.location`"),
        (
            "gke",
            {"instance_types": None},
            "is known with 1 x L4; set `instanceType`",
        ),
        ("gke", {"gpu": "L40S"}, "Google Cloud has no L40S"),
        ("eks", {"node_role": None}, "needs `cluster.nodeRole`"),
        ("eks", {"subnets": None}, "needs `cluster.subnets`"),
        ("eks", {"zones": ["eu-west-3a"]}, "the subnets decide the zones"),
        ("aks", {"resource_group": None}, "needs `cluster.resourceGroup`"),
        ("aks", {"disk_gib": 4096}, "Azure's have 2048 at most"),
    ],
)
def test_what_a_cloud_cannot_do_is_refused(platform: str, changes: dict[str, Any], message: str) -> None:
    """Before anything is made."""
    with pytest.raises(pulumi.RunError, match=message):
        cloud(platform, **changes)


@pytest.mark.parametrize(
    ("platform", "package"), [("gke", "pulumi-gcp"), ("eks", "pulumi-aws"), ("aks", "pulumi-azure-native")]
)
def test_a_missing_package_is_named(platform: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider is imported only where its platform is used."""
    monkeypatch.setitem(sys.modules, MODULES[platform], None)

    with pytest.raises(pulumi.RunError, match=f"platform `{platform}` needs the package {package}: add its line"):
        cloud(platform)
