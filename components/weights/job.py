"""The prefetch Job: the only pod that reaches the Hub, and the only one that sees its token."""

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
from components.naming import PREFETCH
from components.weights.args import ModelWeightsArgs
from components.weights.manifest import Manifest
from components.weights.script import BASE, COMMAND, MANIFEST, items

MODELS = "/models"
TOKEN_FOLDER = "/run/secrets/huggingface"  # noqa: S105 - a path
GIVE_UP = 2  # the prefetch's exit status when trying again cannot help
RETRIES = 6
NEEDS = {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "256Mi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNames:
    """The names of the objects that the Job refers to."""

    claim: pulumi.Input[str]
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
            "spec": _pod(args, names, manifest, on_pool=on_pool),
        },
    }


def _pod(args: ModelWeightsArgs, names: JobNames, manifest: Manifest, *, on_pool: bool) -> PodSpecArgsDict:
    pod: PodSpecArgsDict = {
        "service_account_name": names.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": "Never",
        "security_context": pod_security(),
        "containers": [_container(args, manifest)],
        "volumes": _volumes(args, names),
    }
    if on_pool and "node_selector" in args:
        pod["node_selector"] = args["node_selector"]
    if on_pool and "tolerations" in args:
        pod["tolerations"] = cast("Any", args["tolerations"])  # plain dictionaries of the same keys
    if pull := args.get("image_pull_secrets"):
        pod["image_pull_secrets"] = [{"name": name} for name in pull]
    return pod


def _container(args: ModelWeightsArgs, manifest: Manifest) -> ContainerArgsDict:
    models: VolumeMountArgsDict = {"name": "models", "mount_path": MODELS}
    if "repository" not in args:
        models["read_only"] = True
    mounts: list[VolumeMountArgsDict] = [{"name": "config", "mount_path": BASE, "read_only": True}, models]
    if _has_token(args):
        mounts.append({"name": "token", "mount_path": TOKEN_FOLDER, "read_only": True})
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
        "SLIPWAY_MODE": "fetch" if "repository" in args else "verify",
        "SLIPWAY_TARGET": f"{MODELS}/{manifest.folder}".rstrip("/"),
    }
    if _has_token(args):
        values["HF_TOKEN_PATH"] = f"{TOKEN_FOLDER}/token"
    return list(environment(values))


def _volumes(args: ModelWeightsArgs, names: JobNames) -> list[VolumeArgsDict]:
    volumes: list[VolumeArgsDict] = [
        {"name": "config", "config_map": {"name": names.config_map, "items": items(MANIFEST), "default_mode": 0o444}},
        {"name": "models", "persistent_volume_claim": {"claim_name": names.claim}},
    ]
    if _has_token(args):
        secret = {"key": args.get("token_secret_key", "token"), "path": "token"}
        volumes.append(
            {
                "name": "token",
                "secret": {
                    "secret_name": args["token_secret_name"],
                    "default_mode": 0o440,
                    "items": [{"key": secret["key"], "path": secret["path"]}],
                },
            }
        )
    return volumes


def _has_token(args: ModelWeightsArgs) -> bool:
    return "repository" in args and "token_secret_name" in args
