"""What is rendered runs on a real API server: admitted, scheduled, rolled, protected, and gone when deleted."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, config, ready
from tests.cluster.control_plane import ControlPlane, as_list, until
from tests.cluster.eviction import budget, evict
from tests.cluster.inventory import everything, settled, state
from tests.hub.fixtures import tiny_chat, tiny_chat_files
from tests.hub.server import Hub

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
VERSION = "app.kubernetes.io/version"
SHARED = {"replicas": {"min": 2}, "weights": {"accessMode": "ReadWriteMany"}}


def pods(cluster: ControlPlane, model: str) -> list[Any]:
    """Return the server pods of one model."""
    chosen = f"app.kubernetes.io/instance={model},app.kubernetes.io/component=server"
    items: list[Any] = cluster.get("pods", "-n", NAMESPACE, "-l", chosen)["items"]
    return items


def test_a_stack_is_admitted_without_a_warning_and_becomes_available_on_the_right_nodes(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Pod Security, schemas and the scheduler all take what was rendered, and the pods stand on the GPU nodes."""
    warnings = deploy(render(config(tiny={})))
    ready(cluster, "tiny", 1)

    assert warnings == []
    assert {each["spec"]["nodeName"][:3] for each in pods(cluster, "tiny")} == {"l4-"}


@pytest.mark.admission
def test_the_namespace_enforces_pod_security_restricted(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """A pod that asks for more than `restricted` allows is refused by the API server."""
    deploy(render(config(tiny={})))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "root", "image": "busybox", "securityContext": {"privileged": True}}]},
    }

    refused = cluster.apply([pod], "--dry-run=server")

    assert refused.returncode != 0
    assert "violates PodSecurity" in refused.stderr


@pytest.mark.admission
def test_a_field_that_no_schema_has_is_refused(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Strict validation means each kind: a built-in one, and one of a custom resource definition."""
    deploy(render(config(tiny={})))
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}, "wrong": 1}}
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "spec": {"wrong": 1}}
    metadata = {"name": "wrong", "namespace": NAMESPACE}

    refused = [cluster.apply([{**each, "metadata": metadata}], "--dry-run=server") for each in (policy, route)]

    reasons = re.compile(r'unknown field "(spec\.)?wrong"|\.spec\.wrong: field not declared')
    assert [(True, True)] * 2 == [(each.returncode != 0, bool(reasons.search(each.stderr))) for each in refused]


def test_rendering_again_changes_nothing(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Neither does applying what was rendered anew: no object is touched, whatever its kind."""
    stack = config(tiny={})
    first = render(stack)
    deploy(first)
    ready(cluster, "tiny", 1)
    before = settled(cluster, first.objects)

    deploy(render(stack))

    assert before == state(cluster, first.objects)


def test_a_replica_too_many_stays_pending_and_says_why(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """With two GPUs the third replica waits, and the scheduler names the resource that lacks."""
    deploy(render(config(tiny={"replicas": {"min": 3}, "weights": {"accessMode": "ReadWriteMany"}})))

    def waiting() -> list[str]:
        return [
            condition["message"]
            for each in pods(cluster, "tiny")
            for condition in each["status"].get("conditions", [])
            if condition.get("reason") == "Unschedulable"
        ]

    messages = until("no replica is pending", waiting)

    assert "Insufficient nvidia.com/gpu" in messages[0]


def test_a_rollout_to_another_commit_completes_when_no_gpu_is_spare(
    cluster: ControlPlane, hub: Hub, render: Render, deploy: Deploy
) -> None:
    """Every GPU is taken: a new Job fills a new volume, servers are replaced one by one, and the old volume can go."""
    old = render(config(tiny=SHARED))
    deploy(old)
    ready(cluster, "tiny", 2)
    first = {each["metadata"]["uid"] for each in pods(cluster, "tiny")}
    moved = hub.add(tiny_chat("example/tiny-chat", files={**tiny_chat_files(), "README.md": b"# moved\n"}))
    try:
        new = render(config(tiny=SHARED))
    finally:
        hub.add(tiny_chat("example/tiny-chat"))

    deploy(new)
    ready(cluster, "tiny", 2)
    rolled = pods(cluster, "tiny")
    until("the new volume was not filled", lambda: _succeeded(cluster) == {*_names(old, "Job"), *_names(new, "Job")})
    gone = [each for each in old.objects if identity(each) not in {identity(kept) for kept in new.objects}]
    cluster.kubectl("delete", "-f", "-", "--timeout=60s", stdin=as_list(gone))
    claims = {each["metadata"]["name"] for each in cluster.get("pvc", "-n", NAMESPACE)["items"]}

    assert {moved.commit[:12]} == {each["metadata"]["labels"][VERSION] for each in rolled}
    assert first.isdisjoint({each["metadata"]["uid"] for each in rolled})
    assert _names(new, "PersistentVolumeClaim") == claims != _names(old, "PersistentVolumeClaim")


def test_the_disruption_budget_keeps_a_server(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """While the replacement of one evicted server cannot be scheduled, the other one is not evicted."""
    deploy(render(config(tiny=SHARED)))
    ready(cluster, "tiny", 2)
    names = [each["metadata"]["name"] for each in pods(cluster, "tiny")]
    until("no disruption is allowed yet", lambda: budget(cluster)["disruptionsAllowed"] == 1)
    cluster.kubectl("cordon", "l4-0", "l4-1")
    try:
        first = evict(cluster, names[0])
        until("the budget has not seen the eviction", lambda: budget(cluster)["disruptionsAllowed"] == 0)
        second = evict(cluster, names[1])
    finally:
        cluster.kubectl("uncordon", "l4-0", "l4-1")

    assert first == 0
    assert second != 0


def test_deleting_the_namespace_leaves_nothing(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """On nodes that exist already, all that a stack makes lies in its namespace, volumes included."""
    before = everything(cluster)
    deploy(render(config(tiny={})))
    ready(cluster, "tiny", 1)

    cluster.kubectl("delete", "namespace", NAMESPACE, "--timeout=120s")

    until("something is left", lambda: everything(cluster) <= before)


@pytest.mark.admission
def test_a_public_endpoint_is_accepted_by_the_gateway_api(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """The route passes the CRD's own validation and opens the paths of a chat model only."""
    stack = config(tiny={"endpoint": {"visibility": "public", "hostname": "tiny.example.com"}})
    stack["cluster"]["gateway"] = {"name": "public", "namespace": "gateways"}
    stack["models"][0]["endpoint"]["apiKeySecret"] = {"name": "api-key", "key": "key"}
    deploy(render(stack))

    (route,) = cluster.get("httproutes", "-n", NAMESPACE)["items"]
    paths = {match["path"]["value"] for rule in route["spec"]["rules"] for match in rule["matches"]}

    assert paths == {"/v1/chat/completions"}


def identity(each: Mapping[str, Any]) -> tuple[str, str]:
    """Return kind and name."""
    return each["kind"], each["metadata"]["name"]


def _names(rendering: Rendering, kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in rendering.of_kind(kind)}


def _succeeded(cluster: ControlPlane) -> set[str]:
    jobs = cluster.get("jobs", "-n", NAMESPACE)["items"]
    return {each["metadata"]["name"] for each in jobs if each["status"].get("succeeded")}
