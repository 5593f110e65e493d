"""Fake nodes, with the labels, taints and amounts that real ones of their platform have."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from validation.fit.catalogue import GIB, load_instances

GPU = "nvidia.com/gpu"
PRODUCT = "nvidia.com/gpu.product"
GPU_TAINT = {"key": GPU, "value": "present", "effect": "NoSchedule"}
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
RESERVED = 0.9  # of CPU and memory, what the kubelet leaves to pods at least


def node(
    name: str,
    labels: Mapping[str, str],
    gpus: int = 0,
    *,
    resource: str = GPU,
    cpus: float = 16,
    memory_gib: float = 128,
    taints: Sequence[Mapping[str, str]] | None = None,
) -> Mapping[str, Any]:
    """Return a node for kwok; one with GPUs has the taint that keeps others away, unless ``taints`` are given."""
    amounts = {
        "cpu": f"{int(cpus * 1000)}m",
        "memory": f"{int(memory_gib * 1024)}Mi",
        "ephemeral-storage": "500Gi",
        "pods": "110",
    }
    if gpus:
        amounts[resource] = str(gpus)
    chosen = taints if taints is not None else [GPU_TAINT] * bool(gpus)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "type": "kwok", **labels}},
        "spec": {"taints": [dict(each) for each in chosen]},
        "status": {"allocatable": amounts, "capacity": amounts},
    }


def standing_nodes() -> Sequence[Mapping[str, Any]]:
    """Return the nodes that are always there: two with an L4 each, one with GPUs that nobody asks for, one without."""
    l4 = [node(f"l4-{number}", {PRODUCT: "NVIDIA-L4"}, 1) for number in range(2)]
    return [*l4, node("a100-0", {PRODUCT: "NVIDIA-A100-SXM4-80GB"}, 8), node("cpu-0", {})]


def karpenter_nodes(objects: Iterable[Mapping[str, Any]], counts: Mapping[str, int]) -> Sequence[Mapping[str, Any]]:
    """Return the nodes that Karpenter would start for the NodePools among the objects, so many of each pool.

    They have the pool's labels and taints, and of their instance type what the kubelet leaves to pods.
    """
    pools = {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "NodePool"}
    return [_karpenter_node(pool, pools[pool], number) for pool, count in counts.items() for number in range(count)]


def _karpenter_node(pool: str, spec: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    template = spec["template"]
    wanted = {each["key"]: each["values"][0] for each in template["spec"]["requirements"] if each["operator"] == "In"}
    instance = next(each for each in load_instances() if each.type == wanted[INSTANCE_TYPE])
    return node(
        f"karpenter-{pool}-{number}",  # not the name of a standing node, which an apply would take over
        {"karpenter.sh/nodepool": pool, **wanted, **template["metadata"]["labels"]},
        instance.gpus,
        cpus=instance.vcpus * RESERVED,
        memory_gib=instance.memory / GIB * RESERVED,
        taints=template["spec"]["taints"],
    )
