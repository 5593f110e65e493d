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


class Endpoint(Base):
    """How a model is reached."""

    visibility: Annotated[Visibility, LOOSE] = Visibility.PRIVATE
    """`private` stays inside the cluster, `public` gets a route."""
    hostname: form.Hostname | None = None
    """The host name of a public endpoint."""
    allow_from: Annotated[tuple[form.Network, ...], LOOSE] = ()
    """The networks that may call a public endpoint; empty: all."""
    tls_secret: form.ObjectName | None = None
    """The Secret with the host's certificate, for a Gateway of its own; left out: that of
    `slipway:cluster.gateway`, else the Secret `NAME-tls`."""
    api_key_secret: ApiKeySecret | None = None
    """The Secret of the API keys in the cluster; left out: `slipway:apiKey`, else a key is generated."""
    api_key_generation: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """A number to count up when keys have changed: the servers read them at start, and are then replaced."""
    max_body_mib: Annotated[int, Field(ge=1, le=1024)] | None = None
    """The largest body of a request in MiB; left out: 8, or 64 for a model that takes media."""
