"""What a vLLM version makes of LoRA adapters, besides which architectures take them: that is in the engine's table.

The table (contracts/engines/lora.json) is read statically from each version by ``tools.engine_table.lora``.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from validation.data import Data
from validation.engine.tables import FOLDER, number

DEFAULT_RANK = 16  # vLLM's max_lora_rank when nothing is said


class LoraSupport(Data):
    """How one version loads adapters.

    ``patterns``: it reads rank_pattern and alpha_pattern. ``heads``: modules_to_save that it takes. ``vocabulary``: the
    largest one whose output head gets buffers. ``embeddings``: by architecture, the embeddings that an adapter may be
    on; ``unsure`` architectures may have some. ``fused_experts``: architectures with one tensor for all experts.
    """

    patterns: bool
    heads: frozenset[str]
    vocabulary: int
    embeddings: Mapping[str, frozenset[str]]
    unsure: frozenset[str]
    fused_experts: frozenset[str]


@cache
def lora_support(version: str) -> LoraSupport:
    """Return what a version does, by the nearest lower one that was read; EngineError for what is no version."""
    wished, table = number(version), _table()
    known = sorted(table, key=number)
    entry = table[next((name for name in reversed(known) if number(name) <= wished), known[0])]
    return LoraSupport(
        patterns=entry["patterns"],
        heads=frozenset(entry["heads"]),
        vocabulary=entry["vocabulary"],
        embeddings={name: frozenset(key.split()) for key, names in entry["embeddings"].items() for name in names},
        unsure=frozenset(entry["unsure"]),
        fused_experts=frozenset(entry["fused_experts"]),
    )


def smallest_rank(ranks: tuple[int, ...], wanted: int) -> int | None:
    """Return the smallest allowed ``max-lora-rank`` that holds this rank; None when there is none."""
    return next((rank for rank in sorted(ranks) if rank >= wanted), None)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((FOLDER / "lora.json").read_text(encoding="utf-8"))
    return table
