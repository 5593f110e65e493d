"""The objects of Gateway API: a route with the paths of the model's type and no other, and a Gateway for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.endpoint.args import GatewayArgs
from components.paths import METHODS
from components.server.arguments import PORT

ROUTE_API = "gateway.networking.k8s.io/v1"
HTTPS_LISTENER = "https"


def parent(gateway: GatewayArgs | None, own: str, namespace: pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
    """Return the Gateway and listener that a route attaches to: the given one, or the endpoint's own."""
    if gateway is None:
        return {"name": own, "namespace": namespace, "sectionName": HTTPS_LISTENER}
    listener = gateway.get("section_name", HTTPS_LISTENER)
    return {"name": gateway["name"], "namespace": gateway["namespace"], "sectionName": listener}


def route_spec(
    *,
    hostname: str,
    parent: Mapping[str, pulumi.Input[str]],
    service: pulumi.Input[str],
    paths: Sequence[str],
    answer_seconds: int,
) -> dict[str, Any]:
    """Return the HTTPRoute's spec: exact paths, one method each, and times that cut no stream of ``answer_seconds``."""
    matches = [{"path": {"type": "Exact", "value": path}, "method": METHODS[path]} for path in paths]
    patience = f"{answer_seconds}s"
    return {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", **parent}],
        "hostnames": [hostname],
        "rules": [
            {
                "matches": matches,
                "backendRefs": [{"group": "", "kind": "Service", "name": service, "port": PORT, "weight": 1}],
                "timeouts": {"request": patience, "backendRequest": patience},
            }
        ],
    }


def gateway_spec(*, hostname: str, gateway_class: str, tls_secret: str) -> dict[str, Any]:
    """Return the spec of a Gateway with one TLS listener for one host name, open to routes of its own namespace."""
    return {
        "gatewayClassName": gateway_class,
        "listeners": [
            {
                "name": HTTPS_LISTENER,
                "hostname": hostname,
                "port": 443,
                "protocol": "HTTPS",
                "tls": {
                    "mode": "Terminate",
                    "certificateRefs": [{"group": "", "kind": "Secret", "name": tls_secret}],
                },
                "allowedRoutes": {"namespaces": {"from": "Same"}},
            }
        ],
    }


def allow_list_spec(route: pulumi.Input[str], networks: Sequence[str]) -> dict[str, Any]:
    """Return an Envoy Gateway SecurityPolicy that lets only these networks use a route (docs/adr has the reasons)."""
    return {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route}],
        "authorization": {
            "defaultAction": "Deny",
            "rules": [
                {"name": "allow-from", "action": "Allow", "principal": {"clientCIDRs": list(networks)}},
            ],
        },
    }
