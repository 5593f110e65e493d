"""From the stack's node pools to their components: instance types, disks, and who makes them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes

from components.hardening import GIB
from components.pools.disk import node_disk_gib
from components.pools.pool import GpuNodePoolArgs, Pool, TemplateArgs
from components.server import sizes
from components.weights.disk import node_disk
from deployment import adapters
from deployment.files import needed
from deployment.reporting import stated
from stacks.infrastructure import NodePool
from stacks.model import Model
from stacks.platform import Platform, Template
from stacks.settings import Settings
from validation.fit.catalogue import Instance, UnknownGpu, find_gpu, find_instances, mig_devices
from validation.fit.offer import count_problem, gpu_problem, known_type
from validation.fit.parallel import Obstacle
from validation.report import Report

OWN_CPUS = 1  # of a node, for the kubelet and the pods of the cluster itself
OWN_SHARE = 0.1  # of a node's memory, for the same
OWN_MEMORY = 2 * GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the servers of a full node take: how many they are, their vCPUs and bytes of memory."""

    servers: int = 1
    cpus: int = 0
    memory: int = 0

    def fits(self, instance: Instance) -> bool:
        """Return whether a node of this instance type holds them beside what it needs itself."""
        memory = instance.memory * (1 - OWN_SHARE) - OWN_MEMORY
        return instance.vcpus >= self.cpus + OWN_CPUS and memory >= self.memory


def providers(settings: Settings, cluster: kubernetes.Provider) -> pulumi.ResourceOptions:
    """Return where the pools' objects go: Cluster API's to the management cluster, where the stack names one."""
    context, folder = settings.cluster.management_context, settings.cluster.render_to
    if context is None:
        return pulumi.ResourceOptions(providers=[cluster])
    management = kubernetes.Provider(
        "management", context=context, render_yaml_to_directory=f"{folder}/management" if folder else None
    )
    return pulumi.ResourceOptions(providers=[management])


def all_pools(
    settings: Settings, checked: Sequence[tuple[Model, Report]], refused: Collection[str]
) -> dict[str, GpuNodePoolArgs]:
    """Return every pool by its name, without those that cannot be where a refused model of it has told so already."""
    told = {model.pool for model, _ in checked if model.name in refused}
    found = {}
    for wished in settings.node_pools:
        try:
            found[wished.name] = pool(settings, wished, checked)
        except pulumi.RunError:
            if wished.name not in told:
                raise
    return found


def pool(settings: Settings, wished: NodePool, checked: Sequence[tuple[Model, Report]]) -> GpuNodePoolArgs:
    """Return one pool of GPU nodes for the models on it, with the GPU's product label and the platform's types.

    Raise RunError for a GPU that is not in the catalogue, or that the platform has not.
    """
    try:
        gpu = find_gpu(wished.gpu)
        devices = mig_devices(gpu.name, wished.mig_profile) if wished.mig_profile else 1
    except UnknownGpu as error:
        raise pulumi.RunError(f"pool `{wished.name}`: {error}") from None
    mine = [each for each in checked if each[0].pool == wished.name]
    load = node_load(wished.gpus_per_node * devices, mine)
    args = GpuNodePoolArgs(
        platform=settings.cluster.platform.value,
        gpu=gpu.name,
        gpus_per_node=wished.gpus_per_node,
        min_nodes=wished.min_nodes,
        max_nodes=wished.max_nodes,
        gpu_product_label=gpu.product_label,
        instance_types=instance_types(settings, wished, load),
        spot=wished.spot,
        zones=list(wished.zones),
        allocation=wished.allocation.value,
        disk_gib=wished.disk_gib or node_disk_gib(load.servers, sum(kept(*each) for each in mine)),
    )
    optional = {**_node(wished, devices), **_cluster(settings)}
    return cast("GpuNodePoolArgs", {**args, **stated(optional)})


def devices(made: Pool) -> dict[str, Any]:
    """Return what the servers claim of a pool; nothing where they ask for the device plugin's resource."""
    if made.devices is None:
        return {}
    return {"device_class": made.devices.device_class, "device_selectors": list(made.devices.selectors)}


def node_load(gpus: int, checked: Iterable[tuple[Model, Report]]) -> Load:
    """Return the most that servers of one model take on a node with so many GPUs or MIG devices."""
    loads = [Load()]
    for model, report in checked:
        mine = model.gpus_per_replica
        servers = max(1, gpus // mine)
        multimodal = bool(report.prediction and report.prediction.multimodal)
        memory = sizes.memory(mine, multimodal=multimodal, adapters=adapters.size(report))
        loads.append(Load(servers=servers, cpus=servers * sizes.cpus(mine), memory=servers * memory))
    return Load(
        servers=max(each.servers for each in loads),
        cpus=max(each.cpus for each in loads),
        memory=max(each.memory for each in loads),
    )


def kept(model: Model, report: Report) -> int:
    """Return the bytes that a model's weights take on the disk of each node of its pool."""
    return node_disk(model.weights.store.value, sum(file["size"] for file in needed(model, report)))


def instance_types(settings: Settings, wished: NodePool, load: Load) -> list[str]:
    """Return the types of nodes that hold a full node's servers, cheapest first; else the largest there is.

    Raise RunError where the platform has no such nodes; a pool that models use is told by rules before.
    """
    if wished.instance_type:
        return [wished.instance_type]
    provider, gpus = settings.cluster.provider, wished.gpus_per_node
    if not provider:
        return []
    known = find_instances(wished.gpu, gpus, provider)
    if not known and settings.cluster.platform is not Platform.KARPENTER:
        problem = gpu_problem(wished.gpu, provider) or count_problem(wished.gpu, gpus, provider) or Obstacle(message="")
        raise pulumi.RunError(f"pool `{wished.name}`: {problem.message}; {problem.help}")
    fitting = [each.type for each in known if load.fits(each)]
    largest = [each.type for each in sorted(known, key=lambda each: -each.vcpus)[:1]]
    return list(dict.fromkeys(fitting or largest))


def _node(wished: NodePool, devices: int) -> dict[str, Any]:
    instance = known_type(wished.instance_type) if wished.instance_type else None
    return {
        "node_selector": wished.node_selector,
        "mig_profile": wished.mig_profile,
        "mig_devices": devices if devices > 1 else None,
        "cpus": wished.vcpus_per_node or (instance.vcpus if instance else None),
        "memory_gib": wished.memory_gib_per_node or (instance.memory // GIB if instance else None),
        "infrastructure": _template(wished.machines.infrastructure) if wished.machines else None,
        "bootstrap": _template(wished.machines.bootstrap) if wished.machines else None,
    }


def _cluster(settings: Settings) -> dict[str, Any]:
    cluster = settings.cluster
    return {
        "cloud": cluster.provider if cluster.platform is Platform.KARPENTER else None,
        "cluster_id": cluster.cluster_id,
        "cluster_name": cluster.cluster_name,
        "location": cluster.location,
        "project": cluster.project,
        "resource_group": cluster.resource_group,
        "subnets": list(cluster.subnets),
        "node_role": cluster.node_role,
        "service_account": cluster.service_account,
        "ami_alias": cluster.ami_alias,
        "kubernetes_version": cluster.kubernetes_version,
        "namespace": cluster.management_namespace,
    }


def _template(template: Template) -> TemplateArgs:
    return {"api_group": template.api_group, "kind": template.kind, "name": template.name}
