"""One vLLM version as data: what it loads, what it has dropped, how it quantizes, and its defaults."""

from collections.abc import Mapping
from enum import StrEnum

from validation.data import Data, field
from validation.jsontext import JsonObject


class Status(StrEnum):
    """What a vLLM version does with an architecture name."""

    SUPPORTED = "supported"
    REMOVED = "removed"
    PLUGIN = "plugin"


class Architecture(Data):
    """One name of the model registry."""

    name: str
    status: Status
    categories: tuple[str, ...] = ()  # text-generation, embedding, multimodal, transformers-backed, ...
    implementation: str = ""  # module:class in vllm/model_executor/models
    last_version: str = ""  # of a removed one
    plugin: str = ""  # address of the plugin that has it
    flags: frozenset[str] = frozenset()  # pp, lora, multimodal, hybrid, inner_state, attention_free, ...


class QuantizationMethod(Data):
    """One quantization method: the lowest compute capability it runs on (75 is 7.5), activation dtypes."""

    name: str
    min_capability: int
    activations: tuple[str, ...] = ()
    deprecated: bool = False


class ConfigClass(Data):
    """What transformers' configuration class of one model type adds to a config.json."""

    defaults: JsonObject = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)  # attribute_map: another name -> the class's name
    sections: Mapping[str, str] = field(default_factory=dict)  # nested configuration -> its model type when unstated
    text: str = ""  # the nested configuration of the language model; ``key.`` when that one decides in turn
    copies: Mapping[str, str] = field(default_factory=dict)  # key -> the key whose value it takes when not stated


class Backend(Data):
    """What the Transformers backend takes; a class of transformers that no registry name covers goes there.

    ``obstacles`` are why it fails with a model type's base class; ``@text_config`` where the inner configuration
    decides. ``checks`` are those this vLLM version makes; without ``forward`` an obstacle is not known to matter.
    """

    checks: frozenset[str] = frozenset()  # can_set, forward, dispatch
    incompatible: frozenset[str] = frozenset()  # classes whose attention cannot be replaced
    unmarked: frozenset[str] = frozenset()  # classes whose attention can be replaced, found only under ``can_set``
    obstacles: Mapping[str, str] = field(default_factory=dict)


class BatchTier(Data):
    """Batch sizes that the API server takes by itself on GPUs of at least ``memory_gib``."""

    memory_gib: int
    excepted: str  # part of the name of GPUs this is not for, lower case
    max_num_batched_tokens: int
    max_num_seqs: int


class Advisory(Data):
    """A published weakness of vLLM, closed in the version ``below``."""

    id: str
    below: str
    text: str
    source: str


class EngineTable(Data):
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
    transformers_version: str = ""  # the version read: the newest allowed one of the day vLLM was released
    transformers_types: frozenset[str] = frozenset()  # model types of that transformers version alone
    base_classes: Mapping[str, str] = field(default_factory=dict)  # model type -> class when architectures is missing
    config_classes: Mapping[str, ConfigClass] = field(default_factory=dict)
    suffixes: tuple[tuple[str, str, str], ...] = ()  # suffix of a name, runner, conversion
    length_keys: tuple[str, ...] = ()  # keys of the text configuration that state a length
    unscaled_ropes: frozenset[str] = frozenset()  # rope types whose factor does not multiply the length
    mla_types: frozenset[str] = frozenset()  # model types served with multi-head latent attention
    float16_refused: frozenset[str] = frozenset()  # model types not served in float16
    advisories: tuple[Advisory, ...] = ()  # those that the asked version is open to
    lora_ranks: tuple[int, ...] = ()  # values that max_lora_rank may take
    quirks: frozenset[str] = frozenset()  # behaviours of single versions, by the names that the table's script gives
    backend: Backend = field(default_factory=Backend)
    batch_tiers: tuple[BatchTier, ...] = ()  # largest memory first; the last one takes what is left
