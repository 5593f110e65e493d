"""Nodes on AWS by Karpenter 1.x: a NodePool and its EC2NodeClass."""

import re
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import object_name
from components.pools.pool import (
    GPU_RESOURCE,
    GPU_TAINT,
    POOL_LABEL,
    ZONE_LABEL,
    GpuNodePoolArgs,
    Pool,
    gpu_resource,
    gpu_toleration,
)

NODE_POOL = "karpenter.sh/nodepool"  # Karpenter's own label on the nodes of a pool
DEFAULT_CLASS = "default"  # what Karpenter's own guide calls the class of a cluster
DISK_GIB = 150
# karpenter.k8s.aws/instance-gpu-name, as EC2 names the GPUs of its instance types
GPU_NAMES = {
    "T4": "t4",
    "A10G": "a10g",
    "L4": "l4",
    "L40S": "l40s",
    "V100": "v100",
    "A100": "a100",
    "H100": "h100",
    "H200": "h200",
    "B200": "b200",
}
GPU_MEMORY = {"A100-40": "40960", "A100-80": "81920"}  # MiB, where one name stands for two sizes


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the NodePool, and its EC2NodeClass where role and cluster are named; else the class ``default`` is taken.

    Raises RunError for a minimum of nodes, or for a role without its cluster and the other way round.
    """
    if args.get("min_nodes", 0):
        raise pulumi.RunError(f"node pool `{name}`: Karpenter keeps no minimum of nodes; set `minNodes` to 0")
    if ("node_role" in args) != ("cluster_name" in args):
        raise pulumi.RunError(
            f"node pool `{name}`: a class of its own needs `nodeRole` (an IAM role) and `clusterName` (of the tags)"
        )
    node_class = _own_class(name, args, parent) if "node_role" in args else None
    node_pool = CustomResource(
        f"{name}-node-pool",
        api_version="karpenter.sh/v1",
        kind="NodePool",
        metadata={"name": object_name(name)},
        spec=_node_pool(name, args, object_name(name) if node_class else DEFAULT_CLASS),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[node_class] if node_class else []),
    )
    return Pool(
        node_selector={NODE_POOL: object_name(name)},
        tolerations=(gpu_toleration(),),
        gpu_resource=gpu_resource(args),
        zones=tuple(args.get("zones", ())),
        resources={"node_pool": node_pool, **({"node_class": node_class} if node_class else {})},
    )


def _own_class(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> CustomResource:
    return CustomResource(
        f"{name}-node-class",
        api_version="karpenter.k8s.aws/v1",
        kind="EC2NodeClass",
        metadata={"name": object_name(name)},
        spec=_node_class(args),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _node_class(args: GpuNodePoolArgs) -> dict[str, Any]:
    discovery = [{"tags": {"karpenter.sh/discovery": args["cluster_name"]}}]
    disk = {
        "volumeSize": f"{args.get('disk_gib', DISK_GIB)}Gi",
        "volumeType": "gp3",
        "encrypted": True,
        "deleteOnTermination": True,
    }
    return {
        "role": args["node_role"],
        "amiSelectorTerms": [{"alias": args.get("ami_alias", "al2023@latest")}],
        "subnetSelectorTerms": discovery,
        "securityGroupSelectorTerms": discovery,
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
    }


def _node_pool(name: str, args: GpuNodePoolArgs, node_class: str) -> dict[str, Any]:
    gpus = args.get("gpus_per_node", 1)
    return {
        "template": {
            "metadata": {"labels": {POOL_LABEL: object_name(name)}},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class},
                "taints": [{"key": GPU_TAINT, "value": "present", "effect": "NoSchedule"}],
                "requirements": _requirements(args),
                "expireAfter": "Never",
            },
        },
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "10m"},
        "limits": {GPU_RESOURCE: str(gpus * args.get("max_nodes", 1))},
    }


def _requirements(args: GpuNodePoolArgs) -> list[dict[str, Any]]:
    wanted = {
        "kubernetes.io/arch": ["amd64"],
        "kubernetes.io/os": ["linux"],
        "karpenter.sh/capacity-type": ["spot", "on-demand"] if args.get("spot", False) else ["on-demand"],
    }
    if types := args.get("instance_types"):
        wanted["node.kubernetes.io/instance-type"] = list(types)
    else:
        wanted["karpenter.k8s.aws/instance-gpu-name"] = [_gpu_name(args["gpu"])]
        wanted["karpenter.k8s.aws/instance-gpu-count"] = [str(args.get("gpus_per_node", 1))]
        if memory := GPU_MEMORY.get(args["gpu"]):
            wanted["karpenter.k8s.aws/instance-gpu-memory"] = [memory]
    if zones := args.get("zones"):
        wanted[ZONE_LABEL] = list(zones)
    return [{"key": key, "operator": "In", "values": values} for key, values in wanted.items()]


def _gpu_name(gpu: str) -> str:
    """Return EC2's name of a catalogue GPU; memory size and form factor are told apart by the instance type alone."""
    family = re.split(r"[- ]", gpu, maxsplit=1)[0]
    return GPU_NAMES.get(family.upper(), gpu.lower())
