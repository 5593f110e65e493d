"""Several models behind one host name, and what stands before it."""

from typing import Any

import pytest

from stacks.references.stack import contradictions
from tests.stacks.stack import found, problems, stack, with_cluster, with_model

KEY = {"apiKeySecret": {"name": "keys"}}
PUBLIC = {"visibility": "public", **KEY}


def shared(*routes: Any, tiny: Any = None, granite: Any = None, **host: Any) -> dict[str, Any]:
    """Return the stack with both models public and one host with these routes; the models with changes."""
    values = stack()
    values["models"][0] |= {"endpoint": PUBLIC, **(granite or {})}
    values["models"][1] |= {"endpoint": PUBLIC, **(tiny or {})}
    values["hosts"] = [{"name": "api", "hostname": "api.example.com", "routes": list(routes), **host}]
    return values


def to(*names: str, **place: Any) -> dict[str, Any]:
    """Return a route to models."""
    return {"models": [{"name": name} for name in names], **place}


BOTH = (to("granite", path="/granite"), to("tiny", path="/tiny"))
ALIKE = {"servedModelName": "chat"}


@pytest.mark.parametrize(
    "values",
    [
        shared(*BOTH),
        shared(to("granite", modelName="granite"), to("tiny", modelName="tiny"), modelHeader="X-Model"),
        shared(to("granite", "tiny"), granite=ALIKE, tiny=ALIKE),
        shared(
            {"models": [{"name": "granite", "weight": 9}, {"name": "tiny", "weight": 0}]}, granite=ALIKE, tiny=ALIKE
        ),
        shared(*BOTH, allowFrom=["203.0.113.0/24"], requestsPerMinute=0, timeoutSeconds=600, tlsSecret="api"),
        shared(*BOTH, granite={"endpoint": {**PUBLIC, "hostname": "granite.example.com"}}),
        shared(to("granite", path="/a/b"), to("granite"), to("tiny", path="/tiny")),
        shared(
            to("granite", path="/granite", modelName="law"),
            to("tiny", path="/tiny"),
            granite={"adapters": [{"name": "law", "source": "hf://acme/law"}]},
        ),
    ],
)
def test_models_that_can_share_a_host_pass(values: dict[str, Any]) -> None:
    """By path, by name, by weight, and in more than one place."""
    assert {} == problems(values)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (shared(*BOTH, to("gramite", path="/x")), "slipway:hosts[0].routes[2].models[0].name"),
        (shared(*BOTH, to("granite", path="/tiny")), "slipway:hosts[0].routes[2].path"),
        (shared(*BOTH, name="tiny"), "slipway:hosts[0].name"),
        (shared(*BOTH, modelHeader="X-Model"), "slipway:hosts[0].modelHeader"),
        (shared(*BOTH, granite={"endpoint": KEY}), "slipway:hosts[0].routes[0].models[0].name"),
        (
            shared(*BOTH, granite={"endpoint": {**PUBLIC, "hostname": "api.example.com"}}),
            "slipway:hosts[0].hostname",
        ),
        (
            shared(*BOTH, granite={"endpoint": {**PUBLIC, "allowFrom": ["203.0.113.0/24"]}}),
            "slipway:models[0].endpoint.allowFrom",
        ),
        (shared(to("granite", path="/granite")), "slipway:models[1].endpoint.hostname"),
        (shared(to("granite", "granite"), to("tiny", path="/tiny")), "slipway:hosts[0].routes[0].models[1].name"),
        (
            shared({"models": [{"name": "granite", "weight": 0}]}, to("tiny", path="/tiny")),
            "slipway:hosts[0].routes[0].models",
        ),
        (shared(to("granite", "tiny")), "slipway:hosts[0].routes[0].models[1].name"),
        (
            shared(to("granite", "tiny"), granite={**ALIKE, "type": "chat"}, tiny={**ALIKE, "type": "embedding"}),
            "slipway:hosts[0].routes[0].models[1].name",
        ),
        (
            shared(
                to("granite", "tiny"),
                granite=ALIKE,
                tiny={**ALIKE, "endpoint": {**PUBLIC, "apiKeySecret": {"name": "others"}}},
            ),
            "slipway:hosts[0].routes[0].models[1].name",
        ),
        (
            shared(to("granite", "tiny", modelName="granite"), granite=ALIKE, tiny=ALIKE),
            "slipway:hosts[0].routes[0].modelName",
        ),
        (shared(*BOTH, to("granite", path="/v1")), "slipway:hosts[0].routes[2].path"),
        (shared(*BOTH, to("granite", path="granite")), "slipway:hosts[0].routes[2].path"),
        (shared(*BOTH, to("granite", modelName="granite"), modelHeader="Host"), "slipway:hosts[0].modelHeader"),
    ],
)
def test_models_that_cannot_are_told_with_their_place(values: dict[str, Any], path: str) -> None:
    """Each wrong combination once, at its key, with a fix."""
    (problem,) = found(values)

    assert path == problem.path
    assert problem.help


def test_two_hosts_cannot_have_one_name() -> None:
    """Two routes for one host name would take each other's requests."""
    values = shared(*BOTH)
    values["hosts"].append({**values["hosts"][0], "routes": [to("granite")]})

    assert {"slipway:hosts[1].name", "slipway:hosts[1].hostname"} == set(problems(values))


def test_models_with_generated_keys_cannot_stand_in_for_each_other() -> None:
    """Each would have its own key, and refuse the clients of the other; with the stack's key they share one."""
    both = {**ALIKE, "endpoint": {"visibility": "public"}}
    values = shared(to("granite", "tiny"), granite=both, tiny=both)
    (problem,) = found(values)

    assert "asks for other API keys than the first model of its route" == problem.message
    assert [] == list(contradictions(values, {"apiKey"}))


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (with_model(endpoint={"requestsPerMinute": 10}), "slipway:models[0].endpoint.requestsPerMinute"),
        (with_model(endpoint={"timeoutSeconds": 60}), "slipway:models[0].endpoint.timeoutSeconds"),
        (
            with_model(endpoint={"inferencePool": {"pickerService": "picker", "pickerLabels": {"app": "picker"}}}),
            "slipway:models[0].endpoint.inferencePool",
        ),
        (with_cluster(certificateIssuer={"name": "letsencrypt"}), "slipway:cluster.certificateIssuer"),
        (
            {
                **with_model(endpoint={**PUBLIC, "hostname": "a.example.com", "allowFrom": ["203.0.113.0/24"]}),
                "cluster": {"platform": "existing", "gatewayPolicies": "none"},
            },
            "slipway:models[0].endpoint.allowFrom",
        ),
        (
            {**shared(*BOTH, requestsPerMinute=10), "cluster": {"platform": "existing", "gatewayPolicies": "none"}},
            "slipway:hosts[0].requestsPerMinute",
        ),
    ],
)
def test_a_guard_that_nothing_would_keep_is_told(values: dict[str, Any], path: str) -> None:
    """Nobody believes in a limit that is not there."""
    (problem,) = found(values)

    assert path == problem.path
    assert problem.help


@pytest.mark.parametrize(
    "values",
    [
        {
            **with_model(endpoint={**PUBLIC, "hostname": "a.example.com", "requestsPerMinute": 0}),
            "cluster": {"platform": "existing", "gatewayPolicies": "none", "gatewayClass": "istio"},
        },
        {
            **with_model(endpoint={**PUBLIC, "hostname": "a.example.com"}),
            "cluster": {"platform": "existing", "certificateIssuer": {"kind": "Issuer", "name": "letsencrypt"}},
        },
        with_model(endpoint={"clientNamespaces": ["apps"], "maxBodyMib": 2, "apiKeyGeneration": 3}),
    ],
)
def test_guards_that_hold_pass(values: dict[str, Any]) -> None:
    """What the components can make is not refused."""
    assert {} == problems(values)


def test_models_of_one_name_are_not_scaled_by_each_others_load() -> None:
    """KEDA asks Prometheus, which knows the two apart by the labels of Slipway's own PodMonitor only."""
    values = shared(
        to("granite", "tiny"),
        granite={**ALIKE, "replicas": {"min": 1, "max": 2}},
        tiny={**ALIKE, "replicas": {"min": 1}},
    )
    values["cluster"] |= {"autoscaler": "keda", "prometheus": "http://prometheus.monitoring.svc:9090"}

    assert ["slipway:models[0].servedModelName"] == list(problems(values))
    values["cluster"]["monitoring"] = {"namespace": "monitoring"}
    assert {} == problems(values)
