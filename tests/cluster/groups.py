"""What LeaderWorkerSet's controllers make of one replica, as their documentation says, since they do not run here.

A leader's StatefulSet, one of its workers, a headless Service, and the labels and variables by which the members of a
group know each other. It is a stand-in: it makes pods once, and restarts, updates and deletes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "leaderworkerset.sigs.k8s.io"
SET, INDEX, MEMBER = f"{PREFIX}/name", f"{PREFIX}/group-index", f"{PREFIX}/worker-index"
KEY, REVISION = f"{PREFIX}/group-key", f"{PREFIX}/template-revision-hash"


def group(made: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the objects of the first replica of a LeaderWorkerSet of two nodes."""
    metadata, template = made["metadata"], made["spec"]["leaderWorkerTemplate"]
    name, namespace = metadata["name"], metadata["namespace"]
    common = {SET: name, INDEX: "0", KEY: "0123456789", REVISION: "abcdef"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": {SET: name}},
        "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {SET: name}},
    }
    leader = _members(name, namespace, name, template["leaderTemplate"], {**common, MEMBER: "0"}, template["size"])
    workers = _members(
        f"{name}-0", namespace, name, template["workerTemplate"], {**common, MEMBER: "1"}, template["size"]
    )
    workers["spec"]["ordinals"] = {"start": 1}
    return [service, leader, workers]


def _members(  # noqa: PLR0917 - one internal form of two calls
    name: str, namespace: str, service: str, template: Mapping[str, Any], labels: Mapping[str, str], size: int
) -> dict[str, Any]:
    variables = [
        {"name": "LWS_LEADER_ADDRESS", "value": f"{service}-0.{service}.{namespace}"},
        {"name": "LWS_GROUP_SIZE", "value": str(size)},
        {"name": "LWS_WORKER_INDEX", "value": labels[MEMBER]},
    ]
    spec = dict(template["spec"])
    for key in ("containers", "initContainers"):
        spec[key] = [{**each, "env": [*variables, *each.get("env", [])]} for each in spec[key]]
    metadata = {**template["metadata"], "labels": {**template["metadata"]["labels"], **labels}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": namespace, "labels": {SET: service}},
        "spec": {
            "serviceName": service,
            "replicas": 1,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": metadata, "spec": spec},
        },
    }
