"""The stand-in as a fixture, and small repositories for it.

Usage: ``from tests.hub.fixtures import hub`` and ``__all__ = ["hub"]`` in a conftest.py, then::

    from tests.hub.fixtures import tiny_chat
    from tests.hub.server import Fault, Hub

    def test_something(hub: Hub) -> None:
        hub.add(tiny_chat("acme/tiny"))
        options = SourceOptions(endpoint=hub.url, token="")       # "" is no token at all
        (facts,) = read_all([SourceRequest(source="hf://acme/tiny")], options)
        assert "/api/models/acme/tiny" in hub.paths()

A command in another process takes ``HF_ENDPOINT=hub.url`` (and ``HF_TOKEN``). ``hub.tokens["hf_x"] = "read"`` makes a
token valid (roles: ``read``, ``write``, ``fineGrained``), ``Repository(readers=frozenset({"hf_x"}))`` lets it read.
``hub.fail("/resolve/", Fault(status=503))`` breaks things; ``hub.requests`` records all that arrived.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.hub.repository import Repository
from tests.hub.server import Hub, running

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "vocab_size": 128,
    "torch_dtype": "bfloat16",
}
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a stand-in without repositories."""
    with running() as found:
        yield found


def safetensors(tensors: Mapping[str, tuple[str, tuple[int, ...], int]]) -> bytes:
    """Return a safetensors file of zeros: name to dtype, shape and bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


def tiny_chat_files(**config: Any) -> dict[str, bytes]:
    """Return the files of a small chat model; ``config`` changes keys of config.json."""
    return {
        "config.json": json.dumps(CONFIG | config).encode(),
        "generation_config.json": b'{"eos_token_id": 2}',
        "model.safetensors": safetensors({"model.embed_tokens.weight": ("BF16", (128, 64), 16384)}),
        "tokenizer.json": b'{"version": "1.0"}',
        "tokenizer_config.json": json.dumps({"chat_template": TEMPLATE}).encode(),
        "README.md": b"# tiny\n",
    }


def tiny_chat(identity: str = "acme/tiny-chat", **options: Any) -> Repository:
    """Return a small chat model's repository; ``options`` are those of Repository."""
    options.setdefault("files", tiny_chat_files())
    options.setdefault("parameters", {"BF16": 8192})
    options.setdefault("card", {"license": "apache-2.0"})
    return Repository(id=identity, **options)
