"""Observability: what Prometheus, its alerts and Grafana are given of a namespace."""

import json
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from components.observability import Observability
from components.telemetry.args import ObservabilityArgs
from components.telemetry.dashboard import COLUMNS
from tests.components.recording import Recording, record
from validation.engine.metrics import series
from validation.engine.tables import available_versions

VARIABLES = {"$__rate_interval": "5m", "$model": "granite"}  # what Grafana puts in


def made(version: str = "0.33.0", **changes: Any) -> Recording:
    """Return what is registered for one model, with changes."""
    args: Any = {
        "namespace": "inference",
        "series": series(version),
        "models": [{"name": "granite", "ready_seconds": 2700}],
        **changes,
    }
    found: ObservabilityArgs = args
    return record(lambda: Observability("inference", found))


def alerts(recording: Recording) -> dict[str, dict[str, Any]]:
    """Return the alerts by name."""
    (group,) = recording.one("PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def shown(recording: Recording) -> dict[str, Any]:
    """Return the dashboard."""
    found: dict[str, Any] = json.loads(recording.one("ConfigMap")["data"]["slipway.json"])
    return found


def expressions(recording: Recording) -> list[str]:
    """Return every expression of alerts and panels, as Prometheus gets it."""
    found = [rule["expr"] for rule in alerts(recording).values()]
    for panel in shown(recording)["panels"]:
        found += [target["expr"] for target in panel["targets"]]
    for name, value in VARIABLES.items():
        found = [expression.replace(name, value) for expression in found]
    return found


def test_one_monitor_reads_every_server_of_the_namespace() -> None:
    """By the labels that all servers have, at the port and path where vLLM shows its metrics."""
    spec = made().one("PodMonitor")["spec"]

    assert {
        "app.kubernetes.io/name": "vllm",
        "app.kubernetes.io/component": "server",
        "app.kubernetes.io/part-of": "slipway",
    } == spec["selector"]["matchLabels"]
    assert [("http", "/metrics", "15s", "10s")] == [
        (each["port"], each["path"], each["interval"], each["scrapeTimeout"]) for each in spec["podMetricsEndpoints"]
    ]


def test_a_scrape_ends_before_the_next_one_begins() -> None:
    """Prometheus refuses a timeout above the interval."""
    (endpoint,) = made(interval_seconds=5).one("PodMonitor")["spec"]["podMetricsEndpoints"]

    assert ("5s", "5s") == (endpoint["interval"], endpoint["scrapeTimeout"])


def test_the_operator_finds_its_objects_by_the_given_labels() -> None:
    """Most installations pick monitors and rules by their release."""
    recording = made(monitor_labels={"release": "prometheus"})

    assert ["prometheus"] * 2 == [
        recording.one(kind)["metadata"]["labels"]["release"] for kind in ("PodMonitor", "PrometheusRule")
    ]


@pytest.mark.parametrize("version", available_versions())
def test_every_expression_is_promql_over_what_the_version_has(version: str) -> None:
    """A real parser reads them all, and each series of vLLM's is one that this version shows."""
    known = set(series(version).values())
    stems = {name.removesuffix("_bucket") for name in known if name.endswith("_bucket")}
    known |= {f"{stem}_{part}" for stem in stems for part in ("sum", "count")}
    texts = expressions(made(version))

    for text in texts:
        promql_parser.parse(text)
        names = {part for part in text.replace("{", " ").replace("(", " ").split() if part.startswith("vllm:")}
        assert names <= known


def test_every_expression_keeps_to_its_namespace() -> None:
    """Two stacks of one cluster neither sum up nor alert for each other."""
    for text in expressions(made()):
        assert text.count("{") == text.count('{namespace="inference"')


def test_every_alert_says_what_and_where_to_read_on() -> None:
    """Severity, a sentence, and the place in the operations guide."""
    found = alerts(made())

    assert {"critical", "warning", "info"} == {rule["labels"]["severity"] for rule in found.values()}
    for name, rule in found.items():
        assert rule["annotations"]["summary"]
        assert f"docs/operations.md#{name.lower()}" == rule["annotations"]["runbook"]


def test_a_model_without_servers_is_an_alert_after_its_load_time() -> None:
    """Not while the first one still reads its weights."""
    rule = alerts(made())["SlipwayModelDown"]

    assert "2700s" == rule["for"]
    assert (
        'absent(vllm:num_requests_running{namespace="inference", app_kubernetes_io_instance="granite"})'
        == (rule["expr"])
    )


def test_a_model_that_scales_to_zero_may_have_no_server() -> None:
    """Nobody is woken up because nobody asks."""
    models = [{"name": "granite", "ready_seconds": 2700, "always_on": False}]

    assert "SlipwayModelDown" not in alerts(made(models=models))


def test_alerts_and_dashboard_can_be_left_out() -> None:
    """Whoever has their own takes the monitor alone."""
    recording = made(alerts=False, dashboard=False)

    assert ["slipway:index:Observability", "kubernetes:monitoring.coreos.com/v1:PodMonitor"] == [
        each.type for each in recording.resources
    ]


def test_grafana_finds_the_dashboard() -> None:
    """The sidecar looks for the label; the uid stays the same, so that links to it do."""
    recording = made()

    assert "1" == recording.one("ConfigMap")["metadata"]["labels"]["grafana_dashboard"]
    assert shown(recording)["uid"] == shown(made("0.22.0"))["uid"]


def test_panels_fill_a_grid_without_overlap() -> None:
    """Each has a place of its own and ends at the right edge at most."""
    taken: set[tuple[int, int]] = set()
    panels = shown(made())["panels"]
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + at, place["y"]) for at in range(place["w"])}
        assert taken.isdisjoint(cells)
        assert place["x"] + place["w"] <= COLUMNS
        taken |= cells

    assert len(panels) == len({panel["id"] for panel in panels})
    assert len(panels) == len({panel["title"] for panel in panels})


def test_every_panel_says_what_it_shows() -> None:
    """With a unit, and legends that tell its lines apart."""
    for panel in shown(made())["panels"]:
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert panel["description"]
        assert len(legends) == len(set(legends)) > 0


def test_every_alert_is_explained_to_the_operator() -> None:
    """The runbook's place is a heading of the operations guide."""
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    headings = {line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")}

    assert set(alerts(made())) <= headings


def test_a_canary_is_told_from_the_model_whose_name_it_serves() -> None:
    """Both show the same `model_name`; alerts and panels group by the model's own name in the cluster."""
    recording = made()

    for text in expressions(recording):
        assert "model_name" not in text
    assert (
        "{{ $labels.app_kubernetes_io_instance }}: "
        in alerts(recording)["SlipwayKvCacheFull"]["annotations"]["summary"]
    )
