"""The policies of Envoy Gateway on a route: who may call, how often, how much, how long (docs/adr has the reasons)."""

from collections.abc import Sequence
from typing import Any

import pulumi

POLICY_API = "gateway.envoyproxy.io/v1alpha1"
REQUESTS_PER_MINUTE = 600
EVERYBODY = ("0.0.0.0/0", "::/0")


def allow_list_spec(route: pulumi.Input[str], networks: Sequence[str]) -> dict[str, Any]:
    """Return a SecurityPolicy's spec that lets only these networks use a route."""
    return {
        "targetRefs": _target(route),
        "authorization": {
            "defaultAction": "Deny",
            "rules": [
                {"name": "allow-from", "action": "Allow", "principal": {"clientCIDRs": list(networks)}},
            ],
        },
    }


def limits_spec(
    route: pulumi.Input[str], *, requests_per_minute: int, max_body_mib: int | None, answer_seconds: int, merged: bool
) -> dict[str, Any]:
    """Return a BackendTrafficPolicy's spec: the limits of each client address, and patience with a silent stream.

    ``merged`` keeps what the owner of a shared Gateway has set there; else a policy of the route replaces all of it.
    """
    spec: dict[str, Any] = {
        "targetRefs": _target(route),
        "timeout": {"http": {"streamIdleTimeout": f"{answer_seconds}s"}},
    }
    if merged:
        spec["mergeType"] = "StrategicMerge"
    if requests_per_minute:
        spec["rateLimit"] = {
            "type": "Local",
            "local": {"rules": [_each_address_of(network, requests_per_minute) for network in EVERYBODY]},
        }
    if max_body_mib is not None:
        spec["requestBuffer"] = {"limit": f"{max_body_mib}Mi"}
    return spec


def _each_address_of(network: str, requests: int) -> dict[str, Any]:
    return {
        "clientSelectors": [{"sourceCIDR": {"type": "Distinct", "value": network}}],
        "limit": {"requests": requests, "unit": "Minute"},
    }


def _target(route: pulumi.Input[str]) -> list[dict[str, pulumi.Input[str]]]:
    return [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route}]
