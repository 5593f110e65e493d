"""Repositories as literals, for the tests of the engine's prediction."""

from collections.abc import Mapping

from validation.engine.config import ResolvedConfig, resolve_object
from validation.engine.table import EngineTable
from validation.engine.tables import load_engine
from validation.facts import Document, File, Origin, RepositoryFacts
from validation.jsontext import JsonObject, JsonValue

TABLE: EngineTable = load_engine("0.32.0")  # the version that the agreement with vLLM was measured on
LLAMA: JsonObject = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "max_position_embeddings": 4096,
    "torch_dtype": "bfloat16",
}


def llama(**changes: JsonValue) -> JsonObject:
    """Return a small Llama's config.json with keys changed; a value of None takes the key away."""
    return {key: value for key, value in {**LLAMA, **changes}.items() if value is not None}


def facts(
    config: JsonObject | None = None, documents: Mapping[str, JsonObject] | None = None, /, **sizes: int
) -> RepositoryFacts:
    """Return a repository of these JSON files; ``sizes`` are other files, ``__`` in their name stands for a dot."""
    held = {**({"config.json": config} if config is not None else {}), **(documents or {})}
    others = {name.replace("__", "."): size for name, size in sizes.items()}
    return RepositoryFacts(
        source="a test",
        origin=Origin.FOLDER,
        files=tuple(File(path=path, size=size) for path, size in {**dict.fromkeys(held, 100), **others}.items()),
        documents={path: Document(path=path, value=value) for path, value in held.items()},
    )


def resolved(config: JsonObject, table: EngineTable = TABLE) -> ResolvedConfig:
    """Return a configuration as the engine's transformers would hold it."""
    return resolve_object(config, table)
