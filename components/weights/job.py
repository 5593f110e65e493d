"""The Job that fetches or verifies a model's files: of a volume's pods the only one that sees the Hub or its token."""

from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi_kubernetes.batch.v1 import JobSpecArgsDict
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvVarArgsDict,
    PodSpecArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.hardening import container_security, environment, pod_security
from components.naming import INSTANCE, PREFETCH, SERVER, selector
from components.weights import token
from components.weights.args import ModelWeightsArgs
from components.weights.manifest import Manifest
from components.weights.mount import MODELS, VOLUME
from components.weights.script import BASE, COMMAND, MANIFEST, items

HOST_LABEL = "kubernetes.io/hostname"
GIVE_UP = 2  # the prefetch's exit status when trying again cannot help
RETRIES = 6
NEEDS = {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "256Mi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNames:
    """The names of the objects that the Job refers to, and the volume of the files."""

    models: VolumeArgsDict
    config_map: pulumi.Input[str]
    service_account: pulumi.Input[str]


def job_spec(
    args: ModelWeightsArgs, names: JobNames, manifest: Manifest, labels: dict[str, str], *, on_pool: bool
) -> JobSpecArgsDict:
    """Return the Job; ``on_pool`` puts it on the servers' nodes, where a volume for one node has to be made."""
    return {
        "backoff_limit": RETRIES,
        "completions": 1,
        "parallelism": 1,
        "active_deadline_seconds": manifest.seconds,
        "pod_failure_policy": {
            "rules": [
                {
                    "action": "FailJob",
                    "on_exit_codes": {"container_name": PREFETCH, "operator": "In", "values": [GIVE_UP]},
                },
                {"action": "Ignore", "on_pod_conditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "template": {
            "metadata": {
                "labels": labels,
                "annotations": {
                    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                    "karpenter.sh/do-not-disrupt": "true",
                },
            },
            "spec": _pod(args, names, manifest, near=labels[INSTANCE] if on_pool else ""),
        },
    }


def _pod(args: ModelWeightsArgs, names: JobNames, manifest: Manifest, *, near: str) -> PodSpecArgsDict:
    """Return the pod; ``near`` is the model whose servers' nodes it belongs on, empty for any node."""
    pod: PodSpecArgsDict = {
        "service_account_name": names.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": "Never",
        "security_context": pod_security(),
        "containers": [_container(args, manifest)],
        "volumes": _volumes(args, names),
    }
    if near and "weights_image" not in args:
        pod["affinity"] = {"pod_affinity": cast("Any", _beside(near))}  # a plain dictionary of the same keys
    if near and "node_selector" in args:
        pod["node_selector"] = args["node_selector"]
    if near and "tolerations" in args:
        pod["tolerations"] = cast("Any", args["tolerations"])  # plain dictionaries of the same keys
    if pull := args.get("image_pull_secrets"):
        pod["image_pull_secrets"] = [{"name": name} for name in pull]
    return pod


def _beside(model: str) -> dict[str, Any]:
    """Return the wish for the node of the model's server: while that one runs, no other node mounts its volume."""
    term = {"topology_key": HOST_LABEL, "label_selector": {"match_labels": selector(model, SERVER)}}
    return {"preferred_during_scheduling_ignored_during_execution": [{"weight": 100, "pod_affinity_term": term}]}


def _container(args: ModelWeightsArgs, manifest: Manifest) -> ContainerArgsDict:
    models: VolumeMountArgsDict = {"name": VOLUME, "mount_path": MODELS}
    if not fetches(args):
        models["read_only"] = True
    mounts: list[VolumeMountArgsDict] = [{"name": "config", "mount_path": BASE, "read_only": True}, models]
    if _has_token(args):
        mounts.append(token.mount())
    return {
        "name": PREFETCH,
        "image": args.get("image", ""),
        "image_pull_policy": "Always",
        "command": COMMAND,
        "working_dir": BASE,
        "env": _variables(args, manifest),
        "resources": {"requests": NEEDS, "limits": NEEDS},
        "security_context": container_security(read_only_root=args.get("read_only_root_filesystem", True)),
        "volume_mounts": mounts,
    }


def _variables(args: ModelWeightsArgs, manifest: Manifest) -> list[EnvVarArgsDict]:
    values = {
        "SLIPWAY_MANIFEST": f"{BASE}/{MANIFEST}",
        "SLIPWAY_MODE": _mode(args),
        "SLIPWAY_TARGET": f"{MODELS}/{manifest.folder}".rstrip("/"),
    }
    if _has_token(args):
        values[token.VARIABLE] = token.PATH
    return list(environment(values))


def _volumes(args: ModelWeightsArgs, names: JobNames) -> list[VolumeArgsDict]:
    volumes: list[VolumeArgsDict] = [
        {"name": "config", "config_map": {"name": names.config_map, "items": items(MANIFEST), "default_mode": 0o444}},
        names.models,
    ]
    if _has_token(args):
        volumes.append(token.volume(args["token_secret_name"], args.get("token_secret_key", token.KEY)))
    return volumes


def fetches(args: ModelWeightsArgs) -> bool:
    """Return whether the Job brings the files; those of an image or of a claim without a Hub it only reads."""
    return "repository" in args and "weights_image" not in args


def _mode(args: ModelWeightsArgs) -> str:
    if "weights_image" in args:
        return "prove"
    return "fetch" if fetches(args) else "verify"


def _has_token(args: ModelWeightsArgs) -> bool:
    return fetches(args) and "token_secret_name" in args
