"""What every platform gives back for a pool of GPU nodes, and what it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import pulumi

from components.naming import object_name

GPU_TAINT = "nvidia.com/gpu"
GPU_RESOURCE = "nvidia.com/gpu"
PRODUCT_LABEL = "nvidia.com/gpu.product"  # set by GPU feature discovery
ZONE_LABEL = "topology.kubernetes.io/zone"
POOL_LABEL = "slipway/pool"
MIG_CONFIG = "nvidia.com/mig.config"  # the GPU operator's MIG manager divides the GPUs of a node by it
DRIVER = "gpu.nvidia.com"  # NVIDIA's DRA driver, whose attributes tell the devices apart
GPU_CLASS, MIG_CLASS = "gpu.nvidia.com", "mig.nvidia.com"
DISK_GIB = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """The devices that a pod claims (dynamic resource allocation): their class, and CEL that picks among them."""

    device_class: str
    selectors: Sequence[str] = ()


class TemplateArgs(TypedDict):
    """A template of Cluster API."""

    api_group: str
    """Its API group, like `infrastructure.cluster.x-k8s.io`."""
    kind: str
    """Its kind, like `AWSMachineTemplate`."""
    name: str
    """Its name."""


class GpuNodePoolArgs(TypedDict):
    """Nodes with the same GPUs, on any platform; each platform says in its module which of the keys it reads."""

    platform: str
    """`existing`, `karpenter`, `kapsule`, `gke`, `eks`, `aks` or `cluster-api`."""
    cloud: NotRequired[str]
    """`aws`, `azure` or `gcp`: whose nodes Karpenter makes; `aws` by default."""
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
    """The MIG profile that a server takes instead of a whole GPU, like `1g.10gb`."""
    mig_devices: NotRequired[int]
    """How many devices of that profile one GPU gives; 1 by default."""
    allocation: NotRequired[str]
    """How pods ask for GPUs: `device-plugin`, the default, or `dra`."""
    instance_types: NotRequired[list[str]]
    """The platform's instance types, any of which will do, the preferred one first."""
    cpus: NotRequired[int]
    """The vCPUs of one node, where they are known (cluster-api)."""
    memory_gib: NotRequired[int]
    """The memory of one node in GiB, where it is known (cluster-api)."""
    spot: NotRequired[bool]
    """Take interruptible nodes."""
    zones: NotRequired[list[str]]
    """The zones to take nodes from, as the nodes' label says them; none means any."""
    disk_gib: NotRequired[int]
    """The size of a node's disk in GiB; 150 by default, which holds vLLM's image and the caches of a server."""
    cluster_id: NotRequired[pulumi.Input[str]]
    """The cluster's id on its platform (kapsule)."""
    cluster_name: NotRequired[str]
    """The cluster's name: in its discovery tags (karpenter on AWS), else its own (gke, eks, aks, cluster-api)."""
    location: NotRequired[str]
    """The cluster's region or zone (gke)."""
    project: NotRequired[str]
    """The cluster's project (gke)."""
    resource_group: NotRequired[str]
    """The cluster's resource group (aks)."""
    subnets: NotRequired[list[str]]
    """The subnets of the nodes (eks; one for aks)."""
    node_role: NotRequired[str]
    """The IAM role of the nodes: its name (karpenter on AWS), or its ARN (eks)."""
    service_account: NotRequired[str]
    """The IAM service account of the nodes (gke, karpenter on GCP)."""
    ami_alias: NotRequired[str]
    """The machine image, like `al2023@v20261101` (karpenter on AWS)."""
    infrastructure: NotRequired[TemplateArgs]
    """The template of a node's machine (cluster-api)."""
    bootstrap: NotRequired[TemplateArgs]
    """The template of how a node joins (cluster-api)."""
    kubernetes_version: NotRequired[str]
    """The version of the nodes, like `v1.35.4` (cluster-api)."""
    namespace: NotRequired[str]
    """The namespace of the Cluster and its templates (cluster-api)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Where pods of the pool go, what they ask for, and the resources that make it."""

    node_selector: Mapping[str, str]
    tolerations: Sequence[Mapping[str, str]] = ()
    gpu_resource: str = GPU_RESOURCE
    devices: Devices | None = None  # where pods claim GPUs instead of asking for the resource
    zones: Sequence[str] = ()
    resources: Mapping[str, pulumi.Resource] = field(default_factory=dict)


def gpu_toleration() -> Mapping[str, str]:
    """Return the toleration of the taint that keeps pods without GPUs away from GPU nodes."""
    return {"key": GPU_TAINT, "operator": "Exists", "effect": "NoSchedule"}


def gpu_resource(args: GpuNodePoolArgs) -> str:
    """Return the resource name that pods ask for: whole GPUs, or MIG devices of one profile (strategy ``mixed``)."""
    profile = args.get("mig_profile", "")
    return f"nvidia.com/mig-{profile}" if profile else GPU_RESOURCE


def gpu_pool(
    args: GpuNodePoolArgs,
    node_selector: Mapping[str, str],
    *,
    tolerations: Sequence[Mapping[str, str]] = (),
    resources: Mapping[str, pulumi.Resource] | None = None,
) -> Pool:
    """Return what most platforms answer: the GPU taint tolerated besides theirs, and the device that was asked for."""
    return Pool(
        node_selector=node_selector,
        tolerations=(gpu_toleration(), *tolerations),
        gpu_resource=gpu_resource(args),
        devices=claimed(args),
        zones=tuple(args.get("zones", ())),
        resources=resources or {},
    )


def claimed(args: GpuNodePoolArgs) -> Devices | None:
    """Return which devices a pod claims; None where it asks for the device plugin's resource."""
    if args.get("allocation", "device-plugin") != "dra":
        return None
    profile, product = args.get("mig_profile", ""), args.get("gpu_product_label", "")
    selectors = []
    if product:  # the driver says the product with spaces where the label has hyphens
        selectors.append(f'device.attributes["{DRIVER}"].productName.replace(" ", "-") == "{product}"')
    if profile:
        selectors.append(f'device.attributes["{DRIVER}"].profile == "{profile}"')
    return Devices(device_class=MIG_CLASS if profile else GPU_CLASS, selectors=tuple(selectors))


def node_labels(name: str, args: GpuNodePoolArgs) -> dict[str, str]:
    """Return the labels of new nodes: their pool, and for the GPU operator how to divide their GPUs."""
    profile = args.get("mig_profile", "")
    return {POOL_LABEL: object_name(name), **({MIG_CONFIG: f"all-{profile}"} if profile else {})}


def instance_type(name: str, args: GpuNodePoolArgs) -> str:
    """Return the instance type of the nodes; raise RunError when none is known."""
    if types := args.get("instance_types"):
        return types[0]
    raise pulumi.RunError(
        f"node pool `{name}`: no instance type of platform `{args['platform']}` is known with "
        f"{args.get('gpus_per_node', 1)} x {args['gpu']}; set `instanceType`"
    )
