"""Nodes of Scaleway Kapsule: pools that the provider package pulumiverse-scaleway makes, or that are there already."""

import pulumi

from components.naming import object_name
from components.pools.pool import DISK_GIB, GPU_TAINT, POOL_LABEL, GpuNodePoolArgs, Pool, gpu_pool, node_labels
from components.pools.sdk import load

PACKAGE = "pulumiverse-scaleway"
INSTANCE_TYPE_LABEL = "node.kubernetes.io/instance-type"  # set by the cloud controller on every node
FIRST_NODES = 1  # at creation only: shows at once whether the type can be had; the autoscaler removes it
# GPUs and GPUs a node to Scaleway's commercial types
NODE_TYPES = {
    ("L4", 1): "L4-1-24G",
    ("L4", 2): "L4-2-24G",
    ("L4", 4): "L4-4-24G",
    ("L4", 8): "L4-8-24G",
    ("L40S", 1): "L40S-1-48G",
    ("L40S", 2): "L40S-2-48G",
    ("L40S", 4): "L40S-4-48G",
    ("L40S", 8): "L40S-8-48G",
    ("H100-PCIe", 1): "H100-1-80G",
    ("H100-PCIe", 2): "H100-2-80G",
    ("H100-SXM", 2): "H100-SXM-2-80G",
    ("H100-SXM", 4): "H100-SXM-4-80G",
    ("H100-SXM", 8): "H100-SXM-8-80G",
}


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the pool in the cluster of ``cluster_id``; without it, take nodes of the type that the cluster has already.

    Raises RunError without the package, for two zones, for interruptible nodes, or for a GPU without a type.
    """
    if args.get("spot", False):
        raise pulumi.RunError(f"node pool `{name}`: Kapsule has no interruptible nodes; set `spot` to false")
    zones = args.get("zones", [])
    if len(zones) > 1:
        raise pulumi.RunError(f"node pool `{name}`: a Kapsule pool lies in one zone; make a pool for each of `zones`")
    if "cluster_id" not in args:
        return gpu_pool(args, {INSTANCE_TYPE_LABEL: _node_type(name, args)})
    least, most = args.get("min_nodes", 0), args.get("max_nodes", 1)
    pool = load("kapsule", PACKAGE, "pulumiverse_scaleway").kubernetes.Pool(
        f"{name}-pool",
        cluster_id=args["cluster_id"],
        name=object_name(name),
        node_type=_node_type(name, args),
        size=max(FIRST_NODES, least),
        min_size=least,
        max_size=most,
        autoscaling=most > least,
        autohealing=True,
        root_volume_size_in_gb=args.get("disk_gib", DISK_GIB),
        tags=_tags(name, args),
        wait_for_pool_ready=False,
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["size"] if most > least else []),
        **({"zone": zones[0]} if zones else {}),
    )
    return gpu_pool(args, {POOL_LABEL: object_name(name)}, resources={"pool": pool})


def _node_type(name: str, args: GpuNodePoolArgs) -> str:
    if types := args.get("instance_types"):
        return types[0]
    wanted = (args["gpu"], args.get("gpus_per_node", 1))
    if wanted not in NODE_TYPES:
        raise pulumi.RunError(
            f"node pool `{name}`: no Kapsule type is known with {wanted[1]} x {wanted[0]}; set `instanceType`"
        )
    return NODE_TYPES[wanted]


def _tags(name: str, args: GpuNodePoolArgs) -> list[str]:
    """Return the tags that the cloud controller turns into labels and a taint on each node."""
    labels = [f"noprefix={key}={value}" for key, value in node_labels(name, args).items()]
    return [*labels, f"taint=noprefix={GPU_TAINT}=present:NoSchedule"]
