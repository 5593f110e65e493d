"""Small LoRA adapters for the stand-in: real files, of the shape of ``tiny_chat``."""

import json
from collections.abc import Mapping
from typing import Any

from tests.hub.fixtures import safetensors
from tests.hub.repository import Repository

RANK = 8
ADAPTER_CONFIG: Mapping[str, Any] = {
    "peft_type": "LORA",
    "task_type": "CAUSAL_LM",
    "base_model_name_or_path": "acme/tiny-chat",
    "r": RANK,
    "lora_alpha": 16,
    "target_modules": ["q_proj", "v_proj"],
    "bias": "none",
    "modules_to_save": None,
}
MODULES: Mapping[str, tuple[int, int]] = {"self_attn.q_proj": (64, 64), "self_attn.v_proj": (64, 32)}
_PREFIX = "base_model.model.model.layers"


def adapter_weights(
    modules: Mapping[str, tuple[int, int]] = MODULES, *, layers: int = 2, rank: int = RANK, **more: tuple[int, int]
) -> bytes:
    """Return adapter_model.safetensors of zeros: for each module of a layer its inputs and outputs.

    ``more`` are further tensors by their whole names, with their shapes.
    """
    tensors: dict[str, tuple[str, tuple[int, ...], int]] = {}
    for layer in range(layers):
        for module, (inputs, outputs) in modules.items():
            tensors[f"{_PREFIX}.{layer}.{module}.lora_A.weight"] = ("F32", (rank, inputs), 4 * rank * inputs)
            tensors[f"{_PREFIX}.{layer}.{module}.lora_B.weight"] = ("F32", (outputs, rank), 4 * outputs * rank)
    for name, shape in more.items():
        tensors[name] = ("F32", shape, 4 * shape[0] * shape[1])
    return safetensors(tensors)


def adapter_files(weights: bytes | None = None, **config: Any) -> dict[str, bytes]:
    """Return the files of a small adapter; ``config`` changes keys of adapter_config.json."""
    return {
        "README.md": b"# adapter\n",
        "adapter_config.json": json.dumps({**ADAPTER_CONFIG, **config}).encode(),
        "adapter_model.safetensors": adapter_weights() if weights is None else weights,
    }


def adapter(identity: str = "acme/sql", **options: Any) -> Repository:
    """Return a small adapter's repository; ``options`` are those of Repository."""
    options.setdefault("files", adapter_files())
    options.setdefault(
        "card", {"license": "apache-2.0", "base_model": "acme/tiny-chat", "base_model_relation": "adapter"}
    )
    return Repository(id=identity, library="peft", **options)
