"""Nodes by Cluster API: a MachineDeployment of given templates, which the cluster autoscaler sizes, also from zero.

The taint of the nodes comes from the bootstrap template: MachineDeployments hand taints on only behind a gate.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import object_name
from components.pools.pool import (
    DISK_GIB,
    DRIVER,
    GPU_TAINT,
    GpuNodePoolArgs,
    Pool,
    TemplateArgs,
    gpu_pool,
    gpu_resource,
)

GROUP = "cluster.x-k8s.io"
POOL_LABEL = "node.cluster.x-k8s.io/slipway-pool"  # labels of this domain are handed on to the nodes
AUTOSCALER = f"{GROUP}/cluster-api-autoscaler-node-group"
CAPACITY = "capacity.cluster-autoscaler.kubernetes.io"
TAINT = f"{GPU_TAINT}=present:NoSchedule"


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:
    """Make the MachineDeployment; raise RunError for a missing template or cluster, and for what it cannot do."""
    _check(name, args)
    least, most = args.get("min_nodes", 0), args.get("max_nodes", 1)
    metadata: dict[str, Any] = {
        "name": object_name(name),
        "namespace": args.get("namespace", "default"),
        "labels": {f"{GROUP}/cluster-name": args["cluster_name"]},
    }
    if most > least:
        metadata["annotations"] = {
            f"{AUTOSCALER}-min-size": str(least),
            f"{AUTOSCALER}-max-size": str(most),
            **_capacity(name, args),
        }
    made = CustomResource(
        f"{name}-machines",
        api_version=f"{GROUP}/v1beta2",
        kind="MachineDeployment",
        metadata=metadata,
        spec=_spec(name, args, {} if most > least else {"replicas": most}),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return gpu_pool(args, {POOL_LABEL: object_name(name)}, resources={"machines": made})


def _check(name: str, args: GpuNodePoolArgs) -> None:
    for key, setting in (
        ("cluster_name", "cluster.clusterName"),
        ("infrastructure", "machines.infrastructure"),
        ("bootstrap", "machines.bootstrap"),
    ):
        if key not in args:
            raise pulumi.RunError(f"node pool `{name}`: platform `cluster-api` needs `{setting}`")
    if args.get("spot", False):
        raise pulumi.RunError(f"node pool `{name}`: the infrastructure template decides on `spot`; set it there")
    if len(args.get("zones", ())) > 1:
        raise pulumi.RunError(f"node pool `{name}`: a MachineDeployment has one failure domain; leave one of `zones`")


def _spec(name: str, args: GpuNodePoolArgs, size: Mapping[str, int]) -> dict[str, Any]:
    labels = {POOL_LABEL: object_name(name), f"{GROUP}/cluster-name": args["cluster_name"]}
    machine: dict[str, Any] = {
        "clusterName": args["cluster_name"],
        "bootstrap": {"configRef": _reference(args["bootstrap"])},
        "infrastructureRef": _reference(args["infrastructure"]),
    }
    if "kubernetes_version" in args:
        machine["version"] = args["kubernetes_version"]
    if zones := args.get("zones"):
        machine["failureDomain"] = zones[0]
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    return {
        "clusterName": args["cluster_name"],
        **size,
        "selector": {"matchLabels": labels},
        "rollout": {"strategy": rolling},  # no GPU node more than there are
        "template": {"metadata": {"labels": labels}, "spec": machine},
    }


def _reference(template: TemplateArgs) -> dict[str, str]:
    return {"apiGroup": template["api_group"], "kind": template["kind"], "name": template["name"]}


def _capacity(name: str, args: GpuNodePoolArgs) -> dict[str, str]:
    """Return what the autoscaler has to know of a node that is not there yet."""
    known: dict[str, str] = {}
    if cpus := args.get("cpus"):
        known["cpu"] = str(cpus)
    if memory := args.get("memory_gib"):
        known["memory"] = f"{memory}Gi"
    claims = args.get("allocation", "device-plugin") == "dra"
    known |= {"dra-driver": DRIVER} if claims else {"gpu-type": gpu_resource(args)}
    known["gpu-count"] = str(args.get("gpus_per_node", 1) * args.get("mig_devices", 1))
    known["ephemeral-disk"] = f"{args.get('disk_gib', DISK_GIB)}Gi"
    known["labels"] = f"{POOL_LABEL}={object_name(name)}"
    known["taints"] = TAINT
    return {f"{CAPACITY}/{key}": value for key, value in known.items()}
