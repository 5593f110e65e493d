"""InferenceEndpoint: who may reach a model, at which address, by which paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.endpoint import route
from components.endpoint.args import InferenceEndpointArgs
from components.naming import SERVER, labels, object_name, selector
from components.paths import METHODS
from components.server import network
from components.server.arguments import PORT

TOKEN = "slipway:index:InferenceEndpoint"  # noqa: S105 - a type token of Pulumi, no secret
PUBLIC, PRIVATE = "public", "private"
ENVOY_CLASS = "eg"
ENVOY_NAMESPACE = "envoy-gateway-system"
ANSWER_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointResources:
    """The objects of one endpoint; those that were not needed are None."""

    network_policy: kubernetes.networking.v1.NetworkPolicy
    gateway: CustomResource | None = None
    route: CustomResource | None = None
    allow_list: CustomResource | None = None


class InferenceEndpoint(pulumi.ComponentResource):
    """The way to one model: the opening in its network policy and, when public, a route with only its type's paths."""

    url: pulumi.Output[str]
    """The address that clients use, up to and with `/v1`."""
    visibility: pulumi.Output[str]
    """`private` or `public`."""

    def __init__(self, name: str, args: InferenceEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Open the way; raise RunError for a public endpoint without host name, TLS, key or known path."""
        super().__init__(TOKEN, name, {**args}, opts)
        _check(name, args)
        self._name, self._args, self._model = object_name(name), args, name
        self.resources = self._public() if args["visibility"] == PUBLIC else self._private()
        self.visibility = pulumi.Output.from_input(args["visibility"])
        self.url = self._url()
        self.register_outputs({"url": self.url, "visibility": self.visibility})

    def _url(self) -> pulumi.Output[str]:
        if self._args["visibility"] == PUBLIC:
            return pulumi.Output.from_input(f"https://{self._args.get('hostname', '')}/v1")
        return pulumi.Output.concat(
            "http://", self._args["service_name"], ".", self._args["namespace"], f".svc:{PORT}/v1"
        )

    def _private(self) -> EndpointResources:
        return EndpointResources(network_policy=self._network_policy())

    def _public(self) -> EndpointResources:
        made = None if "gateway" in self._args else self._gateway()
        http_route = self._custom(
            "route",
            "HTTPRoute",
            route.ROUTE_API,
            route.route_spec(
                hostname=self._args.get("hostname", ""),
                parent=route.parent(self._args.get("gateway"), self._name, self._args["namespace"]),
                service=self._args["service_name"],
                paths=self._args["endpoints"],
                answer_seconds=self._args.get("answer_seconds", ANSWER_SECONDS),
            ),
        )
        networks = self._args.get("allow_from", [])
        allow_list = (
            self._custom(
                "allow-list",
                "SecurityPolicy",
                "gateway.envoyproxy.io/v1alpha1",
                route.allow_list_spec(self._name, networks),
                after=[http_route],
            )
            if networks
            else None
        )
        return EndpointResources(
            network_policy=self._network_policy(), gateway=made, route=http_route, allow_list=allow_list
        )

    def _gateway(self) -> CustomResource:
        return self._custom(
            "gateway",
            "Gateway",
            route.ROUTE_API,
            route.gateway_spec(
                hostname=self._args.get("hostname", ""),
                gateway_class=self._args.get("gateway_class", ENVOY_CLASS),
                tls_secret=self._args.get("tls_secret", ""),
            ),
        )

    def _custom(
        self,
        part: str,
        kind: str,
        api_version: str,
        spec: dict[str, Any],
        after: Sequence[pulumi.Resource] = (),
    ) -> CustomResource:
        return CustomResource(
            f"{self._name}-{part}",
            api_version=api_version,
            kind=kind,
            metadata={
                "name": self._name,
                "namespace": self._args["namespace"],
                "labels": labels(self._model, SERVER),
            },
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _network_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        args = self._args
        public = args["visibility"] == PUBLIC
        callers = [network.namespace_peer(namespace) for namespace in args.get("client_namespaces", [])]
        if args.get("same_namespace", not public):
            callers.append(network.same_namespace_peer())
        if public:
            callers += [network.namespace_peer(namespace) for namespace in _proxy_namespaces(args)]
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-callers",
            metadata={
                "name": object_name(self._name, "callers"),
                "namespace": args["namespace"],
                "labels": labels(self._model, SERVER),
            },
            spec=network.callable_from(selector(self._model, SERVER), callers),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _proxy_namespaces(args: InferenceEndpointArgs) -> list[str]:
    """Return where the Gateway's proxies may run: as stated, else beside the Gateway, or in Envoy Gateway's own."""
    if "gateway_namespace" in args:
        return [args["gateway_namespace"]]
    beside = {args["gateway"]["namespace"]} if "gateway" in args else set()
    return sorted({ENVOY_NAMESPACE, *beside})


def _check(name: str, args: InferenceEndpointArgs) -> None:
    if args["visibility"] not in {PUBLIC, PRIVATE}:
        raise pulumi.RunError(f"model `{name}`: `endpoint.visibility` is `private` or `public`")
    unknown = [path for path in args["endpoints"] if path not in METHODS]
    if unknown:
        raise pulumi.RunError(f"model `{name}`: no route is made for {', '.join(unknown)}")
    if args["visibility"] == PRIVATE:
        return
    if not args["endpoints"]:
        raise pulumi.RunError(f"model `{name}`: its type has no path that could be public")
    if not args.get("hostname"):
        raise pulumi.RunError(f"model `{name}`: a public endpoint needs `endpoint.hostname`")
    if "gateway" not in args and not args.get("tls_secret"):
        raise pulumi.RunError(
            f"model `{name}`: a public endpoint needs TLS; set `endpoint.tlsSecret` or `cluster.gateway`"
        )
    if not args.get("has_api_key", False):
        raise pulumi.RunError(f"model `{name}`: a public endpoint needs an API key; set `endpoint.apiKeySecret`")
