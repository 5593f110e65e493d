"""The names of metrics, version by version."""

from pathlib import Path

import pytest

from tools.engine_table.archive import Sources
from tools.engine_table.metrics import LOGGERS, merged, metrics
from validation.engine.metrics import NAMES, series
from validation.engine.tables import EngineError, available_versions


@pytest.mark.parametrize("version", available_versions())
def test_every_version_has_every_measure(version: str) -> None:
    """No dashboard, alert or autoscaler lacks a series because vLLM renamed it."""
    assert set(NAMES) == set(series(version))


def test_renamed_metrics_are_followed() -> None:
    """The KV cache's and the token time's names changed in between."""
    assert "vllm:kv_cache_usage_perc" == series("0.33.0")["kv_cache_usage"]
    assert "vllm:time_per_output_token_seconds_bucket" == series("0.10.2")["time_per_output_token"]
    assert "vllm:request_time_per_output_token_seconds_bucket" == series("0.33.0")["time_per_output_token"]


def test_series_are_named_as_prometheus_stores_them() -> None:
    """The client library adds `_total` to counters, and histograms are buckets."""
    found = series("0.33.0")

    assert "vllm:num_requests_waiting" == found["requests_waiting"]
    assert "vllm:generation_tokens_total" == found["generation_tokens"]
    assert "vllm:time_to_first_token_seconds_bucket" == found["time_to_first_token"]


def test_a_version_beyond_the_table_has_what_the_newest_has() -> None:
    """A vLLM that is newer than the table is not without metrics."""
    assert series("0.33.0") == series("0.40.1")


def test_what_is_no_version_is_refused() -> None:
    """The caller gets the error that it knows from the tables."""
    with pytest.raises(EngineError):
        series("latest")


def test_metrics_are_read_from_the_source() -> None:
    """Names and kinds come from the calls that make the metrics; other strings are none."""
    text = (
        'x = self._gauge_cls(name="vllm:a", documentation="vllm:b")\n'
        'y = self._counter_cls(name="vllm:c")\nz = self._histogram_cls(name=prefix)\nother(name="vllm:d")\n'
    )
    sources = Sources(archive=Path("vllm.tar.gz"), package="vllm", texts={LOGGERS: text})

    assert {"vllm:a": "gauge", "vllm:c": "counter"} == metrics(sources)


def test_versions_are_merged_into_spans() -> None:
    """A metric has the first and the last version that knew it, by number and not by text."""
    table = merged({"0.9.0": {"vllm:a": "gauge"}, "0.10.0": {"vllm:a": "gauge", "vllm:b": "counter"}})

    assert {
        "versions": ["0.9.0", "0.10.0"],
        "metrics": {
            "vllm:a": {"kind": "gauge", "first": "0.9.0", "last": "0.10.0"},
            "vllm:b": {"kind": "counter", "first": "0.10.0", "last": "0.10.0"},
        },
    } == table
