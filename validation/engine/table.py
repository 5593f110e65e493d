"""One vLLM version as data: what it loads, what it has dropped, how it quantizes, and its defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """What a vLLM version does with an architecture name."""

    SUPPORTED = "supported"
    REMOVED = "removed"
    PLUGIN = "plugin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One name of the model registry."""

    name: str
    status: Status
    categories: tuple[str, ...] = ()  # text-generation, embedding, multimodal, transformers-backed, ...
    implementation: str = ""  # module:class in vllm/model_executor/models
    last_version: str = ""  # of a removed one
    flags: frozenset[str] = frozenset()  # pp, lora, multimodal, hybrid, inner_state, attention_free, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizationMethod:
    """One quantization method: the lowest compute capability it runs on (75 is 7.5), activation dtypes."""

    name: str
    min_capability: int
    activations: tuple[str, ...] = ()
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTable:
    """What one vLLM version is, read statically from its published wheel or sdist."""

    version: str
    asked: str  # the version that was wished; differs from ``version`` when the nearest lower table was taken
    source: str
    date: str
    transformers: str  # the range it requires
    architectures: Mapping[str, Architecture]
    model_types: frozenset[str]  # known without remote code: vLLM's config registry and the pinned transformers'
    transformers_classes: frozenset[str] = frozenset()  # classes that the pinned transformers defines
    quantization: Mapping[str, QuantizationMethod] = field(default_factory=dict)
    serve_flags: frozenset[str] = frozenset()  # without leading dashes; empty when the version's are not known
    gpu_memory_utilization: float = 0.92
    block_size: int = 16
