"""What InferenceEndpoint is told: who may call the model, and at which address."""

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
    gateway: NotRequired[GatewayArgs]
    """The Gateway to attach to; left out: one is made for this endpoint."""
    gateway_class: NotRequired[str]
    """The class of a Gateway that is made; `eg` (Envoy Gateway) by default."""
    gateway_namespace: NotRequired[str]
    """Where the Gateway's proxies run; `envoy-gateway-system` and the given Gateway's namespace by default."""
    tls_secret: NotRequired[str]
    """The Secret with the certificate of the host name, for a Gateway that is made."""
    allow_from: NotRequired[list[str]]
    """The networks that may call a public endpoint; none means all."""
    answer_seconds: NotRequired[int]
    """The longest answer or stream in seconds; 3600 by default."""
    client_namespaces: NotRequired[list[str]]
    """The namespaces whose pods may call the Service directly."""
    same_namespace: NotRequired[bool]
    """Pods of the Service's own namespace may call it; true by default for a private endpoint."""
