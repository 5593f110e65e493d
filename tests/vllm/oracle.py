"""What vLLM 0.32.0 itself answered for the real configurations of tests/fixtures/configs.py.

``tests/fixtures/oracle.jsonl.xz`` holds a line a model. It is this project's own measurement of 2026-11-23: the engine
on a CPU with the platform class of CUDA, models built without weights, so "ok" means that the configuration, the module
tree and the KV cache specification were accepted. It stands under the project's licence.
"""

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "fixtures" / "oracle.jsonl.xz"
SUPPORTED = {"ok": "yes", "ok_needs_trust_remote_code": "yes", "unsupported": "no"}


@cache
def rows() -> tuple[dict[str, Any], ...]:
    """Return the rows whose folder held all that the engine asked for; ``supported`` is yes or no."""
    with lzma.open(_FILE, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return tuple({**row, "supported": SUPPORTED[row["verdict"]]} for row in found if row["verdict"] in SUPPORTED)
