"""How a model is reached: by whom, at which address, with which keys."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import LOOSE, Base


class Visibility(StrEnum):
    """Who can reach an endpoint."""

    PRIVATE = "private"
    PUBLIC = "public"


class ApiKeySecret(Base):
    """A Secret of API keys that is already in the cluster's namespace, so that they are in no file and no state."""

    name: form.ObjectName
    """The Secret's name."""
    key: form.DataKey | None = None
    """The one entry to take; left out: every entry is a key, so that keys change without an outage."""


class InferencePool(Base):
    """KV-aware routing by Gateway API's Inference Extension; the gateway has to know it."""

    picker_service: form.ObjectName
    """The Service of the endpoint picker, which runs in the stack's namespace already."""
    picker_port: Annotated[int, Field(ge=1, le=65_535)] = 9002
    """Its port."""
    picker_labels: Annotated[dict[form.LabelKey, form.LabelValue], Field(min_length=1, max_length=32)]
    """The labels of the picker's pods, which may read the servers' metrics."""
    fail_open: bool = False
    """While the picker does not answer, take any server; false: answer nobody."""


class Address(Base):
    """What stands before a host name."""

    tls_secret: form.ObjectName | None = None
    """The Secret with the host's certificate, for a Gateway of its own; left out: that of
    `slipway:cluster.gateway`, else the Secret `NAME-tls`."""
    allow_from: Annotated[tuple[form.Network, ...], LOOSE] = ()
    """The networks that may call; empty: all."""
    requests_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """How many requests a minute each proxy takes from one address, before 429; left out: 600; 0: no limit."""
    timeout_seconds: Annotated[int, Field(ge=10, le=86_400)] | None = None
    """The longest answer or stream, and the longest silence in it; left out: 3600."""


class Endpoint(Address):
    """How a model is reached."""

    visibility: Annotated[Visibility, LOOSE] = Visibility.PRIVATE
    """`private` stays inside the cluster, `public` gets a route, or a place in `slipway:hosts`."""
    hostname: form.Hostname | None = None
    """The host name of a public endpoint."""
    client_namespaces: Annotated[tuple[form.Namespace, ...], LOOSE, Field(max_length=64)] = ()
    """The namespaces whose pods may call the servers directly; empty: for a private endpoint the stack's own."""
    api_key_secret: ApiKeySecret | None = None
    """The Secret of the API keys in the cluster; left out: `slipway:apiKey`, else a key is generated."""
    api_key_generation: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """A number to count up when keys have changed: the servers read them at start, and are then replaced."""
    max_body_mib: Annotated[int, Field(ge=1, le=1024)] | None = None
    """The largest body of a request in MiB, before 413; left out: 8, or 64 for a model that takes media."""
    inference_pool: InferencePool | None = None
    """Let an endpoint picker choose the server by its cache and queue; left out: the gateway takes turns."""
