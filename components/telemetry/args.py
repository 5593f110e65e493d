"""What Observability is told: which models there are, and what their engine calls its metrics."""

from typing import NotRequired, TypedDict

import pulumi


class WatchedModelArgs(TypedDict):
    """One model that is watched."""

    name: str
    """Its name in the cluster and in the API."""
    ready_seconds: int
    """How long it may take until a server answers: nodes, image, weights and load."""
    always_on: NotRequired[bool]
    """At least one server runs all the time; true by default. False: no server is no alert."""


class ObservabilityArgs(TypedDict):
    """One namespace of models."""

    namespace: pulumi.Input[str]
    """The namespace of the servers."""
    series: dict[str, str]
    """The name of the series in Prometheus by measure (`requests_waiting`, `kv_cache_usage`, ...), as the engine's
    version has them; what is missing has no alert and no panel."""
    models: list[WatchedModelArgs]
    """The models."""
    monitor_labels: NotRequired[dict[str, str]]
    """Labels by which the Prometheus operator picks its objects."""
    interval_seconds: NotRequired[int]
    """How often the metrics are read; 15 by default."""
    alerts: NotRequired[bool]
    """Make alerts; true by default."""
    dashboard: NotRequired[bool]
    """Make a dashboard; true by default."""
