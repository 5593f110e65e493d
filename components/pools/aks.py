"""Nodes of AKS: an AgentPool of the provider package pulumi-azure-native, with AKS's own GPU drivers."""

from typing import Any

import pulumi

from components.naming import digest, object_name
from components.pools.nodeclass.azure import os_disk
from components.pools.pool import POOL_LABEL, GpuNodePoolArgs, Pool, gpu_pool, instance_type
from components.pools.sdk import load

PACKAGE = "pulumi-azure-native"
AGENT_POOL = "kubernetes.azure.com/agentpool"  # AKS's own label
MOST_LETTERS = 12  # of the name of an agent pool, all lower-case letters and digits
DIGEST = 6
TAINT = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}
SPOT_TAINT = {
    "key": "kubernetes.azure.com/scalesetpriority",  # AKS puts it on every spot node
    "operator": "Equal",
    "value": "spot",
    "effect": "NoSchedule",
}


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the pool in the cluster of ``cluster_name`` and ``resource_group``; raise RunError without them."""
    for key, setting in (("cluster_name", "clusterName"), ("resource_group", "resourceGroup")):
        if key not in args:
            raise pulumi.RunError(f"node pool `{name}`: platform `aks` needs `cluster.{setting}`")
    azure = load("aks", PACKAGE, "pulumi_azure_native.containerservice")
    pool = azure.AgentPool(
        f"{name}-pool",
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["count"]),
        **arguments(name, args),
    )
    tolerations = (TAINT, SPOT_TAINT) if args.get("spot", False) else (TAINT,)
    return gpu_pool(args, {AGENT_POOL: agent_pool(name)}, tolerations=tolerations, resources={"pool": pool})


def agent_pool(name: str) -> str:
    """Return the name as AKS takes it: letters and digits alone, a long one ending in a digest of the whole."""
    plain = "".join(letter for letter in object_name(name) if letter.isalnum())
    if plain == name and len(plain) <= MOST_LETTERS:
        return plain
    return f"{plain[: MOST_LETTERS - DIGEST]}{digest(name)[:DIGEST]}"


def arguments(name: str, args: GpuNodePoolArgs) -> dict[str, Any]:
    """Return the arguments of the provider's AgentPool."""
    least = args.get("min_nodes", 0)
    return {
        "resource_group_name": args["resource_group"],
        "resource_name_": args["cluster_name"],
        "agent_pool_name": agent_pool(name),
        "mode": "User",
        "type": "VirtualMachineScaleSets",
        "os_type": "Linux",
        "vm_size": instance_type(name, args),
        "os_disk_size_gb": os_disk(name, args),
        "enable_auto_scaling": True,
        "count": least,
        "min_count": least,
        "max_count": args.get("max_nodes", 1),
        "node_labels": {POOL_LABEL: object_name(name)},
        "node_taints": ["sku=gpu:NoSchedule"],
        "gpu_profile": {"driver": "Install"},
        "upgrade_settings": {"max_surge": "0", "max_unavailable": "1"},
        **_optional(args),
    }


def _optional(args: GpuNodePoolArgs) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if zones := args.get("zones"):  # the label says eastus-1, the provider 1
        found["availability_zones"] = [zone.rpartition("-")[2] for zone in zones]
    if subnets := args.get("subnets"):
        found["vnet_subnet_id"] = subnets[0]
    if profile := args.get("mig_profile"):
        found["gpu_instance_profile"] = f"MIG{profile.partition('.')[0]}"
    if args.get("spot", False):
        found |= {"scale_set_priority": "Spot", "scale_set_eviction_policy": "Delete", "spot_max_price": -1}
    return found
