"""What a vLLM version calls its metrics: the names of series, for autoscaling, alerts and dashboards.

The table (contracts/engines/metrics.json) is read statically from each version by ``tools.engine_table.metrics``.
"""

import json
from functools import cache
from typing import Any

from validation.engine.tables import FOLDER, number

# What is measured, and what vLLM has called it, newest first.
NAMES = {
    "requests_running": ("vllm:num_requests_running",),
    "requests_waiting": ("vllm:num_requests_waiting",),
    "kv_cache_usage": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
    "preemptions": ("vllm:num_preemptions",),
    "prompt_tokens": ("vllm:prompt_tokens",),
    "generation_tokens": ("vllm:generation_tokens",),
    "requests_finished": ("vllm:request_success",),
    "prefix_cache_queries": ("vllm:prefix_cache_queries", "vllm:gpu_prefix_cache_queries"),
    "prefix_cache_hits": ("vllm:prefix_cache_hits", "vllm:gpu_prefix_cache_hits"),
    "time_to_first_token": ("vllm:time_to_first_token_seconds",),
    "time_per_output_token": ("vllm:request_time_per_output_token_seconds", "vllm:time_per_output_token_seconds"),
    "inter_token_latency": ("vllm:inter_token_latency_seconds",),
    "request_latency": ("vllm:e2e_request_latency_seconds",),
    "queue_time": ("vllm:request_queue_time_seconds",),
    "adapters": ("vllm:lora_requests_info",),
}
_SUFFIXES = {"counter": "_total", "histogram": "_bucket", "gauge": ""}  # of what Prometheus stores


def series(version: str) -> dict[str, str]:
    """Return the name of the series in Prometheus for each measure that this vLLM version has.

    Counters end in ``_total``, histograms in ``_bucket``. A version between or above those of the table has what its
    nearest neighbours have; EngineError is raised for what is no version.
    """
    wished, known = number(version), _table()["metrics"]
    found = {}
    for measure, names in NAMES.items():
        for name in names:
            if name in known and _had(known[name], wished):
                found[measure] = f"{name}{_SUFFIXES[known[name]['kind']]}"
                break
    return found


def _had(metric: dict[str, str], wished: tuple[int, int, int]) -> bool:
    gone = metric["last"] != _table()["versions"][-1] and wished > number(metric["last"])
    return number(metric["first"]) <= wished and not gone


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
    return table
