"""How a model is reached: what means something for its visibility, its address and the gateway's policies."""

from collections.abc import Collection, Iterator

from stacks.endpoint import Visibility
from stacks.gateway import GatewayPolicies
from stacks.references.view import Found, View

ADDRESS = ("tlsSecret", "allowFrom", "requestsPerMinute", "timeoutSeconds")
_PUBLIC_ONLY = ("hostname", *ADDRESS, "inferencePool")
_BY_POLICY = ("allowFrom", "requestsPerMinute")


def entrance(cluster: View) -> Iterator[Found]:
    """Yield what contradicts itself in how requests come into the cluster."""
    if cluster.states("gateway") and cluster.states("certificateIssuer"):
        yield (
            cluster.at("certificateIssuer"),
            "means nothing beside `gateway`, whose listener has its certificate",
            "remove one of the two",
        )


def endpoint(model: View, cluster: View, shared: Collection[str]) -> Iterator[Found]:
    """Yield everything about one model's endpoint; ``shared`` are the models that a host leads to."""
    found = model.inner("endpoint")
    if not public(model):
        for key in _PUBLIC_ONLY:
            if found.value.get(key):
                yield found.at(key), "means nothing for a private endpoint", "remove it, or set `visibility: public`"
        return
    if not found.states("hostname"):
        yield from _without_a_name(found, behind_a_host=model.text("name") in shared)
    else:
        yield from by_policy(found, cluster)


def public(model: View) -> bool:
    """Return whether a model's endpoint leads outside."""
    return model.inner("endpoint").text("visibility", Visibility.PRIVATE) == Visibility.PUBLIC


def by_policy(address: View, cluster: View) -> Iterator[Found]:
    """Yield the keys of an address that only a policy of Envoy Gateway could fulfil, where there are none."""
    if cluster.text("gatewayPolicies") == GatewayPolicies.NONE:
        for key in _BY_POLICY:
            if address.value.get(key):
                yield (
                    address.at(key),
                    "needs the policies of Envoy Gateway, which `slipway:cluster.gatewayPolicies` denies",
                    "remove it and see to it at the gateway, or use Envoy Gateway",
                )


def _without_a_name(found: View, *, behind_a_host: bool) -> Iterator[Found]:
    if not behind_a_host:
        yield (
            found.at("hostname"),
            "is missing for a public endpoint",
            "add the name that clients will call, or lead to the model from `slipway:hosts`",
        )
    for key in ADDRESS if behind_a_host else ():
        if found.value.get(key):
            yield found.at(key), "means nothing without a `hostname` of its own", "state it on the host, or remove it"
