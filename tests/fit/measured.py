"""Start-up logs that people have published: what vLLM itself said was left for the KV cache.

``tests/fixtures/measured.csv`` holds a row a log, with its source. ``config`` names the fixture that has the model's
shape: the model itself, or the one it was made from. Rows without a stated share of the memory are left out, since
nothing can be predicted for them.
"""

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.fixtures.configs import real_configs
from validation.engine.predict import predict
from validation.engine.tables import available_versions, load_engine, number
from validation.fit.catalogue import GIB
from validation.fit.memory import plan_memory
from validation.fit.plan import MemoryPlan
from validation.wish import Hardware, Serving, Wish

_FILE = Path(__file__).parent.parent / "fixtures" / "measured.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One published log; sizes in bytes, ``kv_cache`` None where the log stops before it."""

    model: str
    config: str
    gpu: str
    gpus: int
    version: str
    utilization: float
    max_model_len: int
    eager: bool
    weights: int  # on one GPU
    kv_cache: int | None
    started: bool
    source: str


@cache
def logs() -> tuple[Log, ...]:
    """Return all logs of the fixture."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(_log(row) for row in csv.DictReader(lines))


def plan(log: Log) -> MemoryPlan:
    """Return the plan for what the log says was wished; versions older than every table take the oldest."""
    oldest = available_versions()[0]
    table = load_engine(log.version if number(log.version) >= number(oldest) else oldest)
    table = replace(table, asked=log.version)
    facts = real_configs()[log.config]
    wish = Wish(
        hardware=Hardware(gpu=log.gpu, gpus_per_replica=log.gpus),
        serving=Serving(
            max_model_len=log.max_model_len,
            gpu_memory_utilization=log.utilization,
            enforce_eager=log.eager,
            kv_cache_dtype="bfloat16",
            weights_bytes=log.weights * log.gpus,
        ),
    )
    found = plan_memory(facts, predict(facts, table, wish), table, wish)
    assert found is not None, log.model
    return found


def _log(row: dict[str, str]) -> Log:
    return Log(
        model=row["model"],
        config=row["config"],
        gpu=row["gpu"],
        gpus=int(row["gpus"]),
        version=row["version"],
        utilization=float(row["utilization"]),
        max_model_len=int(row["max_model_len"]),
        eager=row["eager"] == "yes",
        weights=round(float(row["weights_gib"]) * GIB),
        kv_cache=round(float(row["kv_cache_gib"]) * GIB) if row["kv_cache_gib"] else None,
        started=row["outcome"] == "ok",
        source=row["source"],
    )
