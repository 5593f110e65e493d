"""The objects of Gateway API: a route with the paths of the models' types and no other, and a Gateway for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.endpoint.args import BackendArgs, GatewayArgs, HostRouteArgs
from components.endpoint.pool import POOL, POOL_GROUP
from components.paths import METHODS
from components.server.arguments import PORT

ROUTE_API = "gateway.networking.k8s.io/v1"
ROUTE_GROUP = "gateway.networking.k8s.io"
HTTPS_LISTENER = "https"
MODEL_HEADER = "X-Gateway-Model-Name"  # what the body-based router of the Inference Extension sets
ANSWER_SECONDS = 3600


def parent(gateway: GatewayArgs | None, own: str, namespace: pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
    """Return the Gateway and listener that a route attaches to: the given one, or the endpoint's own."""
    if gateway is None:
        return {"name": own, "namespace": namespace, "sectionName": HTTPS_LISTENER}
    listener = gateway.get("section_name", HTTPS_LISTENER)
    return {"name": gateway["name"], "namespace": gateway["namespace"], "sectionName": listener}


def route_spec(
    *, hostname: str, parent: Mapping[str, pulumi.Input[str]], rules: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the HTTPRoute's spec: these rules for one host name at one listener."""
    return {
        "parentRefs": [{"group": ROUTE_GROUP, "kind": "Gateway", **parent}],
        "hostnames": [hostname],
        "rules": list(rules),
    }


def rules(route: HostRouteArgs, *, header: str, answer_seconds: int) -> list[dict[str, Any]]:
    """Return a route's rules: exact paths, one method each, and times that cut no stream of ``answer_seconds``.

    A prefix is taken off by a rule for each path, since what a path is rewritten to stands in its rule.
    """
    prefix, patience = route.get("path", ""), f"{answer_seconds}s"
    common = {
        "backendRefs": [_backend(each) for each in route["backends"]],
        "timeouts": {"request": patience, "backendRequest": patience},
    }
    named = _named(header, route["model_name"]) if "model_name" in route else {}
    matches = [
        {"path": {"type": "Exact", "value": f"{prefix}{path}"}, "method": METHODS[path], **named}
        for path in route["endpoints"]
    ]
    if not prefix:
        return [{"matches": matches, **common}]
    return [
        {"matches": [match], "filters": [_rewritten(path)], **common}
        for match, path in zip(matches, route["endpoints"], strict=True)
    ]


def _named(header: str, name: str) -> dict[str, Any]:
    return {"headers": [{"type": "Exact", "name": header, "value": name}]}


def _rewritten(path: str) -> dict[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": path}}}


def _backend(backend: BackendArgs) -> dict[str, Any]:
    common = {"name": backend["name"], "weight": backend.get("weight", 1)}
    if backend.get("kind") == POOL:
        return {"group": POOL_GROUP, "kind": POOL, **common}
    elsewhere = {"namespace": backend["namespace"]} if "namespace" in backend else {}
    return {"group": "", "kind": "Service", "port": backend.get("port", PORT), **elsewhere, **common}


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
