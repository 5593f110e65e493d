"""What InferenceEndpoint and InferenceHost are told: who may call, at which address, how much and how long."""

from typing import NotRequired, TypedDict

import pulumi


class GatewayArgs(TypedDict):
    """A Gateway of the cluster that the route attaches to."""

    name: str
    """The Gateway's name."""
    namespace: str
    """Its namespace."""
    section_name: NotRequired[str]
    """The listener; `https` by default, so that no route is served in the clear."""


class IssuerArgs(TypedDict):
    """Who signs the certificate of a host name: an issuer of cert-manager."""

    name: str
    """The issuer's name."""
    kind: NotRequired[str]
    """`ClusterIssuer` by default, or `Issuer` for one of the namespace."""


class EndpointPickerArgs(TypedDict):
    """The endpoint picker of an InferencePool, which runs in the namespace of the models already."""

    service: str
    """Its Service."""
    port: NotRequired[int]
    """The Service's port; 9002 by default."""
    pod_labels: dict[str, str]
    """The labels of its pods, which may read the servers' metrics."""
    fail_open: NotRequired[bool]
    """While the picker does not answer, any server is taken; false by default: then nobody is answered."""


class WaitingArgs(TypedDict):
    """Where requests wait while a model has no server: every request passes there."""

    service: str
    """The Service of the queue's proxy."""
    namespace: str
    """Its namespace, the only one whose pods then call the servers."""
    port: int
    """The Service's port."""
    address: pulumi.Input[str]
    """Host and port inside the cluster, for a private endpoint."""


class FrontArgs(TypedDict):
    """What stands before a host name, whether it belongs to one model or to several."""

    gateway: NotRequired[GatewayArgs]
    """The Gateway to attach to; left out: one is made for this host name."""
    gateway_class: NotRequired[str]
    """The class of a Gateway that is made; `eg` (Envoy Gateway) by default."""
    tls_secret: NotRequired[str]
    """The Secret with the certificate of the host name, for a Gateway that is made."""
    certificate_issuer: NotRequired[IssuerArgs]
    """Who writes that Secret; left out: it is there already."""
    envoy_policies: NotRequired[bool]
    """Limit and guard with Envoy Gateway's policies; true by default. False for another gateway, which has its own."""
    allow_from: NotRequired[list[str]]
    """The networks that may call; none means all."""
    requests_per_minute: NotRequired[int]
    """How many requests a minute each proxy takes from one address; 600 by default, 0 is no limit."""
    max_body_mib: NotRequired[int]
    """The largest body of a request in MiB, refused by the proxy; left out: only by the servers."""
    answer_seconds: NotRequired[int]
    """The longest answer or stream in seconds; 3600 by default."""


class InferenceEndpointArgs(TypedDict):
    """The way to one model's Service."""

    namespace: pulumi.Input[str]
    """The namespace of the Service."""
    service_name: pulumi.Input[str]
    """The Service."""
    visibility: str
    """`private` stays inside the cluster, `public` gets a route."""
    endpoints: list[str]
    """The paths of the model's type, like `/v1/chat/completions`; a route leads to nothing else."""
    has_api_key: NotRequired[bool]
    """The servers ask for a key; a public endpoint without one is refused."""
    hostname: NotRequired[str]
    """The host name of a public endpoint."""
    front: NotRequired[FrontArgs]
    """What stands before this host name."""
    shared_url: NotRequired[str]
    """The address at an InferenceHost, which then is instead of a host name."""
    proxy_namespaces: NotRequired[list[str]]
    """Where the Gateways' proxies run; `envoy-gateway-system` and the given Gateway's namespace by default."""
    endpoint_picker: NotRequired[EndpointPickerArgs]
    """Make an InferencePool with this picker, and let the route lead there instead of to the Service."""
    queue: NotRequired[WaitingArgs]
    """What holds requests while there is no server; nobody then calls the servers past it."""
    client_namespaces: NotRequired[list[str]]
    """The namespaces whose pods may call the Service directly."""
    same_namespace: NotRequired[bool]
    """Pods of the Service's own namespace may call it; true by default for a private endpoint."""


class BackendArgs(TypedDict):
    """Where a route leads."""

    name: pulumi.Input[str]
    """The Service, or the InferencePool."""
    kind: NotRequired[str]
    """`Service` by default, or `InferencePool`."""
    namespace: NotRequired[str]
    """The Service's namespace, where it is another one and permits it; the route's by default."""
    port: NotRequired[int]
    """The Service's port; the servers' by default."""
    weight: NotRequired[int]
    """The share of the requests, in proportion to the sum of the weights; 1 by default."""


class HostRouteArgs(TypedDict):
    """One model's place behind a host name, or that of several that stand in for each other."""

    backends: list[BackendArgs]
    """Where it leads, by weight."""
    endpoints: list[str]
    """The paths of the models' type."""
    path: NotRequired[str]
    """The prefix before these paths, like `/granite`, which the servers do not see."""
    model_name: NotRequired[str]
    """The value of the header that names the model."""


class InferenceHostArgs(TypedDict):
    """A host name that several models share."""

    namespace: pulumi.Input[str]
    """The namespace of the models' Services."""
    hostname: str
    """The host name."""
    routes: list[HostRouteArgs]
    """The models behind it; 16 routes at most."""
    front: NotRequired[FrontArgs]
    """What stands before this host name."""
    model_header: NotRequired[str]
    """The header that names the model; `X-Gateway-Model-Name` by default."""
