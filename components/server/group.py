"""A replica that spans nodes: a LeaderWorkerSet whose leader serves, and whose workers run further stages of the model.

vLLM's own multiprocessing joins them: tensor parallel inside a node, pipeline parallel across. Each pod gets its rank
and the leader's address from LeaderWorkerSet 0.6 or newer, as variables of every container.

A worker serves no HTTP, so it has no probe: its process ends when one of its GPU processes does, a hung one fails the
leader's `/health` (VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS), and either restarts the whole group, since a lone pod can never
rejoin one that is running.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi_kubernetes.core.v1 import PodAffinityArgsDict, PodSpecArgsDict, PodTemplateSpecArgs

from components.naming import INSTANCE, MAX_NAME, NAME, SERVER, WORKER, digest, object_name
from components.pools.pool import ZONE_LABEL
from components.server import replicas, sizes
from components.server.args import VllmInferenceServiceArgs
from components.server.pod import WAIT, ServerNames, server_pod

API_VERSION = "leaderworkerset.x-k8s.io/v1"
KIND = "LeaderWorkerSet"
GROUP_KEY = "leaderworkerset.sigs.k8s.io/group-key"  # the same on all pods of one group, and on no others
REVISION = "leaderworkerset.sigs.k8s.io/template-revision-hash"
EXCLUSIVE = "leaderworkerset.sigs.k8s.io/exclusive-topology"
WAIT_FOR = "pulumi.com/waitFor"
RANK, LEADER = "$(LWS_WORKER_INDEX)", "$(LWS_LEADER_ADDRESS)"
ORDINALS = 16  # characters that LeaderWorkerSet and its StatefulSets add: two ordinals and a revision
WORKER_STOP = 60
_SERVING = ("ports", "startup_probe", "readiness_probe", "liveness_probe", "lifecycle")
_KEYS = ("api_key_secret_name", "api_key_secret_key", "api_key_checksum")


def nodes(args: VllmInferenceServiceArgs) -> int:
    """Return the nodes of one replica."""
    return args.get("nodes_per_replica", 1)


def group_name(model: str) -> str:
    """Return the LeaderWorkerSet's name: not the Service's, since a headless Service of its own name is made for it."""
    whole = object_name(model, "group")
    longest = MAX_NAME - ORDINALS
    return whole if len(whole) <= longest else f"{whole[: longest - 9].rstrip('-')}-{digest(whole)}"


def members(model: str) -> dict[str, Any]:
    """Return the selector of all pods of a model's groups, leaders and workers."""
    return {
        "match_labels": {NAME: "vllm", INSTANCE: model},
        "match_expressions": [
            {"key": "app.kubernetes.io/component", "operator": "In", "values": [SERVER, WORKER]},
        ],
    }


def annotations(args: VllmInferenceServiceArgs) -> dict[str, str]:
    """Return the LeaderWorkerSet's annotations: what Pulumi waits for, and where a group may stand."""
    exclusive = args.get("interconnect", {}).get("topology_key")
    return {WAIT_FOR: "condition=Available", **({EXCLUSIVE: exclusive} if exclusive else {})}


def group_spec(
    args: VllmInferenceServiceArgs,
    names: ServerNames,
    times: sizes.Times,
    templates: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the LeaderWorkerSet: ``templates`` is the metadata of leader and worker pods.

    The leader must not be waited for before the workers are made: it is ready only when they have joined it.
    """
    surge = replicas.surge(args)
    return {
        **replicas.fixed(args),
        "startupPolicy": "LeaderCreated",
        "rolloutStrategy": {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {"maxSurge": surge, "maxUnavailable": 1 - surge},
        },
        "networkConfig": {"subdomainPolicy": "Shared"},
        "leaderWorkerTemplate": {
            "size": nodes(args),
            "restartPolicy": "RecreateGroupOnPodRestart",
            "leaderTemplate": _template(leader_pod(args, names, times), templates[SERVER]),
            "workerTemplate": _template(worker_pod(args, names, times), templates[WORKER]),
        },
    }


def leader_pod(args: VllmInferenceServiceArgs, names: ServerNames, times: sizes.Times) -> PodSpecArgsDict:
    """Return the pod of rank 0, which serves: that of a replica on one node, and the way to the others."""
    pod = _joined(server_pod(args, names, times), args, times)
    spread = [
        {**cast("dict[str, Any]", each), "match_label_keys": [REVISION]}
        for each in cast("Sequence[Any]", pod.get("topology_spread_constraints", []))
    ]
    pod["topology_spread_constraints"] = cast("Any", spread)
    pod["affinity"] = cast("Any", {**cast("Any", pod["affinity"]), "pod_affinity": _near(names.model)})
    return pod


def worker_pod(args: VllmInferenceServiceArgs, names: ServerNames, times: sizes.Times) -> PodSpecArgsDict:
    """Return the pod of a further rank: it serves nothing, so it has no key, no port and no probe."""
    keyless = cast("VllmInferenceServiceArgs", {key: value for key, value in args.items() if key not in _KEYS})
    pod = _joined(server_pod(keyless, names, times), args, times)
    (container,) = cast("list[dict[str, Any]]", pod["containers"])
    for key in _SERVING:
        container.pop(key, None)
    container["name"] = WORKER
    container["args"] = [*container["args"], "--headless"]
    del pod["topology_spread_constraints"]
    pod["affinity"] = {"pod_affinity": _near(names.model)}
    pod["termination_grace_period_seconds"] = WORKER_STOP
    return pod


def _joined(pod: PodSpecArgsDict, args: VllmInferenceServiceArgs, times: sizes.Times) -> PodSpecArgsDict:
    """Add to both containers what joins them to the group; the composer waits for the leader's name to be known."""
    composer = cast("list[dict[str, Any]]", pod["init_containers"])[-1]
    (container,) = cast("list[dict[str, Any]]", pod["containers"])
    patience = times.load + args.get("weights_seconds", 0)
    wait = [{"name": "SLIPWAY_LEADER", "value": LEADER}, {"name": WAIT, "value": str(patience)}]
    composer["env"] = [*(each for each in composer["env"] if each["name"] != WAIT), *wait]
    container["args"] = [*container["args"], "--node-rank", RANK, "--master-addr", LEADER]
    container["env"] = [*container["env"], *_network(args)]
    if devices := args.get("interconnect", {}).get("resources"):
        amounts = pulumi.Output.from_input(container["resources"]["limits"]).apply(
            lambda limits: {**limits, **{name: str(count) for name, count in devices.items()}}
        )
        container["resources"] |= {"requests": amounts, "limits": amounts}
    return pod


def _network(args: VllmInferenceServiceArgs) -> list[dict[str, Any]]:
    own = {"name": "VLLM_HOST_IP", "value_from": {"field_ref": {"field_path": "status.podIP"}}}
    interface = args.get("interconnect", {}).get("interface")
    chosen = [{"name": name, "value": interface} for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")]
    return [own, *(chosen if interface else [])]


def _near(model: str) -> PodAffinityArgsDict:
    """Return the wish to put the pods of one group into one zone: every token crosses the network between them."""
    term = {
        "topology_key": ZONE_LABEL,
        "label_selector": {"match_labels": {NAME: "vllm", INSTANCE: model}},
        "match_label_keys": [GROUP_KEY],
    }
    return {
        "preferred_during_scheduling_ignored_during_execution": [
            {"weight": 100, "pod_affinity_term": cast("Any", term)}  # plain dictionaries of the same keys
        ]
    }


def _template(pod: PodSpecArgsDict, metadata: Mapping[str, Any]) -> PodTemplateSpecArgs:
    """Return a template that knows its keys, so that they reach the API server in its spelling."""
    return PodTemplateSpecArgs(metadata=cast("Any", metadata), spec=cast("Any", pod))
