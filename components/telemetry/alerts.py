"""The alerts of a namespace: what users of the models would notice, and what an operator can do something about.

Series that begin with `kube_` are those of kube-state-metrics; without it these alerts never fire.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.naming import INSTANCE_LABEL
from components.telemetry.args import WatchedModelArgs
from components.telemetry.expression import GROUP, Scope

WAITING = 10  # requests for each server
FIRST_TOKEN = 10  # seconds
FULL = 0.95  # of the KV cache
FAILED = 0.05  # of the requests
PREEMPTIONS = 0.1  # a second
RESTARTS = 2  # an hour
LATE = "10m"
RUNBOOK = "docs/operations.md"
MODEL = f"{{{{ $labels.{INSTANCE_LABEL} }}}}"


def rules(namespace: str, series: Mapping[str, str], models: Sequence[WatchedModelArgs]) -> dict[str, Any]:
    """Return the PrometheusRule's spec."""
    scope = Scope(namespace=namespace)
    found = [
        *_absent(scope, series, models),
        *_queue(scope, series),
        *_speed(scope, series),
        *_failures(scope),
        *_cluster(scope, models),
    ]
    return {"groups": [{"name": f"slipway.{namespace}", "rules": found}]}


def _absent(scope: Scope, series: Mapping[str, str], models: Sequence[WatchedModelArgs]) -> Iterator[dict[str, Any]]:
    for model in models:
        if model.get("always_on", True):
            running = scope.select(series["requests_running"], **{INSTANCE_LABEL: model["name"]})
            yield _alert(
                "SlipwayModelDown",
                f"absent({running})",
                f"{model['ready_seconds']}s",
                "critical",
                f"No server of {model['name']} answers",
            )


def _queue(scope: Scope, series: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    waiting, usage = series["requests_waiting"], series["kv_cache_usage"]
    yield _alert(
        "SlipwayRequestsWait",
        f"{scope.total(waiting)} / {scope.servers(waiting)} > {WAITING}",
        LATE,
        "warning",
        MODEL + ": {{ $value | humanize }} requests wait for each server",
    )
    yield _alert(
        "SlipwayKvCacheFull",
        f"{scope.mean(usage)} > {FULL} and {scope.total(waiting)} > 0",
        LATE,
        "warning",
        MODEL + ": the KV cache is {{ $value | humanizePercentage }} full and requests wait",
    )
    yield _alert(
        "SlipwayPreemptions",
        f"{scope.rate(series['preemptions'], LATE)} > {PREEMPTIONS}",
        "15m",
        "info",
        MODEL + ": {{ $value | humanize }} requests a second lose their KV cache and start anew",
    )


def _speed(scope: Scope, series: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if buckets := series.get("time_to_first_token"):
        yield _alert(
            "SlipwayFirstTokenSlow",
            f"{scope.quantile(0.95, buckets, LATE)} > {FIRST_TOKEN}",
            "15m",
            "warning",
            MODEL + ": one in twenty answers begins after {{ $value | humanizeDuration }} or more",
        )


def _failures(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield the alert on answers of 5xx, as the HTTP server itself counts them."""
    bad = f"sum by ({GROUP}) (rate({scope.select('http_requests_total', status='5xx')}[{LATE}]))"
    every = f"sum by ({GROUP}) (rate({scope.select('http_requests_total')}[{LATE}]))"
    yield _alert(
        "SlipwayRequestsFail",
        f"{bad} / {every} > {FAILED}",
        LATE,
        "critical",
        MODEL + ": {{ $value | humanizePercentage }} of the requests fail",
    )


def _cluster(scope: Scope, models: Sequence[WatchedModelArgs]) -> Iterator[dict[str, Any]]:
    restarts = scope.select("kube_pod_container_status_restarts_total", container="server")
    yield _alert(
        "SlipwayServerRestarts",
        f"increase({restarts}[1h]) > {RESTARTS}",
        "0s",
        "warning",
        "{{ $labels.pod }} restarted {{ $value | humanize }} times within an hour",
    )
    patience = max((model["ready_seconds"] for model in models), default=0)
    yield _alert(
        "SlipwayPodPending",
        f"{scope.select('kube_pod_status_phase', phase='Pending')} > 0",
        f"{patience}s",
        "warning",
        "{{ $labels.pod }} finds no node, or cannot start",
    )
    yield _alert(
        "SlipwayWeightsNotFetched",
        f"{scope.select('kube_job_failed', condition='true')} > 0",
        "0s",
        "critical",
        "{{ $labels.job_name }} gave up: the weights of a model are not there",
    )


def _alert(name: str, expression: str, after: str, severity: str, summary: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        **({} if after == "0s" else {"for": after}),
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "runbook": f"{RUNBOOK}#{name.lower()}"},
    }
