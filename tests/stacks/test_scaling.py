"""Numbers of servers that nobody would bring about, and what an autoscaler lacks."""

from typing import Any

import pytest

from stacks.scaling import Replicas
from tests.stacks.stack import found, problems, stack, with_model

KEDA = {"autoscaler": "keda", "prometheus": "http://prometheus-operated.monitoring.svc:9090"}
TO_ZERO = {**KEDA, "interceptor": {}}
SCALED = {"replicas": {"min": 1, "max": 3}}
PUBLIC = {"visibility": "public", "hostname": "granite.example.com"}
SPOT = {"platform": "karpenter", "clusterName": "dev", "nodeRole": "nodes"}


def scaled(cluster: dict[str, Any], **model: object) -> dict[str, Any]:
    """Return the stack with these keys of its cluster and of its first model."""
    values = with_model(**model)
    values["cluster"] |= cluster
    return values


def on_spot(drain: int) -> dict[str, Any]:
    """Return the stack on interruptible nodes."""
    values = scaled(SPOT, drainSeconds=drain)
    values["nodePools"][0] |= {"spot": True}
    return values


def on_host() -> dict[str, Any]:
    """Return the stack with a model that may have no server behind a shared host."""
    values = scaled(TO_ZERO, replicas={"min": 0}, endpoint={"visibility": "public"})
    values["hosts"] = [{"name": "shared", "hostname": "ai.example.com", "routes": [{"models": [{"name": "granite"}]}]}]
    return values


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        (scaled({}, **SCALED), "models[0].replicas.max", "nobody changes the number of servers"),
        (scaled({"autoscaler": "keda"}), "cluster.prometheus", "is missing beside `autoscaler: keda`"),
        (scaled({"prometheus": "http://a:9090"}), "cluster.prometheus", "is only for `autoscaler: keda`"),
        (scaled({"autoscaler": "hpa", "interceptor": {}}), "cluster.interceptor", "is only for `autoscaler: keda`"),
        (scaled({}, replicas={"min": 0}), "models[0].replicas.min", "only KEDA starts a first server"),
        (scaled({"autoscaler": "hpa"}, replicas={"min": 0}), "models[0].replicas.min", "only KEDA"),
        (scaled(KEDA, replicas={"min": 0, "max": 2}), "models[0].replicas.min", "nothing holds requests"),
        (scaled(KEDA, scaling={"waitingRequests": 3}), "models[0].scaling", "means nothing for a fixed number"),
        (scaled(KEDA, **SCALED, scaling={"idleSeconds": 1800}), "models[0].scaling.idleSeconds", "never stops"),
        (
            scaled(TO_ZERO, replicas={"min": 0}, endpoint={"clientNamespaces": ["apps"]}),
            "models[0].endpoint.clientNamespaces",
            "leads to the servers past the queue",
        ),
        (on_host(), "models[0].replicas.min", "leads to the servers past the queue"),
        (
            with_model(drainSeconds=300, endpoint={**PUBLIC, "timeoutSeconds": 120}),
            "models[0].drainSeconds",
            "is longer than any answer may take",
        ),
        (on_spot(drain=91), "models[0].drainSeconds", "is longer than an interruptible node has"),
        (scaled({"autoscaler": "kda"}), "cluster.autoscaler", "has to be one of `keda` or `hpa`"),
        (scaled({**KEDA, "prometheus": "http://me:secret@a"}), "cluster.prometheus", "is no address of a server"),
        (with_model(priority="system-node-critical"), "models[0].priority", "is no name of a PriorityClass"),
        (scaled(TO_ZERO, replicas={"min": 0}, scaling={"idleSeconds": 60}), "models[0].scaling.idleSeconds", "1800"),
    ],
)
def test_a_number_that_nobody_keeps_is_told_with_its_fix(values: dict[str, Any], path: str, message: str) -> None:
    """At preview and at its key, not as replicas that never come."""
    (problem,) = found(values)

    assert f"slipway:{path}" == problem.path
    assert message in problem.message
    assert problem.help


@pytest.mark.parametrize(
    "values",
    [
        scaled(KEDA, **SCALED),
        scaled({"autoscaler": "hpa"}, **SCALED, scaling={"kvCacheUsage": 0.6, "scaleDownSeconds": 1200}),
        scaled(TO_ZERO, replicas={"min": 0}, scaling={"idleSeconds": 7200}),
        scaled({**TO_ZERO, "interceptor": {"namespace": "keda-http"}}, replicas={"min": 0, "max": 4}),
        on_spot(drain=90),
        with_model(replicas={"min": 2, "max": 2}),
        with_model(priority="interactive", drainSeconds=0),
    ],
)
def test_a_number_that_somebody_keeps_passes(values: dict[str, Any]) -> None:
    """What the cluster can do is not refused."""
    assert {} == problems(values)


def test_an_unknown_autoscaler_is_one_problem() -> None:
    """The rest follows from it and is not told."""
    values = scaled({"autoscaler": "cron", "prometheus": "http://a"}, **SCALED)

    assert ["slipway:cluster.autoscaler"] == list(problems(values))


def test_values_of_other_types_are_no_contradiction() -> None:
    """They are wrong already."""
    values = stack()
    values["models"][0] |= {"replicas": {"min": "none", "max": []}, "scaling": 3, "drainSeconds": "long"}

    assert {"replicas.min", "replicas.max", "scaling", "drainSeconds"} == {
        path.removeprefix("slipway:models[0].") for path in problems(values)
    }


@pytest.mark.parametrize(
    ("replicas", "most", "scale"),
    [((1, None), 1, False), ((3, None), 3, False), ((0, None), 1, True), ((1, 4), 4, True)],
)
def test_the_most_servers_follow_the_least(replicas: tuple[int, int | None], most: int, scale: bool) -> None:  # noqa: FBT001 - a table of cases
    """Left out, the largest number is the smallest, but a model that nobody could ever call is no model."""
    wished = Replicas(min=replicas[0], max=replicas[1])

    assert (most, scale) == (wished.most, wished.scale)
