"""Karpenter on Azure (node auto-provisioning): an AKSNodeClass with AKS's own GPU drivers."""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import object_name
from components.pools.nodeclass.nodeclass import NodeClass
from components.pools.pool import DISK_GIB, GpuNodePoolArgs

GROUP, KIND = "karpenter.azure.com", "AKSNodeClass"
MOST_GIB = 2048  # of an OS disk


def node_class(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> NodeClass:
    """Make the class; raise RunError for a disk that Azure's nodes cannot have."""
    made = CustomResource(
        f"{name}-node-class",
        api_version=f"{GROUP}/v1beta1",
        kind=KIND,
        metadata={"name": object_name(name)},
        spec={"imageFamily": "Ubuntu", "osDiskSizeGB": os_disk(name, args), "gpu": {"mode": "Driver"}},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    family = args["gpu"].partition("-")[0]
    gpu = {f"{GROUP}/sku-gpu-name": [family], f"{GROUP}/sku-gpu-count": [str(args.get("gpus_per_node", 1))]}
    return NodeClass(group=GROUP, kind=KIND, name=object_name(name), resource=made, gpu=gpu)


def os_disk(name: str, args: GpuNodePoolArgs) -> int:
    """Return the size of a node's disk in GiB; raise RunError above what Azure allows."""
    size = args.get("disk_gib", DISK_GIB)
    if size > MOST_GIB:
        raise pulumi.RunError(
            f"node pool `{name}`: its nodes need {size} GiB of disk and Azure's have {MOST_GIB} at most; "
            "keep the weights on a volume, or set `diskGib`"
        )
    return size
