"""What Autoscaler is told: between which numbers, by which signals, and who acts on them."""

from typing import NotRequired, TypedDict

import pulumi


class MetricNamesArgs(TypedDict):
    """What the engine calls the series that are scaled by."""

    waiting: str
    """Requests that wait for a place in the batch."""
    running: str
    """Requests in the batch."""
    kv_cache_usage: str
    """The part of the KV cache in use, from 0 to 1."""


class QueueTriggerArgs(TypedDict):
    """The queue in front of a model that may have no server."""

    name: pulumi.Input[str]
    """The InterceptorRoute's name."""
    scaler_address: str
    """Host and port of the HTTP add-on's external scaler."""


class AutoscalerArgs(TypedDict):
    """One model's scaling. Each signal is what one server may have; the one that asks for most servers wins."""

    namespace: pulumi.Input[str]
    """The namespace."""
    scale_target: pulumi.Input[dict[str, str]]
    """What has the servers (`apiVersion`, `kind`, `name`), and states no replicas itself."""
    instance: NotRequired[str]
    """The model's own name, where another model serves the same name; Slipway's PodMonitor hands it on as a label."""
    served_model_name: str
    """The name of the model in the engine's metrics."""
    controller: str
    """`keda` or `hpa`."""
    min_replicas: int
    """At least this many servers; 0 only with a queue."""
    max_replicas: int
    """At most this many servers."""
    waiting_requests: NotRequired[int]
    """The waiting requests that one server may have; 5 by default."""
    running_requests: NotRequired[int]
    """The running requests that one server may have; left out: not looked at."""
    kv_cache_usage: NotRequired[float]
    """The part of its KV cache that one server may use; left out: not looked at."""
    scale_up_seconds: NotRequired[int]
    """How long the load has to last before a server starts; 60 by default."""
    scale_down_seconds: NotRequired[int]
    """How long the load has to be gone before a server stops; 600 by default."""
    prometheus: NotRequired[str]
    """The address of the Prometheus that KEDA asks."""
    metrics: NotRequired[MetricNamesArgs]
    """The names of the series; those of vLLM 0.12 and later by default."""
    load_seconds: NotRequired[int]
    """How long a server may take until it answers; the wait before the last one stops is never shorter."""
    idle_seconds: NotRequired[int]
    """How long nobody has to call before the last server stops; `load_seconds` by default."""
    queue: NotRequired[QueueTriggerArgs]
    """What holds requests while there is no server; needed for `min_replicas` 0."""
