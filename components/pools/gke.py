"""Nodes of GKE: a NodePool of the provider package pulumi-gcp, with GKE's own GPU drivers.

GKE itself taints nodes with GPUs by ``nvidia.com/gpu=present:NoSchedule``, and labels them by their accelerator.
"""

from typing import Any

import pulumi

from components.naming import object_name
from components.pools.nodeclass.gcp import accelerator, disk_type
from components.pools.pool import (
    DISK_GIB,
    GPU_RESOURCE,
    POOL_LABEL,
    GpuNodePoolArgs,
    Pool,
    claimed,
    gpu_toleration,
    instance_type,
)
from components.pools.sdk import load

PACKAGE = "pulumi-gcp"
POOL_NAME = "cloud.google.com/gke-nodepool"  # GKE's own labels
ACCELERATOR = "cloud.google.com/gke-accelerator"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]  # the service account's roles decide
# So that GKE leaves the GPUs to NVIDIA's DRA driver, and its autoscaler knows of it.
CLAIM_LABELS = {
    "gke-no-default-nvidia-gpu-device-plugin": "true",
    "nvidia.com/gpu.present": "true",
    "cloud.google.com/gke-nvidia-gpu-dra-driver": "true",
}


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the pool in the cluster of ``cluster_name`` and ``location``; raise RunError without them or the package."""
    for key, setting in (("cluster_name", "clusterName"), ("location", "location")):
        if key not in args:
            raise pulumi.RunError(f"node pool `{name}`: platform `gke` needs `cluster.{setting}`")
    gcp = load("gke", PACKAGE, "pulumi_gcp")
    pool = gcp.container.NodePool(
        f"{name}-pool",
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["initialNodeCount", "nodeCount"]),
        **arguments(name, args),
    )
    return Pool(
        node_selector={POOL_NAME: object_name(name), ACCELERATOR: accelerator(name, args)},
        tolerations=(gpu_toleration(),),
        gpu_resource=GPU_RESOURCE,  # also for MIG devices: GKE divides the GPUs and names them so
        devices=claimed(args),
        zones=tuple(args.get("zones", ())),
        resources={"pool": pool},
    )


def arguments(name: str, args: GpuNodePoolArgs) -> dict[str, Any]:
    """Return the arguments of the provider's NodePool; the bounds are of all zones together."""
    zones, least = args.get("zones", []), args.get("min_nodes", 0)
    optional: dict[str, Any] = {"project": args.get("project"), "node_locations": list(zones)}
    return {
        "cluster": args["cluster_name"],
        "location": args["location"],
        "name": object_name(name),
        "initial_node_count": -(-least // max(1, len(zones))),
        "autoscaling": {
            "total_min_node_count": least,
            "total_max_node_count": args.get("max_nodes", 1),
            "location_policy": "ANY",
        },
        "management": {"auto_repair": True, "auto_upgrade": True},
        "upgrade_settings": {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1},
        "node_config": _node(name, args),
        **{key: value for key, value in optional.items() if value},
    }


def _node(name: str, args: GpuNodePoolArgs) -> dict[str, Any]:
    claims = claimed(args) is not None
    gpus: dict[str, Any] = {
        "type": accelerator(name, args),
        "count": args.get("gpus_per_node", 1),
        "gpu_driver_installation_config": {"gpu_driver_version": "INSTALLATION_DISABLED" if claims else "LATEST"},
    }
    if profile := args.get("mig_profile"):
        gpus["gpu_partition_size"] = profile
    node: dict[str, Any] = {
        "machine_type": instance_type(name, args),
        "guest_accelerators": [gpus],
        "disk_size_gb": args.get("disk_gib", DISK_GIB),
        "disk_type": disk_type(args),
        "spot": args.get("spot", False),
        "labels": {POOL_LABEL: object_name(name), **(CLAIM_LABELS if claims else {})},
        "metadata": {"disable-legacy-endpoints": "true"},
        "oauth_scopes": SCOPES,
        "shielded_instance_config": {"enable_integrity_monitoring": True},
        "workload_metadata_config": {"mode": "GKE_METADATA"},  # pods get no credentials of the node
    }
    if "service_account" in args:
        node["service_account"] = args["service_account"]
    return node
