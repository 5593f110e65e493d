"""What is watched of a stack: its models, with the metric names of its engine's version."""

from collections.abc import Iterable

import pulumi

from components.server.sizes import times
from components.telemetry.args import ObservabilityArgs, WatchedModelArgs
from components.weights.manifest import fetch_seconds
from stacks.model import Model
from stacks.monitoring import Monitoring
from stacks.settings import Settings
from stacks.weights import Store
from validation.engine.metrics import series
from validation.report import Report


def observability(
    settings: Settings,
    wished: Monitoring,
    served: Iterable[tuple[Model, Report]],
    namespace: pulumi.Input[str],
) -> ObservabilityArgs:
    """Return the monitor, alerts and dashboard of all models that are deployed."""
    return ObservabilityArgs(
        namespace=namespace,
        series=series(settings.engine.version),
        models=[_watched(model, report) for model, report in served],
        monitor_labels=dict(wished.labels),
        interval_seconds=wished.interval_seconds,
        alerts=wished.alerts,
        dashboard=wished.dashboard,
    )


def _watched(model: Model, report: Report) -> WatchedModelArgs:
    size = report.model.weights_bytes or 0
    wait = fetch_seconds(size) if model.weights.store is Store.NODE else 0  # a pod is pending while its node is filled
    ready = times(size, 1, nodes=model.nodes_per_replica, wait=wait).progress
    return WatchedModelArgs(name=model.name, ready_seconds=ready, always_on=model.replicas.min > 0)
