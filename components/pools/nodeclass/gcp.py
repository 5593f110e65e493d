"""Karpenter on Google Cloud: a GCENodeClass with Container-Optimized OS and GKE's own GPU drivers."""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import object_name
from components.pools.nodeclass.nodeclass import NodeClass
from components.pools.pool import DISK_GIB, GpuNodePoolArgs

GROUP, KIND = "karpenter.k8s.gcp", "GCENodeClass"
# cloud.google.com/gke-accelerator, as Compute Engine names the GPUs
ACCELERATORS = {
    "T4": "nvidia-tesla-t4",
    "L4": "nvidia-l4",
    "V100-32": "nvidia-tesla-v100",
    "A100-40": "nvidia-tesla-a100",
    "A100-80": "nvidia-a100-80gb",
    "H100-SXM": "nvidia-h100-80gb",
    "H200": "nvidia-h200-141gb",
    "B200": "nvidia-b200",
    "GB200": "nvidia-gb200",
    "RTX-PRO-6000-BSE": "nvidia-rtx-pro-6000",
}
MEGA = "nvidia-h100-mega-80gb"  # the same GPU in the machines with more network
HYPERDISK_ONLY = {"H200", "B200", "GB200", "RTX-PRO-6000-BSE"}  # their machines take no Persistent Disk


def node_class(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> NodeClass:
    """Make the class."""
    made = CustomResource(
        f"{name}-node-class",
        api_version=f"{GROUP}/v1alpha1",
        kind=KIND,
        metadata={"name": object_name(name)},
        spec=_spec(args),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    gpu = {
        f"{GROUP}/instance-gpu-name": [accelerator(name, args)],
        f"{GROUP}/instance-gpu-count": [str(args.get("gpus_per_node", 1))],
    }
    return NodeClass(group=GROUP, kind=KIND, name=object_name(name), resource=made, gpu=gpu)


def accelerator(name: str, args: GpuNodePoolArgs) -> str:
    """Return Google's name of the GPU; raise RunError for one that Google has not."""
    if any("-megagpu-" in each and each.startswith("a3-") for each in args.get("instance_types", ())):
        return MEGA
    if args["gpu"] not in ACCELERATORS:
        raise pulumi.RunError(f"node pool `{name}`: Google Cloud has no {args['gpu']}; choose another `gpu`")
    return ACCELERATORS[args["gpu"]]


def disk_type(args: GpuNodePoolArgs) -> str:
    """Return the kind of boot disk that the GPU's machines take."""
    return "hyperdisk-balanced" if args["gpu"] in HYPERDISK_ONLY else "pd-balanced"


def _spec(args: GpuNodePoolArgs) -> dict[str, Any]:
    account = {"serviceAccount": args["service_account"]} if "service_account" in args else {}
    return {
        "imageSelectorTerms": [{"family": "ContainerOptimizedOS", "channel": "cluster"}],
        "gpuDriverVersion": "latest",
        "disks": [{"boot": True, "category": disk_type(args), "sizeGiB": args.get("disk_gib", DISK_GIB)}],
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": True, "enableVtpm": True},
        **account,
    }
