"""Nodes of EKS: a managed node group of the provider package pulumi-aws, with Amazon's image for NVIDIA GPUs."""

from typing import Any

import pulumi

from components.naming import object_name
from components.pools.pool import (
    DISK_GIB,
    GPU_TAINT,
    GpuNodePoolArgs,
    Pool,
    gpu_pool,
    instance_type,
    node_labels,
)
from components.pools.sdk import load

PACKAGE = "pulumi-aws"
NODE_GROUP = "eks.amazonaws.com/nodegroup"  # EKS's own label
IMAGE = "AL2023_x86_64_NVIDIA"


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the node group and its launch template; raise RunError for what is missing, or for zones."""
    for key, setting in (("cluster_name", "clusterName"), ("node_role", "nodeRole"), ("subnets", "subnets")):
        if not args.get(key):
            raise pulumi.RunError(f"node pool `{name}`: platform `eks` needs `cluster.{setting}`")
    if args.get("zones"):
        raise pulumi.RunError(f"node pool `{name}`: the subnets decide the zones; remove `zones`")
    aws = load("eks", PACKAGE, "pulumi_aws")
    template = aws.ec2.LaunchTemplate(
        f"{name}-template", opts=pulumi.ResourceOptions(parent=parent), **template_arguments(name, args)
    )
    group = aws.eks.NodeGroup(
        f"{name}-pool",
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["scalingConfig.desiredSize"]),
        **arguments(name, args, {"id": template.id, "version": template.latest_version.apply(str)}),
    )
    return gpu_pool(args, {NODE_GROUP: object_name(name)}, resources={"pool": group, "template": template})


def template_arguments(name: str, args: GpuNodePoolArgs) -> dict[str, Any]:
    """Return the arguments of the launch template: an encrypted disk, and no credentials of the node for pods."""
    disk = {
        "volume_size": args.get("disk_gib", DISK_GIB),
        "volume_type": "gp3",
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    return {
        "name_prefix": f"{object_name(name)}-",
        "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": disk}],
        "metadata_options": {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
        "update_default_version": True,
    }


def arguments(name: str, args: GpuNodePoolArgs, template: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the provider's NodeGroup."""
    least = args.get("min_nodes", 0)
    return {
        "cluster_name": args["cluster_name"],
        "node_group_name": object_name(name),
        "node_role_arn": args["node_role"],
        "subnet_ids": list(args["subnets"]),
        "ami_type": IMAGE,
        "instance_types": [instance_type(name, args)],
        "capacity_type": "SPOT" if args.get("spot", False) else "ON_DEMAND",
        "launch_template": template,
        "scaling_config": {"min_size": least, "max_size": args.get("max_nodes", 1), "desired_size": least},
        "labels": node_labels(name, args),
        "taints": [{"key": GPU_TAINT, "value": "present", "effect": "NO_SCHEDULE"}],
        "update_config": {"max_unavailable": 1},
        "node_repair_config": {"enabled": True},
    }
