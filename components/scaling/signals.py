"""What is scaled by: three series of the engine, each with what one server may have."""

import json
from dataclasses import dataclass
from typing import Any

from components.naming import INSTANCE_LABEL
from components.scaling.args import AutoscalerArgs, MetricNamesArgs

WAITING = 5
SCALE_UP, SCALE_DOWN = 60, 600  # seconds; a start takes minutes and a GPU, so neither follows a spike
PERIOD = 60
METRICS: MetricNamesArgs = {
    "waiting": "vllm:num_requests_waiting",
    "running": "vllm:num_requests_running",
    "kv_cache_usage": "vllm:kv_cache_usage_perc",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One series and the target for one server; a gauge of a part is taken once a pod, however many engines it runs."""

    name: str
    series: str
    target: float
    part: bool = False


def signals(args: AutoscalerArgs) -> list[Signal]:
    """Return the signals that have a target."""
    series = args.get("metrics", METRICS)
    found = [Signal(name="waiting", series=series["waiting"], target=args.get("waiting_requests", WAITING))]
    if running := args.get("running_requests"):
        found.append(Signal(name="running", series=series["running"], target=running))
    if usage := args.get("kv_cache_usage"):
        found.append(Signal(name="kv-cache", series=series["kv_cache_usage"], target=usage, part=True))
    return found


def query(signal: Signal, *, namespace: str, model: str, empty_is_zero: bool, instance: str = "") -> str:
    """Return the PromQL for the sum over a model's servers, and over nobody else's in any namespace.

    Without a series the answer is empty, which is an outage, or 0 where the model may have no server. ``instance``
    tells models apart that serve one name, as a canary does.
    """
    labels = {"namespace": namespace, "model_name": model, **({INSTANCE_LABEL: instance} if instance else {})}
    matchers = ",".join(f"{label}={json.dumps(value)}" for label, value in labels.items())
    chosen = f"{signal.series}{{{matchers}}}"
    whole = f"sum(max by (pod) ({chosen}))" if signal.part else f"sum({chosen})"
    return f"{whole} or vector(0)" if empty_is_zero else whole


def behavior(args: AutoscalerArgs) -> dict[str, Any]:
    """Return how fast the number changes: doubled at most in a minute, and one server less in a minute."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": args.get("scale_up_seconds", SCALE_UP),
            "selectPolicy": "Max",
            "policies": [
                {"type": "Pods", "value": 1, "periodSeconds": PERIOD},
                {"type": "Percent", "value": 100, "periodSeconds": PERIOD},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": args.get("scale_down_seconds", SCALE_DOWN),
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": PERIOD}],
        },
    }
