"""Names that one model's objects take from another model."""

from typing import Any

import pytest

from tests.stacks.stack import found, problems, with_model

KEDA = {"autoscaler": "keda", "prometheus": "http://prometheus-operated.monitoring.svc:9090", "interceptor": {}}
ZERO = {"replicas": {"min": 0}}
PUBLIC = {"endpoint": {"visibility": "public", "hostname": "granite.example.com"}}


def beside(name: str, **keys: object) -> dict[str, Any]:
    """Return the stack with these keys in its model `granite`, and another model of this name."""
    values = with_model(**keys)
    values["cluster"] |= KEDA
    values["models"][1]["name"] = name
    return values


@pytest.mark.parametrize(
    "values", [beside("granite-queue", **ZERO), beside("granite-group", nodesPerReplica=2)], ids=["queue", "group"]
)
def test_a_name_that_another_model_needs_is_told_at_its_key(values: dict[str, Any]) -> None:
    """The second Service would be refused by the cluster, or stand in for the one that pods find each other by."""
    (problem,) = found(values)

    assert "slipway:models[1].name" == problem.path
    assert "is the name of a Service that the model `granite` needs beside its own" == problem.message


@pytest.mark.parametrize(
    "values",
    [beside("granite-queue"), beside("granite-group"), beside("granite-queue", **ZERO, **PUBLIC)],
    ids=["no queue", "one node", "public: the route leads to the add-on itself"],
)
def test_a_name_that_nobody_needs_is_free(values: dict[str, Any]) -> None:
    """Only what is made takes a name."""
    assert {} == problems(values)
