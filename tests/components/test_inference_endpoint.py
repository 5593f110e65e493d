"""InferenceEndpoint: who may reach a model, by which paths."""

from typing import Any

import pulumi
import pytest

from components.inference_endpoint import InferenceEndpoint
from tests.components.examples import endpoint_args
from tests.components.recording import Recording, record, settled


def make(**changes: Any) -> tuple[Recording, str]:
    """Return what an endpoint with these changes registers, and its address."""
    urls: list[Any] = []
    recording = record(lambda: urls.append(settled(InferenceEndpoint("granite", endpoint_args(**changes)).url)))
    return recording, urls[0][0]


def private(**changes: Any) -> tuple[Recording, str]:
    """Return a private endpoint."""
    return make(visibility="private", hostname=None, tls_secret=None, has_api_key=None, **changes)


def callers(recording: Recording) -> list[Any]:
    """Return who may call the server."""
    spec = recording.one("NetworkPolicy")["spec"]
    assert ["Ingress"] == spec["policyTypes"]
    found: list[Any] = spec["ingress"][0]["from"]
    return found


def namespace(name: str) -> dict[str, Any]:
    """Return the peer of a whole namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_a_private_endpoint_has_no_route() -> None:
    """Only the opening for pods of its own namespace, and the address inside the cluster."""
    recording, url = private()

    assert ["slipway:index:InferenceEndpoint", "kubernetes:networking.k8s.io/v1:NetworkPolicy"] == [
        each.type for each in recording.resources
    ]
    assert [{"podSelector": {}}] == callers(recording)
    assert "http://granite.inference.svc:8000/v1" == url


def test_other_namespaces_are_opened_one_by_one() -> None:
    """And the own one can be shut."""
    recording, _ = private(client_namespaces=["apps", "jobs"], same_namespace=False)

    assert [namespace("apps"), namespace("jobs")] == callers(recording)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings"])
def test_a_route_leads_to_the_types_paths_and_no_other(path: str) -> None:
    """VLLM answers /invocations, /tokenize, /metrics and more without a key: none of them has a route."""
    recording, url = make(endpoints=[path])
    (rule,) = recording.one("HTTPRoute")["spec"]["rules"]

    assert [{"path": {"type": "Exact", "value": path}, "method": "POST"}] == rule["matches"]
    assert [{"group": "", "kind": "Service", "name": "granite", "port": 8000, "weight": 1}] == rule["backendRefs"]
    assert "https://granite.example.com/v1" == url


def test_a_path_that_no_type_has_is_refused() -> None:
    """The list of paths comes from the report, but a route is made for known ones only."""
    with pytest.raises(pulumi.RunError, match="no route is made for /invocations"):
        make(endpoints=["/v1/chat/completions", "/invocations"])


def test_long_streams_are_not_cut() -> None:
    """Gateways cut at 60 or 300 s by default."""
    recording, _ = make(answer_seconds=5400)
    (rule,) = recording.one("HTTPRoute")["spec"]["rules"]

    assert {"request": "5400s", "backendRequest": "5400s"} == rule["timeouts"]


def test_a_gateway_of_its_own_ends_tls_for_one_host() -> None:
    """There is no listener in the clear that the route could be served by."""
    recording, _ = make()
    gateway = recording.one("Gateway")["spec"]

    assert {
        "gatewayClassName": "eg",
        "listeners": [
            {
                "name": "https",
                "hostname": "granite.example.com",
                "port": 443,
                "protocol": "HTTPS",
                "tls": {
                    "mode": "Terminate",
                    "certificateRefs": [{"group": "", "kind": "Secret", "name": "granite-tls"}],
                },
                "allowedRoutes": {"namespaces": {"from": "Same"}},
            }
        ],
    } == gateway
    assert [
        {
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": "granite",
            "namespace": "inference",
            "sectionName": "https",
        }
    ] == recording.one("HTTPRoute")["spec"]["parentRefs"]


def test_a_given_gateway_is_attached_to_by_its_tls_listener() -> None:
    """Without a listener's name the route would be served in the clear too."""
    recording, _ = make(gateway={"name": "public", "namespace": "gateways"}, tls_secret=None)
    (parent,) = recording.one("HTTPRoute")["spec"]["parentRefs"]

    assert ("public", "gateways", "https") == (parent["name"], parent["namespace"], parent["sectionName"])
    assert [] == recording.kinds("Gateway")
    assert [namespace("envoy-gateway-system"), namespace("gateways")] == callers(recording)


def test_the_proxies_namespace_can_be_stated() -> None:
    """Then nobody else is let in."""
    recording, _ = make(gateway_namespace="edge")

    assert [namespace("edge")] == callers(recording)


def test_an_allow_list_denies_everybody_else() -> None:
    """By the route, for the client's own address."""
    recording, _ = make(allow_from=["203.0.113.0/24", "2001:db8::/32"])

    assert {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "granite"}],
        "authorization": {
            "defaultAction": "Deny",
            "rules": [
                {
                    "name": "allow-from",
                    "action": "Allow",
                    "principal": {"clientCIDRs": ["203.0.113.0/24", "2001:db8::/32"]},
                }
            ],
        },
    } == recording.one("SecurityPolicy")["spec"]


def test_without_an_allow_list_there_is_no_policy() -> None:
    """An empty one would deny everybody."""
    assert [] == make()[0].kinds("SecurityPolicy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hostname": None}, "needs `endpoint.hostname`"),
        ({"tls_secret": None}, "needs TLS; set `endpoint.tlsSecret` or `cluster.gateway`"),
        ({"has_api_key": False}, "needs an API key"),
        ({"endpoints": []}, "no path that could be public"),
        ({"visibility": "secret"}, "is `private` or `public`"),
    ],
)
def test_a_public_endpoint_without_protection_is_refused(changes: dict[str, Any], message: str) -> None:
    """Host name, TLS, key and path are what makes an endpoint."""
    with pytest.raises(pulumi.RunError, match=message):
        make(**changes)
