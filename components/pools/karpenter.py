"""Nodes by Karpenter 1.x: a NodePool, and the cloud's class of nodes (``nodeclass/``)."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import object_name
from components.pools.nodeclass import aws, azure, gcp
from components.pools.nodeclass.nodeclass import NodeClass
from components.pools.pool import GPU_RESOURCE, GPU_TAINT, ZONE_LABEL, GpuNodePoolArgs, Pool, gpu_pool, node_labels

NODE_POOL = "karpenter.sh/nodepool"  # Karpenter's own label on the nodes of a pool
CLOUDS: Mapping[str, Callable[[str, GpuNodePoolArgs, pulumi.Resource], NodeClass]] = {
    "aws": aws.node_class,
    "azure": azure.node_class,
    "gcp": gcp.node_class,
}


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the NodePool and what its cloud needs beside it; raise RunError for what Karpenter cannot do."""
    _check(name, args)
    node_class = CLOUDS[args.get("cloud", "aws")](name, args, parent)
    node_pool = CustomResource(
        f"{name}-node-pool",
        api_version="karpenter.sh/v1",
        kind="NodePool",
        metadata={"name": object_name(name)},
        spec=_node_pool(name, args, node_class),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[node_class.resource] if node_class.resource else []),
    )
    made = {"node_class": node_class.resource} if node_class.resource else {}
    return gpu_pool(args, {NODE_POOL: object_name(name)}, resources={"node_pool": node_pool, **made})


def _check(name: str, args: GpuNodePoolArgs) -> None:
    if args.get("cloud", "aws") not in CLOUDS:
        raise pulumi.RunError(f"node pool `{name}`: Karpenter makes nodes in {', '.join(CLOUDS)}; set `cloud`")
    if args.get("min_nodes", 0):
        raise pulumi.RunError(f"node pool `{name}`: Karpenter keeps no minimum of nodes; set `minNodes` to 0")
    if args.get("mig_profile"):
        raise pulumi.RunError(f"node pool `{name}`: Karpenter makes no node for a MIG device; remove `migProfile`")
    if args.get("allocation", "device-plugin") == "dra":
        raise pulumi.RunError(f"node pool `{name}`: Karpenter makes no node for a claim; remove `allocation`")


def _node_pool(name: str, args: GpuNodePoolArgs, node_class: NodeClass) -> dict[str, Any]:
    gpus = args.get("gpus_per_node", 1)
    return {
        "template": {
            "metadata": {"labels": node_labels(name, args)},
            "spec": {
                "nodeClassRef": node_class.reference,
                "taints": [{"key": GPU_TAINT, "value": "present", "effect": "NoSchedule"}],
                "requirements": _requirements(args, node_class),
                "expireAfter": "Never",
            },
        },
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "10m"},
        "limits": {GPU_RESOURCE: str(gpus * args.get("max_nodes", 1))},
    }


def _requirements(args: GpuNodePoolArgs, node_class: NodeClass) -> list[dict[str, Any]]:
    types = args.get("instance_types")
    wanted = {
        "kubernetes.io/arch": ["amd64"],
        "kubernetes.io/os": ["linux"],
        "karpenter.sh/capacity-type": ["spot", "on-demand"] if args.get("spot", False) else ["on-demand"],
        **({"node.kubernetes.io/instance-type": list(types)} if types else node_class.gpu),
    }
    if zones := args.get("zones"):
        wanted[ZONE_LABEL] = list(zones)
    return [{"key": key, "operator": "In", "values": values} for key, values in wanted.items()]
