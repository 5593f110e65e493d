"""Stand-ins for the repositories that the shipped stacks name: their shape and parameter counts, with small files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hub.fixtures import CONFIG, tiny_chat_files
from tests.hub.repository import Repository
from tests.hub.server import Hub, running

PARAMETERS = {
    "ibm-granite/granite-3.3-2b-instruct": 2_533_531_648,
    "ibm-granite/granite-vision-3.2-2b": 2_975_396_928,
    "Qwen/Qwen3-32B": 32_762_123_264,
}
_CONFIGS: dict[str, dict[str, Any]] = {
    "ibm-granite/granite-3.3-2b-instruct": {
        "architectures": ["GraniteForCausalLM"],
        "model_type": "granite",
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 40,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 131072,
        "vocab_size": 49159,
    },
    "Qwen/Qwen3-32B": {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "head_dim": 128,
        "hidden_size": 5120,
        "intermediate_size": 25600,
        "num_hidden_layers": 64,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "max_position_embeddings": 40960,
        "vocab_size": 151936,
    },
}
_VISION = {
    "architectures": ["LlavaNextForConditionalGeneration"],
    "model_type": "llava_next",
    "image_token_index": 49155,
    "image_grid_pinpoints": [[384, 384], [384, 768], [768, 384]],
    "vision_feature_layer": [-24, -20, -12, -1],
    "torch_dtype": "bfloat16",
    "vision_config": {
        "model_type": "siglip_vision_model",
        "hidden_size": 1152,
        "image_size": 384,
        "intermediate_size": 4304,
        "num_attention_heads": 16,
        "num_hidden_layers": 27,
        "patch_size": 14,
    },
    "text_config": {**CONFIG, **_CONFIGS["ibm-granite/granite-3.3-2b-instruct"]},
}


@contextmanager
def running_for_stacks() -> Iterator[Hub]:
    """Run a stand-in for the Hub that holds them all."""
    with running() as hub:
        for repository in stack_repositories():
            hub.add(repository)
        yield hub


def stack_repositories() -> tuple[Repository, ...]:
    """Return one repository for each model of dev, staging and prod; none holds a real weight."""
    return tuple(
        Repository(
            id=identity,
            files=_files(identity),
            parameters={"BF16": count},
            card={"license": "apache-2.0"},
        )
        for identity, count in PARAMETERS.items()
    )


def _files(identity: str) -> dict[str, bytes]:
    if identity in _CONFIGS:
        return tiny_chat_files(**_CONFIGS[identity])
    return {
        **tiny_chat_files(),
        "config.json": json.dumps(_VISION).encode(),
        "preprocessor_config.json": b'{"image_processor_type": "LlavaNextImageProcessor"}',
        "processor_config.json": b'{"processor_class": "LlavaNextProcessor"}',
    }
