"""The HorizontalPodAutoscaler over Pods metrics, as a Prometheus adapter gives them."""

from typing import Any

from components.scaling.args import AutoscalerArgs
from components.scaling.signals import Signal, behavior, signals

WHOLE = 1000


def autoscaler(args: AutoscalerArgs) -> dict[str, Any]:
    """Return the spec; the metrics are those of the target's own pods, so no other namespace is mixed in."""
    return {
        "scaleTargetRef": args["scale_target"],
        "minReplicas": args["min_replicas"],
        "maxReplicas": args["max_replicas"],
        "metrics": [_pods(signal) for signal in signals(args)],
        "behavior": behavior(args),
    }


def metric_name(series: str) -> str:
    """Return a series' name in the metrics API: without the colon, as the rules in docs/operations.md say."""
    return series.replace(":", "_")


def _pods(signal: Signal) -> dict[str, Any]:
    return {
        "type": "Pods",
        "pods": {
            "metric": {"name": metric_name(signal.series)},
            "target": {"type": "AverageValue", "averageValue": _quantity(signal.target)},
        },
    }


def _quantity(value: float) -> str:
    """Return a number as a Kubernetes quantity, in thousandths where it is not whole."""
    return str(round(value)) if value == round(value) else f"{round(value * WHOLE)}m"
