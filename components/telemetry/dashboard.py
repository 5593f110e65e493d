"""A Grafana dashboard of one namespace's models, with the metric names of their engine's version."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.naming import INSTANCE_LABEL, digest
from components.telemetry.expression import GROUP, Scope

SCHEMA = 39  # of Grafana 11; newer ones migrate it
COLUMNS = 24
HEIGHT = 8
WINDOW = "$__rate_interval"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOSEN = f'{INSTANCE_LABEL}=~"$model"'
BY_MODEL = f"{{{{{INSTANCE_LABEL}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A time series: its expressions by legend, its unit as Grafana names it, and its width in columns."""

    title: str
    description: str
    expressions: Mapping[str, str]
    unit: str = "short"
    width: int = 8
    most: float | None = None

    def json(self, identity: int, x: int, y: int) -> dict[str, Any]:
        """Return the panel at a place of the grid."""
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}}
        if self.most is not None:
            defaults["max"] = self.most
        return {
            "id": identity,
            "type": "timeseries",
            "title": self.title,
            "description": self.description,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": HEIGHT},
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
            "targets": [
                {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
                for at, (legend, expression) in enumerate(self.expressions.items())
            ],
        }


def dashboard(namespace: str, series: Mapping[str, str]) -> str:
    """Return the dashboard as JSON, the same text for the same input."""
    content = {
        "uid": f"slipway-{digest(namespace)}",
        "title": f"Slipway: {namespace}",
        "tags": ["slipway", "vllm"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": _variables(namespace, series)},
        "panels": _placed(list(_panels(Scope(namespace=namespace, model=CHOSEN), series))),
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _variables(namespace: str, series: Mapping[str, str]) -> list[dict[str, Any]]:
    running = Scope(namespace=namespace).select(series["requests_running"])
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {
            "name": "model",
            "label": "Model",
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": f"label_values({running}, {INSTANCE_LABEL})", "refId": "model"},
            "includeAll": True,
            "multi": True,
            "current": {"text": ["All"], "value": ["$__all"]},
            "refresh": 2,
            "sort": 1,
        },
    ]


def _panels(scope: Scope, series: Mapping[str, str]) -> Iterator[Panel]:
    yield from _load(scope, series)
    yield from _latency(scope, series)
    yield from _cache(scope, series)
    yield from _outcomes(scope, series)


def _load(scope: Scope, series: Mapping[str, str]) -> Iterator[Panel]:
    running, waiting = series["requests_running"], series["requests_waiting"]
    yield Panel(
        title="Servers",
        description="Servers that answer.",
        expressions={BY_MODEL: scope.servers(running)},
        width=6,
    )
    yield Panel(
        title="Requests",
        description="In the batch, and waiting for a place in it. Long queues want more replicas or a shorter context.",
        expressions={f"{BY_MODEL} running": scope.total(running), f"{BY_MODEL} waiting": scope.total(waiting)},
        width=10,
    )
    prompt, answer = series["prompt_tokens"], series["generation_tokens"]
    yield Panel(
        title="Tokens a second",
        description="Read from prompts, and written into answers.",
        expressions={
            f"{BY_MODEL} read": scope.rate(prompt, WINDOW),
            f"{BY_MODEL} written": scope.rate(answer, WINDOW),
        },
    )


def _latency(scope: Scope, series: Mapping[str, str]) -> Iterator[Panel]:
    titles = {
        "time_to_first_token": ("Time to first token", "From the request's arrival to its first token."),
        "time_per_output_token": ("Time per output token", "Between the tokens of an answer, on average."),
        "request_latency": ("Whole requests", "From arrival to the last token."),
    }
    for measure, (title, description) in titles.items():
        if buckets := series.get(measure):
            quantiles = {f"{BY_MODEL} p{part:.0%}".rstrip("%"): part for part in (0.5, 0.95, 0.99)}
            yield Panel(
                title=title,
                description=description,
                expressions={name: scope.quantile(part, buckets, WINDOW) for name, part in quantiles.items()},
                unit="s",
            )


def _cache(scope: Scope, series: Mapping[str, str]) -> Iterator[Panel]:
    yield Panel(
        title="KV cache",
        description="How full it is. Near 100 % requests wait, or lose their cache and start anew.",
        expressions={BY_MODEL: scope.mean(series["kv_cache_usage"])},
        unit="percentunit",
        most=1,
    )
    yield Panel(
        title="Preemptions a second",
        description="Requests that lost their KV cache to others and start anew.",
        expressions={BY_MODEL: scope.rate(series["preemptions"], WINDOW)},
    )
    if "prefix_cache_hits" in series and "prefix_cache_queries" in series:
        hits = scope.share(series["prefix_cache_hits"], series["prefix_cache_queries"], WINDOW)
        yield Panel(
            title="Prefix cache hits",
            description="Tokens of prompts whose KV cache was there already.",
            expressions={BY_MODEL: hits},
            unit="percentunit",
            most=1,
        )


def _outcomes(scope: Scope, series: Mapping[str, str]) -> Iterator[Panel]:
    finished = scope.select(series["requests_finished"])
    yield Panel(
        title="Finished requests a second",
        description="By reason: `stop` and `length` are whole answers, `abort` is a client that left.",
        expressions={
            f"{BY_MODEL} {{{{finished_reason}}}}": f"sum by ({GROUP}, finished_reason) (rate({finished}[{WINDOW}]))"
        },
        width=12,
    )
    answers = f'http_requests_total{{namespace="{scope.namespace}"}}'
    yield Panel(
        title="HTTP answers a second",
        description="Of all models of the namespace, by status; probes and metrics are not counted.",
        expressions={"{{status}}": f"sum by (status) (rate({answers}[{WINDOW}]))"},
        width=12,
    )


def _placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Return the panels from left to right, a row ending where the next one would not fit."""
    found, x, y = [], 0, 0
    for identity, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        found.append(panel.json(identity, x, y))
        x += panel.width
    return found
