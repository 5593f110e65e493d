"""What every platform gives back for a pool of GPU nodes, and what it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import pulumi

GPU_TAINT = "nvidia.com/gpu"
GPU_RESOURCE = "nvidia.com/gpu"
PRODUCT_LABEL = "nvidia.com/gpu.product"  # set by GPU feature discovery
ZONE_LABEL = "topology.kubernetes.io/zone"
POOL_LABEL = "slipway/pool"


class GpuNodePoolArgs(TypedDict):
    """Nodes with the same GPUs, on any platform; each platform says in its module which of the keys it reads."""

    platform: str
    """`existing`, `karpenter` or `kapsule`."""
    gpu: str
    """The GPU's name in the catalogue, like `L4`."""
    gpus_per_node: NotRequired[int]
    """GPUs of one node; 1 by default."""
    min_nodes: NotRequired[int]
    """Nodes that stay when nothing runs; 0 by default."""
    max_nodes: NotRequired[int]
    """Nodes there may be; 1 by default."""
    gpu_product_label: NotRequired[str]
    """The value of `nvidia.com/gpu.product` on the nodes, like `NVIDIA-L4`."""
    node_selector: NotRequired[dict[str, str]]
    """Labels of existing nodes, instead of the product label."""
    mig_profile: NotRequired[str]
    """The MIG profile that one GPU of a replica stands for, like `1g.10gb`."""
    instance_types: NotRequired[list[str]]
    """The platform's instance types, any of which will do."""
    spot: NotRequired[bool]
    """Take interruptible nodes."""
    zones: NotRequired[list[str]]
    """The zones to take nodes from; none means any."""
    disk_gib: NotRequired[int]
    """The size of a node's disk in GiB; 150 by default, which holds vLLM's image and its caches."""
    cluster_id: NotRequired[pulumi.Input[str]]
    """The cluster's id on its platform (kapsule)."""
    cluster_name: NotRequired[str]
    """The cluster's name in its discovery tags (karpenter)."""
    node_role: NotRequired[str]
    """The IAM role of the nodes (karpenter)."""
    ami_alias: NotRequired[str]
    """The machine image, like `al2023@v20261101` (karpenter)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Where pods of the pool go, what they ask for, and the resources that make it."""

    node_selector: Mapping[str, str]
    tolerations: Sequence[Mapping[str, str]] = ()
    gpu_resource: str = GPU_RESOURCE
    zones: Sequence[str] = ()
    spare_nodes: bool = False  # the pool can grow, so that a rollout may take one GPU more
    resources: Mapping[str, pulumi.Resource] = field(default_factory=dict)


def gpu_toleration() -> Mapping[str, str]:
    """Return the toleration of the taint that keeps pods without GPUs away from GPU nodes."""
    return {"key": GPU_TAINT, "operator": "Exists", "effect": "NoSchedule"}


def gpu_resource(args: GpuNodePoolArgs) -> str:
    """Return the resource name that pods ask for: whole GPUs, or MIG devices of one profile (strategy ``mixed``)."""
    profile = args.get("mig_profile", "")
    return f"nvidia.com/mig-{profile}" if profile else GPU_RESOURCE
