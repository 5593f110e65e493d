"""KEDA's ScaledObject: Prometheus as the judge, and the queue's length where the model may have no server."""

from typing import Any

import pulumi

from components.scaling.args import AutoscalerArgs
from components.scaling.signals import Signal, behavior, query, signals

API = "keda.sh/v1alpha1"
POLLING = 15  # seconds between two looks, where the last server may stop
FAILURES = 3  # looks without an answer until the number is frozen


def scaled_object(args: AutoscalerArgs, cold_start: int) -> dict[str, Any]:
    """Return the spec. An outage of the metrics stops no server: the present number, or the least one, is kept.

    ``cold_start`` is how long the first server may take from nothing, in seconds.
    """
    least = args["min_replicas"]
    spec: dict[str, Any] = {
        "scaleTargetRef": args["scale_target"],
        "minReplicaCount": least,
        "maxReplicaCount": args["max_replicas"],
        "fallback": {
            "failureThreshold": FAILURES,
            "replicas": max(1, least),
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior(args)}},
        "triggers": [*_queue(args), *(_prometheus(args, signal) for signal in signals(args))],
    }
    if least == 0:
        spec |= {
            "pollingInterval": POLLING,
            "cooldownPeriod": args.get("idle_seconds", args.get("load_seconds", 0)),
            "initialCooldownPeriod": cold_start,
        }
    return spec


def _queue(args: AutoscalerArgs) -> list[dict[str, Any]]:
    if "queue" not in args:
        return []
    metadata = {"scalerAddress": args["queue"]["scaler_address"], "interceptorRoute": args["queue"]["name"]}
    return [{"type": "external-push", "name": "queue", "metadata": metadata}]


def _prometheus(args: AutoscalerArgs, signal: Signal) -> dict[str, Any]:
    empty_is_zero = args["min_replicas"] == 0
    asked = pulumi.Output.from_input(args["namespace"]).apply(
        lambda namespace: query(
            signal,
            namespace=namespace,
            model=args["served_model_name"],
            empty_is_zero=empty_is_zero,
            instance=args.get("instance", ""),
        )
    )
    return {
        "type": "prometheus",
        "name": signal.name,
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": args.get("prometheus", "").rstrip("/"),
            "query": asked,
            "threshold": f"{signal.target:g}",
            "ignoreNullValues": "false",
        },
    }
