"""LoRA adapters of ``good/tiny-chat``: one that fits, and one with one thing wrong each."""

import json
from collections.abc import Mapping

from examples.weight import safetensors

RANK = 8
_CARD = """---
license: apache-2.0
library_name: peft
---
# {name}

{text} Made by `python -m examples.make`; the weights are random, so the answers mean nothing.
"""


def adapter(name: str, text: str, *, hidden: int = 64, rank: int = RANK, **config: bool) -> dict[str, bytes]:
    """Return an adapter on the attention of a model of two layers; ``config`` changes keys of adapter_config.json."""
    stated = {
        "base_model_name_or_path": "examples/good/tiny-chat",
        "bias": "none",
        "lora_alpha": 2 * rank,
        "lora_dropout": 0.0,
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": ["q_proj", "v_proj"],
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
        **config,
    }
    return {
        "README.md": _CARD.format(name=name, text=text).encode(),
        "adapter_config.json": json.dumps(stated, indent=2).encode() + b"\n",
        "adapter_model.safetensors": safetensors(_shapes(hidden, rank), "F32", name),
    }


def adapters() -> Mapping[str, dict[str, bytes]]:
    """Return the adapters by name: the good one, then those that a rule refuses."""
    return {
        "tiny-sql": adapter("tiny-sql", "An adapter of tiny-chat."),
        "bad-dora": adapter("bad-dora", "An adapter that uses DoRA.", use_dora=True),
        "bad-size": adapter("bad-size", "An adapter of a wider model.", hidden=128),
    }


EXPECTED = {"bad-dora": "adapter-feature-unsupported", "bad-size": "adapter-shape-mismatch"}


def _shapes(hidden: int, rank: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(2):
        for module, outputs in (("q_proj", hidden), ("v_proj", hidden // 2)):
            name = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            shapes |= {f"{name}.lora_A.weight": (rank, hidden), f"{name}.lora_B.weight": (outputs, rank)}
    return shapes
