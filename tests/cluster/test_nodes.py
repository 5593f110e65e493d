"""A replica that spans nodes on a real API server.

The LeaderWorkerSet is judged by a schema written from its documentation; no controller of it runs here. What its
templates become, the API server, the scheduler and the controllers of Kubernetes judge: `groups.py` makes the pods.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, accepted, config
from tests.cluster.control_plane import ControlPlane, until
from tests.cluster.eviction import budget, evict
from tests.cluster.groups import group

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
MODEL = "app.kubernetes.io/instance=tiny"
MEMBERS = f"{MODEL},app.kubernetes.io/component in (server,worker)"
GROUP = "leaderworkerset/tiny-group"


def two_nodes(**model: Any) -> dict[str, Any]:
    """Return a stack whose only model spans two nodes of one GPU."""
    return config(tiny={"nodesPerReplica": 2, **model})


def pods(cluster: ControlPlane) -> dict[str, Any]:
    """Return the pods of the group by name."""
    return {each["metadata"]["name"]: each for each in cluster.get("pods", "-n", NAMESPACE, "-l", MEMBERS)["items"]}


def start(cluster: ControlPlane) -> dict[str, Any]:
    """Make the group's pods as the API server holds its LeaderWorkerSet, and return them when both are ready."""
    accepted(cluster.apply(group(cluster.get(GROUP, "-n", NAMESPACE))))

    def ready() -> bool:
        conditions = [each["status"].get("conditions", []) for each in pods(cluster).values()]
        states = [{entry["type"]: entry["status"] for entry in found}.get("Ready") for found in conditions]
        return ["True", "True"] == states

    until("the group is not ready", ready)
    return pods(cluster)


def test_a_group_is_taken_as_it_is_rendered(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """No warning, nothing dropped from it, and the API server adds no more than the defaults."""
    rendering = render(two_nodes())
    warnings = deploy(rendering)
    (asked,) = rendering.of_kind("LeaderWorkerSet")
    held = cluster.get(GROUP, "-n", NAMESPACE)

    assert [] == warnings
    assert asked["spec"]["leaderWorkerTemplate"] == held["spec"]["leaderWorkerTemplate"]
    assert {"partition": 0} == {
        key: value
        for key, value in held["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"].items()
        if key not in asked["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"]
    }


def test_a_second_apply_of_a_group_changes_nothing(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Its generation and its resource version stay."""
    rendering = render(two_nodes())
    deploy(rendering)
    first = cluster.get(GROUP, "-n", NAMESPACE)["metadata"]
    deploy(rendering)
    second = cluster.get(GROUP, "-n", NAMESPACE)["metadata"]

    assert (first["generation"], first["resourceVersion"]) == (second["generation"], second["resourceVersion"])


STUCK = {"rollingUpdateConfiguration": {"maxSurge": 0, "maxUnavailable": 0}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"startupPolicy": "Leader"}, 'Unsupported value: "Leader"'),
        ({"startupPolicys": "LeaderCreated"}, "startupPolicys"),
        ({"rolloutStrategy": {"type": "RollingUpdate", **STUCK}}, "maxUnavailable must not be 0"),
    ],
)
def test_the_schema_refuses_what_the_reference_does(
    cluster: ControlPlane, render: Render, deploy: Deploy, change: Mapping[str, Any], said: str
) -> None:
    """A schema that lets everything through would judge nothing."""
    rendering = render(two_nodes())
    deploy(rendering)
    (asked,) = rendering.of_kind("LeaderWorkerSet")

    refused = cluster.apply([{**asked, "spec": {**asked["spec"], **change}}], "--dry-run=server")

    assert 0 != refused.returncode
    assert said in refused.stderr


def test_its_pods_run_on_two_nodes_under_pod_security_restricted(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Leader and worker each take the GPU of a node of their own, and the API server admits both as they are."""
    deploy(render(two_nodes()))
    found = start(cluster)

    assert {"tiny-group-0", "tiny-group-0-1"} == set(found)
    assert {"l4-0", "l4-1"} == {each["spec"]["nodeName"] for each in found.values()}
    assert [["vllm", "serve"]] * 2 == [each["spec"]["containers"][0]["command"] for each in found.values()]


def test_a_bad_key_in_a_template_is_found_by_the_pods(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """What the LeaderWorkerSet's schema cannot see, making the pods does."""
    deploy(render(two_nodes()))
    objects = group(cluster.get(GROUP, "-n", NAMESPACE))
    objects[1]["spec"]["template"]["spec"]["terminationGracePeriod"] = 1

    refused = cluster.apply(objects, "--dry-run=server")

    assert 0 != refused.returncode
    assert "terminationGracePeriod" in refused.stderr


def test_clients_reach_the_leader_only(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Behind the Service stands one pod, and behind the headless one both, by which they find each other."""
    deploy(render(two_nodes()))
    found = start(cluster)

    def behind(service: str) -> list[str]:
        slices = cluster.get("endpointslices", "-n", NAMESPACE, "-l", f"kubernetes.io/service-name={service}")["items"]
        return sorted(each["targetRef"]["name"] for found in slices for each in found.get("endpoints") or [])

    assert ["tiny-group-0"] == until("the Service leads nowhere", lambda: behind("tiny"))
    until("the members do not find each other", lambda: sorted(found) == behind("tiny-group"))


def test_the_policies_are_about_exactly_the_pods_of_the_group(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Both are shut in and reach each other; what clients may call is the leader. No network enforces it here."""
    deploy(render(two_nodes()))
    found = start(cluster)
    policies = {each["metadata"]["name"]: each["spec"] for each in cluster.get("netpol", "-n", NAMESPACE)["items"]}

    def chosen(selector: Mapping[str, Any]) -> list[str]:
        plain = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
        sets = [f"{each['key']} in ({','.join(each['values'])})" for each in selector.get("matchExpressions", [])]
        items = cluster.get("pods", "-n", NAMESPACE, "-l", ",".join([*plain, *sets]))["items"]
        return sorted(each["metadata"]["name"] for each in items)

    group_policy = policies["tiny-group"]
    assert sorted(found) == chosen(group_policy["podSelector"])
    assert sorted(found) == chosen(group_policy["ingress"][0]["from"][0]["podSelector"])
    assert ["tiny-group-0"] == chosen(policies["tiny-callers"]["podSelector"])


def test_the_budget_lets_one_pod_of_a_group_go(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """After a worker's eviction its leader stays, until the worker is back."""
    deploy(render(two_nodes()))
    start(cluster)
    until("no disruption is allowed yet", lambda: budget(cluster)["disruptionsAllowed"] == 1)
    assert 2 == budget(cluster)["expectedPods"]
    cluster.kubectl("cordon", "l4-0", "l4-1")
    try:
        worker = evict(cluster, "tiny-group-0-1")
        until("the budget has not seen the eviction", lambda: budget(cluster)["disruptionsAllowed"] == 0)
        leader = evict(cluster, "tiny-group-0")
    finally:
        cluster.kubectl("uncordon", "l4-0", "l4-1")

    assert 0 == worker
    assert 0 != leader


def test_the_number_of_replicas_is_set_by_the_scale_subresource(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """As an autoscaler does it."""
    deploy(render(two_nodes()))
    cluster.kubectl("scale", GROUP, "-n", NAMESPACE, "--replicas=3")

    assert 3 == cluster.get(GROUP, "-n", NAMESPACE)["spec"]["replicas"]
