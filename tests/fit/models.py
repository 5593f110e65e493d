"""Small builders for tests: facts, predictions and engine tables from a few keys of config.json."""

from dataclasses import replace
from typing import Any

from validation.engine.config import ResolvedConfig, resolve_object
from validation.engine.prediction import Prediction, Support
from validation.engine.table import EngineTable, QuantizationMethod
from validation.facts import Document, File, Origin, RepositoryFacts
from validation.jsontext import JsonObject
from validation.wish import Hardware, Serving, Wish

ENGINE = EngineTable(
    version="0.33.0",
    asked="0.33.0",
    source="a test",
    date="2026-11-23",
    transformers=">=5",
    architectures={},
    model_types=frozenset(),
    quantization={"awq": QuantizationMethod(name="awq", min_capability=75)},
)
LLAMA: JsonObject = {  # meta-llama/Meta-Llama-3-8B
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
    "max_position_embeddings": 8192,
}
CHATS = Prediction(
    supported=Support.YES,
    architecture="LlamaForCausalLM",
    runner="generate",
    dtype="bfloat16",
    max_model_len=8192,
)


def resolved(config: JsonObject) -> ResolvedConfig:
    """Return a configuration without any class's defaults."""
    return resolve_object(config, ENGINE)


def facts(config: JsonObject, files: tuple[File, ...] = ()) -> RepositoryFacts:
    """Return a folder that holds a config.json, and these files."""
    return RepositoryFacts(
        source="folder",
        origin=Origin.FOLDER,
        files=(File(path="config.json", size=100), *files),
        documents={"config.json": Document(path="config.json", value=config)},
    )


def wish(gpu: str = "H100-SXM", gpus: int = 1, **serving: Any) -> Wish:
    """Return the wish for GPUs and for some of vLLM's settings."""
    return Wish(hardware=Hardware(gpu=gpu, gpus_per_replica=gpus), serving=replace(Serving(), **serving))
