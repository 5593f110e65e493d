"""The DaemonSet that fills each node: its first container fetches and sweeps, the second only says what is there.

The token is mounted in the first one alone. The network policy is the pod's, so the second could call out too: it has
nothing to send, and does nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi_kubernetes.apps.v1 import DaemonSetSpecArgsDict
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    PodSpecArgsDict,
    ProbeArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
    VolumeProjectionArgsDict,
)

from components.cache.args import NodeCacheArgs
from components.hardening import container_security, environment, pod_security
from components.naming import PREFETCH
from components.weights import token
from components.weights.mount import MODELS, VOLUME, claimed
from components.weights.script import BASE, COMMAND, MANIFEST, items

MANIFESTS = f"{BASE}/models"
NEEDS = {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "256Mi"}
HOLDS = {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"}
PERIOD = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonNames:
    """The names of the objects that the DaemonSet refers to; the lists of files by model's name."""

    claim: pulumi.Input[str]
    script: pulumi.Input[str]
    manifests: dict[str, pulumi.Input[str]]
    service_account: pulumi.Input[str]


def daemon_spec(
    args: NodeCacheArgs, names: DaemonNames, labels: dict[str, str], selector: dict[str, str]
) -> DaemonSetSpecArgsDict:
    """Return the DaemonSet; all nodes are filled at once, since no server stops while that goes on."""
    return {
        "selector": {"match_labels": selector},
        "update_strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 0, "max_unavailable": "100%"}},
        "revision_history_limit": 5,
        "template": {"metadata": {"labels": labels}, "spec": _pod(args, names)},
    }


def _pod(args: NodeCacheArgs, names: DaemonNames) -> PodSpecArgsDict:
    pod: PodSpecArgsDict = {
        "service_account_name": names.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": "Always",
        "security_context": pod_security(),
        "node_selector": args["node_selector"],
        "init_containers": [_filler(args)],
        "containers": [_holder(args)],
        "volumes": _volumes(args, names),
        "termination_grace_period_seconds": 10,
    }
    if "tolerations" in args:
        pod["tolerations"] = cast("Any", args["tolerations"])  # plain dictionaries of the same keys
    if pull := args.get("image_pull_secrets"):
        pod["image_pull_secrets"] = [{"name": name} for name in pull]
    return pod


def _filler(args: NodeCacheArgs) -> ContainerArgsDict:
    """Return the only container of the store that reaches the Hub, sees its token, or writes on the disk."""
    mounts: list[VolumeMountArgsDict] = [
        {"name": "config", "mount_path": BASE, "read_only": True},
        {"name": VOLUME, "mount_path": MODELS},
    ]
    variables = _variables(args)
    if "token_secret_name" in args:
        mounts.append(token.mount())
        variables[token.VARIABLE] = token.PATH
    return {
        **_container(PREFETCH, args),
        "command": [*COMMAND, "fill"],
        "env": environment(variables),
        "resources": {"requests": NEEDS, "limits": NEEDS},
        "volume_mounts": mounts,
    }


def _holder(args: NodeCacheArgs) -> ContainerArgsDict:
    return {
        **_container("hold", args),
        "command": [*COMMAND, "hold"],
        "env": environment(_variables(args)),
        "readiness_probe": _probe("ready", failures=1),
        "liveness_probe": _probe("alive", failures=3),
        "resources": {"requests": HOLDS, "limits": HOLDS},
        "volume_mounts": [
            {"name": "config", "mount_path": BASE, "read_only": True},
            {"name": VOLUME, "mount_path": MODELS, "read_only": True},
        ],
    }


def _container(name: str, args: NodeCacheArgs) -> ContainerArgsDict:
    return {
        "name": name,
        "image": args["image"],
        "image_pull_policy": "Always",
        "working_dir": BASE,
        "security_context": container_security(read_only_root=args.get("read_only_root_filesystem", True)),
    }


def _variables(args: NodeCacheArgs) -> dict[str, str]:
    return {
        "SLIPWAY_CACHE": f"{MODELS}/{args['folder']}",
        "SLIPWAY_MANIFESTS": MANIFESTS,
        "SLIPWAY_MODELS": " ".join(sorted(each["name"] for each in args.get("models", []))),
    }


def _probe(mode: str, *, failures: int) -> ProbeArgsDict:
    return {
        "exec_": {"command": [*COMMAND, mode]},
        "period_seconds": PERIOD,
        "timeout_seconds": 20,
        "failure_threshold": failures,
        "success_threshold": 1,
    }


def _volumes(args: NodeCacheArgs, names: DaemonNames) -> Sequence[VolumeArgsDict]:
    """Return the disk, the token, and in one folder the prefetch's modules and every model's list of files."""
    sources: list[VolumeProjectionArgsDict] = [{"config_map": {"name": names.script, "items": items()}}]
    for model in sorted(names.manifests):
        entry = {"key": MANIFEST, "path": f"models/{model}/{MANIFEST}"}
        sources.append(
            {"config_map": {"name": names.manifests[model], "items": [{"key": entry["key"], "path": entry["path"]}]}}
        )
    volumes: list[VolumeArgsDict] = [
        {"name": "config", "projected": {"default_mode": 0o444, "sources": sources}},
        claimed(names.claim),
    ]
    if "token_secret_name" in args:
        volumes.append(token.volume(args["token_secret_name"], args.get("token_secret_key", token.KEY)))
    return volumes
