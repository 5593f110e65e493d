"""The pod of a vLLM server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    KeyToPathArgsDict,
    PodAntiAffinityArgsDict,
    PodSpecArgsDict,
    ResourceRequirementsArgsDict,
    TopologySpreadConstraintArgsDict,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.hardening import TEMPORARY, container_security, environment, pod_security, quantity
from components.naming import SERVER, selector
from components.paths import METHODS
from components.pools.pool import GPU_RESOURCE, ZONE_LABEL
from components.server import probes, sizes, weights
from components.server.args import VllmInferenceServiceArgs
from components.server.arguments import PORT
from components.server.claims import CLAIM, is_claiming, pod_claims
from components.server.environment import (
    BODY_MIB,
    CACHE,
    CACHES,
    GUARD,
    MEDIA_BODY_MIB,
    MODELS,
    guard_environment,
    server_environment,
)
from components.telemetry.logs import LOG_CONFIG

BASE = "/etc/slipway"
RUN = "/run/slipway"
KEYS = "/run/secrets/slipway"
CONFIG = f"{RUN}/config.yaml"
COMPOSER_NEEDS = {"cpu": "500m", "memory": "128Mi", "ephemeral-storage": "64Mi"}
WAIT = "SLIPWAY_WAIT"  # seconds
HOST_LABEL = "kubernetes.io/hostname"
GUARD_FILE = "slipway_guard.py"
MARKER = ".slipway/complete.json"  # written by the prefetch at the root of the volume


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNames:
    """The names of the objects that the pod refers to."""

    model: str
    config_map: pulumi.Input[str]
    service_account: pulumi.Input[str]


def server_pod(args: VllmInferenceServiceArgs, names: ServerNames, times: sizes.Times) -> PodSpecArgsDict:
    """Return the pod: an init container that composes the config file, and the server that reads it."""
    pod: PodSpecArgsDict = {
        "service_account_name": names.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(),
        "init_containers": [*weights.comparison(args), _composer(args)],
        "containers": [_server(args, times)],
        "volumes": _volumes(args, names),
        "termination_grace_period_seconds": times.stop,
        "topology_spread_constraints": _spread(names.model),
        "affinity": {"pod_anti_affinity": _apart(names.model)},
        "restart_policy": "Always",
    }
    if "node_selector" in args:
        pod["node_selector"] = args["node_selector"]
    if "tolerations" in args:
        pod["tolerations"] = cast("Any", args["tolerations"])  # plain dictionaries of the same keys
    if is_claiming(args):
        pod["resource_claims"] = pod_claims(names.model, args)
    if priority := args.get("priority_class"):
        pod["priority_class_name"] = priority
    if runtime := args.get("runtime_class"):
        pod["runtime_class_name"] = runtime
    if pull := args.get("image_pull_secrets"):
        pod["image_pull_secrets"] = [{"name": name} for name in pull]
    return pod


def _composer(args: VllmInferenceServiceArgs) -> ContainerArgsDict:
    mounts: list[VolumeMountArgsDict] = [
        {"name": "config", "mount_path": BASE, "read_only": True},
        {"name": "run", "mount_path": RUN},
        {"name": "cache", "mount_path": CACHE},
    ]
    values = {
        "SLIPWAY_ARGUMENTS": f"{BASE}/args.yaml",
        "SLIPWAY_CONFIG": CONFIG,
        "SLIPWAY_FOLDERS": " ".join(f"{CACHE}/{folder}" for folder in sorted(CACHES.values())),
    }
    if seconds := args.get("weights_seconds", 0):
        values[WAIT] = str(seconds)
    if "api_key_secret_name" in args:
        values["SLIPWAY_KEYS"] = KEYS
        mounts.append({"name": "keys", "mount_path": KEYS, "read_only": True})
    variables = list(environment(values))
    if "manifest_digest" in args:
        mounts.append({"name": "models", "mount_path": MODELS, "read_only": True})
        variables.append({"name": "SLIPWAY_DIGEST", "value": args["manifest_digest"]})
        variables.append({"name": "SLIPWAY_MARKER", "value": _marker(args["model_path"])})
    return {
        "name": "compose",
        "image": args["image"],
        "image_pull_policy": "Always",
        "command": ["python3", "-I", f"{BASE}/compose.py"],
        "env": variables,
        "resources": {"requests": COMPOSER_NEEDS, "limits": COMPOSER_NEEDS},
        "security_context": container_security(read_only_root=args.get("read_only_root_filesystem", True)),
        "volume_mounts": mounts,
    }


def _marker(model_path: pulumi.Input[str]) -> pulumi.Output[str]:
    return pulumi.Output.concat(MODELS, "/", model_path, "/", MARKER)


def model_folder(model_path: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return where the server finds the model; the path inside the claim may be empty."""
    return pulumi.Output.from_input(model_path).apply(lambda path: f"{MODELS}/{path}".rstrip("/"))


def _server(args: VllmInferenceServiceArgs, times: sizes.Times) -> ContainerArgsDict:
    return {
        "name": SERVER,
        "image": args["image"],
        "image_pull_policy": "Always",
        "command": ["vllm", "serve"],
        "args": [model_folder(args["model_path"]), "--config", CONFIG],
        "env": environment(_environment(args, times)),
        "ports": [{"name": probes.HTTP, "container_port": PORT, "protocol": "TCP"}],
        "startup_probe": probes.startup(times.load),
        "readiness_probe": probes.readiness(),
        "liveness_probe": probes.liveness(),
        "lifecycle": probes.lifecycle(),
        "resources": _resources(args),
        "security_context": container_security(read_only_root=args.get("read_only_root_filesystem", True)),
        "volume_mounts": [
            {"name": "models", "mount_path": MODELS, "read_only": True},
            {"name": "guard", "mount_path": GUARD, "read_only": True},
            {"name": "config", "mount_path": BASE, "read_only": True},
            {"name": "run", "mount_path": RUN, "read_only": True},
            {"name": "cache", "mount_path": CACHE},
            {"name": "temporary", "mount_path": TEMPORARY},
            {"name": "shared-memory", "mount_path": "/dev/shm"},  # noqa: S108 - a volume of the pod alone
        ],
    }


def _environment(args: VllmInferenceServiceArgs, times: sizes.Times) -> dict[str, str]:
    logs = {"VLLM_LOGGING_CONFIG_PATH": f"{BASE}/{LOG_CONFIG}"} if args.get("log_format", "text") == "json" else {}
    return {**server_environment(times.load), **_guard(args), **logs}


def _guard(args: VllmInferenceServiceArgs) -> dict[str, str]:
    most = MEDIA_BODY_MIB if args.get("multimodal", False) else BODY_MIB
    return guard_environment(args.get("endpoints", list(METHODS)), args.get("max_body_mib", most))


def _resources(args: VllmInferenceServiceArgs) -> ResourceRequirementsArgsDict:
    gpus = args.get("tensor_parallel_size", 1)
    held = sizes.memory(gpus, multimodal=args.get("multimodal", False), adapters=args.get("adapter_bytes", 0))
    memory = quantity(held)
    amounts: pulumi.Input[dict[str, str]] = pulumi.Output.from_input(args.get("gpu_resource", GPU_RESOURCE)).apply(
        lambda resource: {
            "cpu": args.get("cpu", str(sizes.cpus(gpus))),
            "memory": args.get("memory", memory),
            "ephemeral-storage": quantity(sizes.disk()),
            **({} if is_claiming(args) else {resource: str(gpus)}),
        }
    )
    claims: ResourceRequirementsArgsDict = {"claims": [{"name": CLAIM}]} if is_claiming(args) else {}
    return {**claims, "requests": amounts, "limits": amounts}


def _volumes(args: VllmInferenceServiceArgs, names: ServerNames) -> Sequence[VolumeArgsDict]:
    gpus = args.get("tensor_parallel_size", 1)
    guard: KeyToPathArgsDict = {"key": GUARD_FILE, "path": GUARD_FILE}
    volumes: list[VolumeArgsDict] = [
        *weights.volumes(args),
        {"name": "config", "config_map": {"name": names.config_map, "default_mode": 0o444}},
        {"name": "guard", "config_map": {"name": names.config_map, "default_mode": 0o444, "items": [guard]}},
        {"name": "run", "empty_dir": {"medium": "Memory", "size_limit": quantity(sizes.CONFIG_DISK)}},
        {"name": "cache", "empty_dir": {"size_limit": quantity(sizes.CACHE_DISK)}},
        {"name": "temporary", "empty_dir": {"size_limit": quantity(sizes.TEMPORARY_DISK)}},
        {"name": "shared-memory", "empty_dir": {"medium": "Memory", "size_limit": quantity(sizes.shared_memory(gpus))}},
    ]
    if "api_key_secret_name" in args:
        entries = pulumi.Output.from_input(args.get("api_key_secret_key", "")).apply(
            lambda key: [{"key": key, "path": key}] if key else None
        )
        volumes.append(
            {
                "name": "keys",
                "secret": {
                    "secret_name": args["api_key_secret_name"],
                    "default_mode": 0o440,
                    "items": cast("Any", entries),  # none means every entry
                },
            }
        )
    return volumes


def _spread(model: str) -> Sequence[TopologySpreadConstraintArgsDict]:
    """Return the wish to put replicas on different nodes and zones, which never keeps one from running."""
    return [
        {
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": selector(model, SERVER)},
            "match_label_keys": ["pod-template-hash"],
        }
        for key in (HOST_LABEL, ZONE_LABEL)
    ]


def _apart(model: str) -> PodAntiAffinityArgsDict:
    """Return the same wish for nodes, in the older words that schedulers and scanners of every version know."""
    term = {"topology_key": HOST_LABEL, "label_selector": {"match_labels": selector(model, SERVER)}}
    return {
        "preferred_during_scheduling_ignored_during_execution": [
            {"weight": 100, "pod_affinity_term": cast("Any", term)}  # plain dictionaries of the same keys
        ]
    }
