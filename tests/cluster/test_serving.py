"""What is rendered runs on a real API server: admitted, scheduled, rolled, protected, and gone when deleted."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, config, ready
from tests.cluster.control_plane import ControlPlane, until

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
REVISION_LABEL = "app.kubernetes.io/version"


def pods(cluster: ControlPlane, model: str) -> list[Any]:
    """Return the server pods of one model."""
    chosen = f"app.kubernetes.io/instance={model},app.kubernetes.io/component=server"
    items: list[Any] = cluster.get("pods", "-n", NAMESPACE, "-l", chosen)["items"]
    return items


def versions(cluster: ControlPlane) -> dict[str, str]:
    """Return the generation (spec changes) of every object of the namespace, by kind and name."""
    kinds = (
        "deployments,services,networkpolicies,poddisruptionbudgets,configmaps,persistentvolumeclaims,jobs,httproutes"
    )
    items = cluster.get(kinds, "-n", NAMESPACE)["items"]
    return {
        f"{each['kind']}/{each['metadata']['name']}": str(each["metadata"].get("generation", each.get("data")))
        for each in items
    }


def test_a_stack_is_admitted_without_a_warning_and_becomes_available_on_the_right_nodes(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Pod Security, schemas and the scheduler all take what was rendered, and the pods stand on the GPU nodes."""
    warnings = deploy(render(config(tiny={})))
    ready(cluster, "tiny", 1)

    assert warnings == []
    assert {each["spec"]["nodeName"][:3] for each in pods(cluster, "tiny")} == {"l4-"}


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


def test_a_second_apply_changes_nothing(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Rendering and applying again leaves every object as it is."""
    stack = config(tiny={})
    deploy(render(stack))
    ready(cluster, "tiny", 1)
    before = versions(cluster)

    deploy(render(stack))

    assert versions(cluster) == before


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


def test_a_rollout_completes_when_no_gpu_is_spare(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Every GPU is taken, another context length is deployed, and all servers are replaced one by one."""
    shared = {"replicas": {"min": 2}, "weights": {"accessMode": "ReadWriteMany"}}
    deploy(render(config(tiny={**shared, "maxModelLen": 1024})))
    ready(cluster, "tiny", 2)
    first = {each["metadata"]["uid"] for each in pods(cluster, "tiny")}

    deploy(render(config(tiny={**shared, "maxModelLen": 512})))
    ready(cluster, "tiny", 2)

    assert first.isdisjoint({each["metadata"]["uid"] for each in pods(cluster, "tiny")})


def test_the_disruption_budget_keeps_a_server(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """While the replacement of one evicted server cannot be scheduled, the other one is not evicted."""
    deploy(render(config(tiny={"replicas": {"min": 2}, "weights": {"accessMode": "ReadWriteMany"}})))
    ready(cluster, "tiny", 2)
    names = [each["metadata"]["name"] for each in pods(cluster, "tiny")]
    until("no disruption is allowed yet", lambda: _budget(cluster)["disruptionsAllowed"] == 1)
    cluster.kubectl("cordon", "l4-0", "l4-1")
    try:
        first = _evict(cluster, names[0])
        until("the budget has not seen the eviction", lambda: _budget(cluster)["disruptionsAllowed"] == 0)
        second = _evict(cluster, names[1])
    finally:
        cluster.kubectl("uncordon", "l4-0", "l4-1")

    assert first == 0
    assert second != 0


def test_deleting_the_objects_leaves_nothing(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """What the stack made is all that has to be deleted: no pod, claim or replica set stays."""
    rendering = render(config(tiny={}))
    deploy(rendering)
    ready(cluster, "tiny", 1)

    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=true", "--timeout=120s")

    scoped = [each for each in rendering.objects if "namespace" not in each["metadata"] and each["kind"] != "Namespace"]
    assert scoped == []
    assert NAMESPACE not in [each["metadata"]["name"] for each in cluster.get("namespaces")["items"]]


@pytest.mark.parametrize("visibility", ["public"])
def test_a_public_endpoint_is_accepted_by_the_gateway_api(
    cluster: ControlPlane, render: Render, deploy: Deploy, visibility: str
) -> None:
    """The route passes the CRD's own validation and opens the paths of a chat model only."""
    stack = config(tiny={"endpoint": {"visibility": visibility, "hostname": "tiny.example.com"}})
    stack["cluster"]["gateway"] = {"name": "public", "namespace": "gateways"}
    stack["models"][0]["endpoint"]["apiKeySecret"] = {"name": "api-key", "key": "key"}
    deploy(render(stack))

    (route,) = cluster.get("httproutes", "-n", NAMESPACE)["items"]
    paths = {match["path"]["value"] for rule in route["spec"]["rules"] for match in rule["matches"]}

    assert paths == {"/v1/chat/completions"}


def _budget(cluster: ControlPlane) -> Any:
    (found,) = cluster.get("pdb", "-n", NAMESPACE)["items"]
    return found["status"]


def _evict(cluster: ControlPlane, pod: str) -> int:
    body = (
        '{"apiVersion": "policy/v1", "kind": "Eviction", '
        f'"metadata": {{"name": "{pod}", "namespace": "{NAMESPACE}"}}}}'
    )
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction"
    return cluster.kubectl("create", "--raw", path, "-f", "-", stdin=body, check=False).returncode
