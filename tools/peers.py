"""What hf-mem and llm-d-planner say of the same rows; run by the Python of the environment that has them.

Reads JSON lines ``{"folder": ..., "length": ...}`` and writes ``{"hf-mem": bytes or null, "llm-d-planner": ...}``: the
bytes of one request of that length, each by the function that the tool itself uses.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer each line of the standard input with a line."""
    for line in sys.stdin.read().splitlines():
        row = json.loads(line)
        with contextlib.redirect_stdout(sys.stderr):  # what peers print of themselves is no answer
            answers = {name: _asked(ask, row["folder"], row["length"]) for name, ask in PEERS.items()}
        print(json.dumps(answers), flush=True)


def _asked(ask: Callable[[str, int], float], folder: str, length: int) -> float | None:
    try:
        return float(ask(folder, length))
    except Exception:  # noqa: BLE001 - whatever a peer raises, it has no answer
        return None


def _hf_mem(folder: str, length: int) -> float:
    from hf_mem.safetensors import kv_cache  # noqa: PLC0415 - absent from this project's own environment

    config: dict[str, Any] = json.loads((Path(folder) / "config.json").read_text())
    text = config.get("text_config") or config
    dtype = kv_cache.resolve_kv_cache_dtype(config, None, None, folder)
    return float(kv_cache.compute_safetensors_kv_cache_size(text, dtype, length, 1))


def _planner(folder: str, length: int) -> float:
    from planner.capacity_planner import KVCacheDetail  # noqa: PLC0415 - as above
    from transformers import AutoConfig  # noqa: PLC0415 - as above

    return float(
        KVCacheDetail(
            folder, AutoConfig.from_pretrained(folder, trust_remote_code=False), length
        ).per_request_kv_cache_bytes
    )


PEERS: dict[str, Callable[[str, int], float]] = {"hf-mem": _hf_mem, "llm-d-planner": _planner}

if __name__ == "__main__":
    main()
