"""What scales is accepted, and neither an apply nor a rollout takes servers away from under the autoscaler."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, accepted, config, ready
from tests.cluster.control_plane import ControlPlane, until

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
KEDA = {"autoscaler": "keda", "prometheus": "http://prometheus-operated.monitoring.svc:9090"}
SHARED = {"weights": {"accessMode": "ReadWriteMany"}}


def scaled(cluster: Mapping[str, Any], **model: Any) -> dict[str, Any]:
    """Return the config of one model on two GPUs with these keys of the cluster."""
    found = config(tiny={**SHARED, **model})
    found["cluster"] |= cluster
    return found


def replicas(cluster: ControlPlane) -> int:
    """Return the number of servers that the Deployment is to have."""
    return int(cluster.get("deployment", "tiny", "-n", NAMESPACE)["spec"]["replicas"])


def test_a_scaled_object_is_accepted_and_stays_as_it_was_applied(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """It passes KEDA's own definition, and a second apply is no change."""
    stack = scaled(KEDA, replicas={"min": 1, "max": 2})
    deploy(render(stack))
    before = cluster.get("scaledobject", "tiny", "-n", NAMESPACE)["metadata"]["generation"]

    deploy(render(stack))
    found = cluster.get("scaledobject", "tiny", "-n", NAMESPACE)

    assert before == found["metadata"]["generation"]
    assert "tiny" == found["spec"]["scaleTargetRef"]["name"]


def test_the_hpa_raises_the_servers_to_the_least_number(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """The Deployment states none, so it begins with one, and the controller makes it two."""
    deploy(render(scaled({"autoscaler": "hpa"}, replicas={"min": 2, "max": 4})))

    until("the autoscaler has not acted", lambda: replicas(cluster) == 2)


@pytest.mark.parametrize("autoscaler", [{"autoscaler": "hpa"}, KEDA], ids=["hpa", "keda"])
def test_an_apply_leaves_the_autoscaler_s_number_alone(
    cluster: ControlPlane, render: Render, deploy: Deploy, autoscaler: Mapping[str, Any]
) -> None:
    """What was scaled to stays after the stack is applied again, also with a change of the servers."""
    stack = scaled(autoscaler, replicas={"min": 1, "max": 4}, maxModelLen=1024)
    deploy(render(stack))
    cluster.kubectl("scale", "deployment/tiny", "-n", NAMESPACE, "--replicas=3")

    deploy(render(stack))
    again = replicas(cluster)
    stack["models"][0]["maxModelLen"] = 512
    deploy(render(stack))

    assert (3, 3) == (again, replicas(cluster))


def test_a_stack_takes_the_number_over_from_the_autoscaler_that_it_removes(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """What was set through the subresource `scale` is in no way of an apply that states a number again."""
    deploy(render(scaled(KEDA, replicas={"min": 1, "max": 4})))
    cluster.kubectl("scale", "deployment/tiny", "-n", NAMESPACE, "--replicas=3")

    accepted(cluster.apply(render(scaled({}, replicas={"min": 2})).of_kind("Deployment")))

    assert 2 == replicas(cluster)


def test_a_rollout_with_a_spare_gpu_keeps_every_server_until_the_next_one_is_ready(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """The new server waits for a node while the old one goes on; then it takes over."""
    stack = config(tiny={**SHARED, "maxModelLen": 1024})
    deploy(render(stack))
    ready(cluster, "tiny", 1)
    (first,) = servers(cluster)
    stack["models"][0]["maxModelLen"] = 512
    cluster.kubectl("cordon", "l4-0", "l4-1")
    try:
        deploy(render(stack))
        during = until("no second server waits", lambda: len(servers(cluster)) == 2 and servers(cluster))
    finally:
        cluster.kubectl("uncordon", "l4-0", "l4-1")
    waiting = {each["metadata"]["name"]: each["status"]["phase"] for each in during}
    kept = waiting.pop(first["metadata"]["name"])
    ready(cluster, "tiny", 1)
    after = {each["metadata"]["name"] for each in servers(cluster) if "deletionTimestamp" not in each["metadata"]}

    assert ("Running", ["Pending"]) == (kept, list(waiting.values()))
    assert set(waiting) == after


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_a_queue_is_accepted_and_stays_as_it_was_applied(
    cluster: ControlPlane, render: Render, deploy: Deploy, visibility: str
) -> None:
    """Route, grant and name pass the definitions of the HTTP add-on and of Gateway API."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "keda"}}
    assert cluster.apply([space]).returncode == 0
    public = {"visibility": "public", "hostname": "tiny.example.com", "tlsSecret": "tls"}
    stack = scaled({**KEDA, "interceptor": {}}, replicas={"min": 0, "max": 2})
    stack["models"][0]["endpoint"] |= public if visibility == "public" else {}
    kinds = "interceptorroutes,scaledobjects,services,networkpolicies"
    deploy(render(stack))
    before = generations(cluster, kinds)

    warnings = deploy(render(stack))

    assert [] == warnings
    assert before == generations(cluster, kinds)
    assert "InterceptorRoute/tiny" in before
    grants = [each["metadata"]["name"] for each in cluster.get("referencegrants", "-n", "keda")["items"]]
    assert (["inference-tiny"] if visibility == "public" else []) == grants


def servers(cluster: ControlPlane) -> list[Any]:
    """Return the server pods of the model."""
    chosen = "app.kubernetes.io/instance=tiny,app.kubernetes.io/component=server"
    items: list[Any] = cluster.get("pods", "-n", NAMESPACE, "-l", chosen)["items"]
    return items


def generations(cluster: ControlPlane, kinds: str) -> dict[str, str]:
    """Return what changes with each object when its spec does."""
    items = cluster.get(kinds, "-n", NAMESPACE)["items"]
    return {
        f"{each['kind']}/{each['metadata']['name']}": str(each["metadata"].get("generation", each["spec"]))
        for each in items
    }
