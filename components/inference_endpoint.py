"""InferenceEndpoint: who may reach a model, at which address, by which paths."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

from components.endpoint import pool, route
from components.endpoint.args import BackendArgs, InferenceEndpointArgs
from components.endpoint.front import Front
from components.naming import SERVER, labels, object_name, selector
from components.paths import METHODS
from components.server import network
from components.server.arguments import PORT

TOKEN = "slipway:index:InferenceEndpoint"  # noqa: S105 - a type token of Pulumi, no secret
PUBLIC, PRIVATE = "public", "private"
ENVOY_NAMESPACE = "envoy-gateway-system"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointResources:
    """The objects of one endpoint; those that were not needed are None."""

    network_policy: kubernetes.networking.v1.NetworkPolicy
    pool: CustomResource | None = None
    gateway: CustomResource | None = None
    certificate: CustomResource | None = None
    route: CustomResource | None = None
    allow_list: CustomResource | None = None
    limits: CustomResource | None = None


class InferenceEndpoint(pulumi.ComponentResource):
    """The way to one model: the opening in its network policy and, when public, a route with only its type's paths."""

    url: pulumi.Output[str]
    """The address that clients use, up to and with `/v1`."""
    visibility: pulumi.Output[str]
    """`private` or `public`."""
    backend_name: pulumi.Output[str]
    """Where a route leads: the Service, or the InferencePool."""

    def __init__(self, name: str, args: InferenceEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Open the way; raise RunError for a public endpoint without host name, TLS, key or known path."""
        super().__init__(TOKEN, name, {**args}, opts)
        _check(name, args)
        self._name, self._args, self._model = object_name(name), args, name
        self.backend_name = pulumi.Output.from_input(args["service_name"])
        self.resources = self._resources()
        self.visibility = pulumi.Output.from_input(args["visibility"])
        self.url = self._url()
        self.register_outputs({"url": self.url, "visibility": self.visibility, "backendName": self.backend_name})

    def _url(self) -> pulumi.Output[str]:
        if shared := self._args.get("shared_url"):
            return pulumi.Output.from_input(shared)
        if self._args["visibility"] == PUBLIC:
            return pulumi.Output.from_input(f"https://{self._args.get('hostname', '')}/v1")
        if "queue" in self._args:
            return pulumi.Output.concat("http://", self._args["queue"]["address"], "/v1")
        return pulumi.Output.concat(
            "http://", self._args["service_name"], ".", self._args["namespace"], f".svc:{PORT}/v1"
        )

    def _resources(self) -> EndpointResources:
        front = Front(
            parent=self,
            owner=self._name,
            part=SERVER,
            hostname=self._args.get("hostname", ""),
            namespace=self._args["namespace"],
            args=self._args.get("front", {}),
        )
        policy, made = self._network_policy(), self._pool(front)
        if made:
            self.backend_name = made.urn.apply(lambda _: self._name)  # so that a route waits for the pool
        if self._args["visibility"] != PUBLIC or not front.hostname:
            return EndpointResources(network_policy=policy, pool=made)
        found = front.build(
            [
                {
                    "backends": [self._backend(pooled=made is not None)],
                    "endpoints": self._args["endpoints"],
                }
            ],
            route.MODEL_HEADER,
        )
        return EndpointResources(
            network_policy=policy,
            pool=made,
            gateway=found.gateway,
            certificate=found.certificate,
            route=found.route,
            allow_list=found.allow_list,
            limits=found.limits,
        )

    def _backend(self, *, pooled: bool) -> BackendArgs:
        if waiting := self._args.get("queue"):
            return {"name": waiting["service"], "namespace": waiting["namespace"], "port": waiting["port"]}
        return {"name": self.backend_name, "kind": pool.POOL if pooled else "Service"}

    def _pool(self, front: Front) -> CustomResource | None:
        if "endpoint_picker" not in self._args:
            return None
        spec = pool.pool_spec(selector(self._model, SERVER), self._args["endpoint_picker"])
        return front.custom("pool", pool.POOL, pool.POOL_API, spec)

    def _network_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        callers = _callers(self._args)
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-callers",
            metadata={
                "name": object_name(self._name, "callers"),
                "namespace": self._args["namespace"],
                "labels": labels(self._model, SERVER),
            },
            spec=network.callable_from(selector(self._model, SERVER), callers),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _callers(args: InferenceEndpointArgs) -> list[NetworkPolicyPeerArgsDict]:
    """Return who may reach the servers; past a queue nobody does, so that no request finds none."""
    if waiting := args.get("queue"):
        return [network.namespace_peer(waiting["namespace"])]
    public = args["visibility"] == PUBLIC
    callers = [network.namespace_peer(namespace) for namespace in args.get("client_namespaces", [])]
    if args.get("same_namespace", not public):
        callers.append(network.same_namespace_peer())
    if public:
        callers += [network.namespace_peer(namespace) for namespace in _proxy_namespaces(args)]
    if "endpoint_picker" in args:
        callers.append(network.pods_peer(args["endpoint_picker"]["pod_labels"]))
    return callers


def _proxy_namespaces(args: InferenceEndpointArgs) -> list[str]:
    """Return where the Gateway's proxies may run: as stated, else beside the Gateway, or in Envoy Gateway's own."""
    if "proxy_namespaces" in args:
        return args["proxy_namespaces"]
    front = args.get("front", {})
    beside = {front["gateway"]["namespace"]} if "gateway" in front else set()
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
    if not args.get("hostname") and not args.get("shared_url"):
        raise pulumi.RunError(
            f"model `{name}`: a public endpoint needs `endpoint.hostname`, or a place in `slipway:hosts`"
        )
    front = args.get("front", {})
    if args.get("hostname") and "gateway" not in front and not front.get("tls_secret"):
        raise pulumi.RunError(
            f"model `{name}`: a public endpoint needs TLS; set `endpoint.tlsSecret` or `cluster.gateway`"
        )
    if not args.get("has_api_key", False):
        raise pulumi.RunError(f"model `{name}`: a public endpoint needs an API key; set `endpoint.apiKeySecret`")
