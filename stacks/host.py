"""Several models behind one host name: by path, by name, by weight."""

from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import LOOSE, Base
from stacks.endpoint import Address


class HostModel(Base):
    """A model on a route."""

    name: form.Name
    """The model's name in `slipway:models`."""
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    """Its share of the requests, in proportion to the sum of the weights; 0: none."""


class Route(Base):
    """What leads to one model, or to several that stand in for each other."""

    path: form.PathPrefix | None = None
    """The prefix that clients put before `/v1`, like `/granite`; left out: none."""
    model_name: form.ServedName | None = None
    """The name in the header `modelHeader`; left out: the header does not matter."""
    models: Annotated[tuple[HostModel, ...], LOOSE, Field(min_length=1, max_length=16)]
    """Where it leads: one model, or several of one type that serve one name, by weight."""


class Host(Address):
    """A host name that several models share."""

    name: form.Name
    """The name of its objects in the cluster."""
    hostname: form.Hostname
    """The host name."""
    model_header: form.HeaderName = "X-Gateway-Model-Name"
    """The header that names the model, set by the client, or by a router that reads bodies before the gateway."""
    routes: Annotated[tuple[Route, ...], LOOSE, Field(min_length=1, max_length=16)]
    """What leads where."""
