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
    recording, _ = make(proxy_namespaces=["edge"])

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
        ({"hostname": None}, "needs `endpoint.hostname`, or a place in `slipway:hosts`"),
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


def limits(**changes: Any) -> Any:
    """Return the spec of the policy that limits an endpoint."""
    return make(**changes)[0].one("BackendTrafficPolicy")["spec"]


def test_each_address_has_its_own_limit_of_requests() -> None:
    """Both families of addresses, counted by each proxy; one client cannot starve the others."""
    rules = limits()["rateLimit"]["local"]["rules"]

    assert [("0.0.0.0/0", "Distinct", 600), ("::/0", "Distinct", 600)] == [
        (
            rule["clientSelectors"][0]["sourceCIDR"]["value"],
            rule["clientSelectors"][0]["sourceCIDR"]["type"],
            rule["limit"]["requests"],
        )
        for rule in rules
    ]
    assert {60} == {rule["limit"]["requests"] for rule in limits(requests_per_minute=60)["rateLimit"]["local"]["rules"]}
    assert "rateLimit" not in limits(requests_per_minute=0)


def test_the_proxy_refuses_a_body_that_the_servers_would_refuse() -> None:
    """Nothing of it crosses the cluster."""
    assert {"limit": "64Mi"} == limits(max_body_mib=64)["requestBuffer"]
    assert "requestBuffer" not in limits()


def test_a_silent_stream_is_not_cut() -> None:
    """Envoy cuts a stream in which nothing was said for five minutes; a long answer without `stream` says nothing."""
    assert {"http": {"streamIdleTimeout": "5400s"}} == limits(answer_seconds=5400)["timeout"]


def test_what_the_owner_of_a_shared_gateway_has_set_stays() -> None:
    """A policy of a route replaces the Gateway's own as a whole, unless it says that it merges."""
    shared = limits(gateway={"name": "public", "namespace": "gateways"}, tls_secret=None)

    assert "StrategicMerge" == shared["mergeType"]
    assert "mergeType" not in limits()


def test_another_gateway_gets_no_policy_of_envoy_gateway() -> None:
    """Its API server does not know the kinds; the servers still limit the body themselves."""
    recording, _ = make(envoy_policies=False, allow_from=["203.0.113.0/24"])

    assert [] == [*recording.kinds("BackendTrafficPolicy"), *recording.kinds("SecurityPolicy")]
    assert 1 == len(recording.kinds("HTTPRoute"))


def test_cert_manager_writes_the_secret_that_the_gateway_reads() -> None:
    """For the host name alone, with a new key at each renewal."""
    recording, _ = make(certificate_issuer={"name": "letsencrypt"})
    spec = recording.one("Certificate")["spec"]
    (listener,) = recording.one("Gateway")["spec"]["listeners"]

    assert {
        "secretName": "granite-tls",
        "dnsNames": ["granite.example.com"],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
    } == spec
    assert spec["secretName"] == listener["tls"]["certificateRefs"][0]["name"]


def test_a_given_gateway_has_its_own_certificate() -> None:
    """It belongs to somebody else."""
    recording, _ = make(gateway={"name": "public", "namespace": "gateways"}, certificate_issuer={"name": "letsencrypt"})

    assert [] == recording.kinds("Certificate")


PICKER = {"service": "granite-picker", "pod_labels": {"app": "granite-picker"}}


def test_an_endpoint_picker_stands_between_route_and_servers() -> None:
    """The route leads to the pool, the pool selects the servers, and the picker's pods may read their metrics."""
    recording, _ = make(endpoint_picker=PICKER)
    (rule,) = recording.one("HTTPRoute")["spec"]["rules"]

    assert [{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "granite", "weight": 1}] == rule[
        "backendRefs"
    ]
    assert {
        "selector": {
            "matchLabels": {
                "app.kubernetes.io/name": "vllm",
                "app.kubernetes.io/instance": "granite",
                "app.kubernetes.io/component": "server",
            }
        },
        "targetPorts": [{"number": 8000}],
        "endpointPickerRef": {
            "group": "",
            "kind": "Service",
            "name": "granite-picker",
            "port": {"number": 9002},
            "failureMode": "FailClose",
        },
    } == recording.one("InferencePool")["spec"]
    assert {"podSelector": {"matchLabels": {"app": "granite-picker"}}} in callers(recording)


def test_a_model_behind_a_shared_host_has_no_route_of_its_own() -> None:
    """The proxies may reach it, and its address is the host's."""
    recording, url = make(hostname=None, tls_secret=None, shared_url="https://api.example.com/granite/v1")

    assert [] == [*recording.kinds("HTTPRoute"), *recording.kinds("Gateway"), *recording.kinds("BackendTrafficPolicy")]
    assert [namespace("envoy-gateway-system")] == callers(recording)
    assert "https://api.example.com/granite/v1" == url


QUEUE = {"service": "proxy", "namespace": "keda", "port": 8080, "address": "granite-queue.inference.svc:8080"}


def test_a_public_route_leads_to_the_queue_and_nobody_past_it() -> None:
    """Past the queue a request would find no server."""
    recording, url = make(queue=QUEUE, client_namespaces=["apps"])
    (rule,) = recording.one("HTTPRoute")["spec"]["rules"]

    assert [{"group": "", "kind": "Service", "name": "proxy", "namespace": "keda", "port": 8080, "weight": 1}] == rule[
        "backendRefs"
    ]
    assert [namespace("keda")] == callers(recording)
    assert "https://granite.example.com/v1" == url


def test_a_private_model_is_called_by_its_queue_s_name() -> None:
    """The servers' own Service answers the queue alone."""
    recording, url = private(queue=QUEUE)

    assert "http://granite-queue.inference.svc:8080/v1" == url
    assert [namespace("keda")] == callers(recording)
