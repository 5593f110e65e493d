"""What vLLM 0.32.0 itself answered for the real configurations: its KV cache groups, and the bytes of one request.

``tests/fixtures/kv.jsonl.xz`` holds a line a model. Measured for this project on 2026-11-23: the engine's own code with
its models built without weights, so the figures are those of its KV cache manager, not of a running GPU.
"""

import json
import lzma
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from validation.engine.prediction import Prediction, Support

_FILE = Path(__file__).parent.parent / "fixtures" / "kv.jsonl.xz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The engine's answer for one model."""

    model: str
    prediction: Prediction
    max_model_len: int
    bytes_per_token: float
    request_bytes: int
    param_bytes: int


@cache
def rows() -> tuple[Row, ...]:
    """Return the models that the engine accepted."""
    with lzma.open(_FILE, "rt", encoding="utf-8") as lines:
        return tuple(_row(data) for data in map(json.loads, lines) if data["ok"])


@cache
def answers() -> dict[str, str]:
    """Return ``ok``, ``ok_needs_trust_remote_code`` or ``unsupported`` by model; without those that lacked files."""
    with lzma.open(_FILE, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return {data["model"]: data["verdict"] for data in found if data["verdict"] != "artifact"}


def _row(data: dict[str, Any]) -> Row:
    prediction = Prediction(
        supported=Support.YES,
        architecture=data["architecture"],
        runner=data["runner"],
        dtype=data["dtype"],
        multimodal=data["multimodal"],
        max_model_len=data["max_model_len"],
        kv_cache_dtype=data["kv_cache_dtype"],
        quantization=data["quantization"] or "",
    )
    return Row(
        model=data["model"],
        prediction=prediction,
        max_model_len=data["max_model_len"],
        bytes_per_token=data["bytes_per_token"],
        request_bytes=data["request_bytes"],
        param_bytes=data["param_bytes"],
    )
