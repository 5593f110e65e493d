"""Every object of an endpoint is one that the API server takes as it is: routes, policies, certificates, pools."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, config, ready
from tests.cluster.control_plane import ControlPlane

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
KINDS = (
    "gateways",
    "httproutes",
    "certificates",
    "securitypolicies",
    "backendtrafficpolicies",
    "inferencepools",
    "networkpolicies",
    "deployments",
    "services",
)
KEYS = {"apiKeySecret": {"name": "api-key"}, "apiKeyGeneration": 2}
PUBLIC = {"visibility": "public", **KEYS}
PICKER = {"pickerService": "tiny-picker", "pickerLabels": {"app": "tiny-picker"}}


def stack() -> dict[str, Any]:
    """Return a stack with every kind of endpoint: private, public with a picker, and a host that is shared."""
    found = config(
        inside={"endpoint": {**KEYS, "clientNamespaces": ["apps"]}},
        picked={
            "endpoint": {
                **PUBLIC,
                "hostname": "picked.example.com",
                "allowFrom": ["203.0.113.0/24", "2001:db8::/32"],
                "inferencePool": PICKER,
            }
        },
        stable={"endpoint": PUBLIC, "servedModelName": "tiny"},
        canary={"endpoint": PUBLIC, "servedModelName": "tiny"},
    )
    found["cluster"]["certificateIssuer"] = {"name": "letsencrypt"}
    found["hosts"] = [
        {
            "name": "api",
            "hostname": "api.example.com",
            "requestsPerMinute": 60,
            "timeoutSeconds": 900,
            "routes": [
                {"models": [{"name": "stable", "weight": 95}, {"name": "canary", "weight": 5}]},
                {"path": "/stable", "models": [{"name": "stable"}]},
                {"path": "/picked", "models": [{"name": "picked"}]},
                {"modelName": "tiny", "models": [{"name": "canary"}]},
            ],
        }
    ]
    return found


@pytest.fixture
def held(cluster: ControlPlane, render: Render, deploy: Deploy) -> Callable[[], dict[str, Any]]:
    """Apply the whole stack once, and return a function that returns what the API server holds."""
    assert [] == deploy(render(stack()))

    def objects() -> dict[str, Any]:
        items = cluster.get(",".join(KINDS), "-n", NAMESPACE)["items"]
        return {f"{each['kind']}/{each['metadata']['name']}": each for each in items}

    return objects


def test_every_object_is_accepted_as_it_was_rendered(held: Callable[[], dict[str, Any]], render: Render) -> None:
    """No field is unknown, none is dropped, and every rule of the kinds' own schemas holds."""
    found = held()
    wanted = {
        f"{each['kind']}/{each['metadata']['name']}": each["spec"]
        for each in render(stack()).objects
        if each["apiVersion"].partition("/")[0].partition(".")[2] and each["kind"] != "NetworkPolicy"
    }

    assert {"Gateway", "HTTPRoute", "Certificate", "SecurityPolicy", "BackendTrafficPolicy", "InferencePool"} == {
        name.partition("/")[0] for name in wanted
    }
    assert {} == {name: spec for name, spec in wanted.items() if not _within(spec, found[name]["spec"])}


def test_a_second_apply_changes_no_endpoint(held: Callable[[], dict[str, Any]], render: Render, deploy: Deploy) -> None:
    """Nothing that was rendered is a form that the API server writes in another way."""
    before = {name: _state(each) for name, each in held().items()}

    deploy(render(stack()))

    assert before == {name: _state(each) for name, each in held().items()}


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("HTTPRoute", {"hostnames": ["no host name"]}),
        ("BackendTrafficPolicy", {"timeout": {"http": {"streamIdleTimeout": "for ever"}}}),
        ("InferencePool", {"targetPorts": [{"number": 8000}, {"number": 8001}]}),
        ("Certificate", {"issuer": "letsencrypt"}),
    ],
)
def test_the_api_server_would_have_refused_another(
    cluster: ControlPlane, held: Callable[[], dict[str, Any]], render: Render, kind: str, spoil: dict[str, Any]
) -> None:
    """The acceptance above means something: a wrong field or value of each kind is refused."""
    assert held()
    rendered = render(stack()).of_kind(kind)[0]

    refused = cluster.apply([{**rendered, "spec": {**rendered["spec"], **spoil}}], "--dry-run=server")

    assert refused.returncode != 0


def _within(wanted: Any, found: Any) -> bool:
    """Return whether everything that was wanted is there; the API server may have added defaults."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and _within(value, found[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(_within, wanted, found))
    return bool(wanted == found)


def _state(found: Mapping[str, Any]) -> Any:
    """Return the number that changes with an object's spec; a Deployment's status changes by itself."""
    return found["metadata"].get("generation") or found["metadata"]["resourceVersion"]


def test_a_new_generation_of_keys_replaces_every_server_and_the_same_one_none(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Servers read keys when they start; an apply without a new number leaves them alone."""

    def servers(generation: int) -> set[str]:
        deploy(render(config(tiny={"endpoint": {**KEYS, "apiKeyGeneration": generation}})))
        ready(cluster, "tiny", 1)
        chosen = "app.kubernetes.io/instance=tiny,app.kubernetes.io/component=server"
        items = cluster.get("pods", "-n", NAMESPACE, "-l", chosen)["items"]
        return {each["metadata"]["uid"] for each in items if "deletionTimestamp" not in each["metadata"]}

    first, same, next_ = servers(1), servers(1), servers(2)

    assert first == same
    assert first.isdisjoint(next_)
