"""How the number of a model's servers follows its load, and what the cluster has for that."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import Base, Count

Seconds = Annotated[int, Field(ge=0, le=3600)]  # the most that a HorizontalPodAutoscaler takes


class Autoscaler(StrEnum):
    """Who changes the number of servers."""

    KEDA = "keda"
    HPA = "hpa"


class Interceptor(Base):
    """KEDA's HTTP add-on: it holds requests while a model has no server."""

    namespace: form.Namespace = "keda"
    """The namespace that it was installed in."""
    service: form.ObjectName = "keda-add-ons-http-interceptor-proxy"
    """The Service of its proxy."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 8080
    """The port of that Service."""
    scaler: form.ObjectName = "keda-add-ons-http-external-scaler"
    """The Service that tells KEDA how many requests are held."""


class Replicas(Base):
    """How many servers of a model run."""

    min: Annotated[int, Field(ge=0, le=1000)] = 1
    """At least this many; 0 stops the last one too, which takes `slipway:cluster.interceptor`."""
    max: Count | None = None
    """At most this many, by load, which takes `slipway:cluster.autoscaler`; left out: `min`, but at least 1."""

    @property
    def most(self) -> int:
        """Return how many servers there may be."""
        return self.max if self.max is not None else max(1, self.min)

    @property
    def scale(self) -> bool:
        """Return whether the number of servers follows the load."""
        return self.most > self.min


class Scaling(Base):
    """When another server starts, and when one stops."""

    waiting_requests: Annotated[int, Field(ge=1, le=10_000)] = 5
    """The waiting requests that one server may have."""
    running_requests: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """The running requests that one server may have; left out: four fifths of its largest batch."""
    kv_cache_usage: Annotated[float, Field(ge=0.1, le=1)] = 0.8
    """The part of its KV cache that one server may have in use."""
    scale_up_seconds: Seconds = 60
    """How long the load has to last before a server starts."""
    scale_down_seconds: Seconds = 600
    """How long the load has to be gone before a server stops."""
    idle_seconds: Annotated[int, Field(ge=1800, le=604_800)] | None = None
    """How long nobody has to call before the last server stops (`replicas.min: 0`), never below the model's load time;
    left out: the load time."""
