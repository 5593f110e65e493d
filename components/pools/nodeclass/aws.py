"""Karpenter on AWS: an EC2NodeClass of its own where role and cluster are named, else the cluster's ``default``."""

import re
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import object_name
from components.pools.nodeclass.nodeclass import NodeClass
from components.pools.pool import DISK_GIB, GpuNodePoolArgs

GROUP, KIND = "karpenter.k8s.aws", "EC2NodeClass"
DEFAULT_CLASS = "default"  # what Karpenter's own guide calls the class of a cluster
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


def node_class(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> NodeClass:
    """Return the class; raise RunError for a role without its cluster and the other way round."""
    if ("node_role" in args) != ("cluster_name" in args):
        raise pulumi.RunError(
            f"node pool `{name}`: a class of its own needs `nodeRole` (an IAM role) and `clusterName` (of the tags)"
        )
    if "node_role" not in args:
        return NodeClass(group=GROUP, kind=KIND, name=DEFAULT_CLASS, gpu=_gpu(args))
    made = CustomResource(
        f"{name}-node-class",
        api_version=f"{GROUP}/v1",
        kind=KIND,
        metadata={"name": object_name(name)},
        spec=_spec(args),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return NodeClass(group=GROUP, kind=KIND, name=object_name(name), resource=made, gpu=_gpu(args))


def _spec(args: GpuNodePoolArgs) -> dict[str, Any]:
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


def _gpu(args: GpuNodePoolArgs) -> dict[str, list[str]]:
    wanted = {
        f"{GROUP}/instance-gpu-name": [_gpu_name(args["gpu"])],
        f"{GROUP}/instance-gpu-count": [str(args.get("gpus_per_node", 1))],
    }
    if memory := GPU_MEMORY.get(args["gpu"]):
        wanted[f"{GROUP}/instance-gpu-memory"] = [memory]
    return wanted


def _gpu_name(gpu: str) -> str:
    """Return EC2's name of a catalogue GPU; memory size and form factor are told apart by the instance type alone."""
    family = re.split(r"[- ]", gpu, maxsplit=1)[0]
    return GPU_NAMES.get(family.upper(), gpu.lower())
