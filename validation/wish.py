"""What the stack (or the command line) wants of one model: the other input of every rule, besides the facts."""

from collections.abc import Mapping
from enum import StrEnum

from validation.data import Data, field
from validation.finding import Place


class ModelType(StrEnum):
    """The contract's model types, and ``other`` for what is none of them (a reranker, speech, a draft model)."""

    CHAT = "chat"
    VISION = "vision"
    MULTIMODAL = "multimodal"
    EMBEDDING = "embedding"
    OTHER = "other"

    @property
    def chats(self) -> bool:
        """Return whether models of this type answer chat requests."""
        return self in {ModelType.CHAT, ModelType.VISION, ModelType.MULTIMODAL}

    @property
    def sees(self) -> bool:
        """Return whether models of this type take images."""
        return self in {ModelType.VISION, ModelType.MULTIMODAL}


class Licences(Data):
    """The stack's licence policy: Hub licence ids, lower case; an empty ``allow`` allows all that is not denied."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()  # repositories whose gated licence the organisation has accepted


class Suppression(Data):
    """A rule that the stack ignores for one model, and why."""

    rule: str
    reason: str


class Hardware(Data):
    """The GPUs of one replica: catalogue name, how many of a node, on how many nodes, and what a node offers."""

    gpu: str
    gpus_per_replica: int = 1  # of each of its nodes: tensor parallel size
    nodes_per_replica: int = 1  # pipeline parallel size
    gpus_per_node: int | None = None
    vcpus_per_node: int | None = None
    mig_profile: str = ""
    provider: str = ""  # whose instance types the nodes are, as in the catalogue; empty: any node will do
    instance_type: str = ""  # where the stack names one


class Serving(Data):
    """What the stack wants of vLLM for one model; None means that Slipway derives it."""

    max_model_len: int | None = None
    dtype: str = "auto"
    kv_cache_dtype: str = "auto"
    quantization: str | None = None
    gpu_memory_utilization: float | None = None
    max_num_batched_tokens: int | None = None
    max_num_seqs: int | None = None
    limit_mm_per_prompt: Mapping[str, int] | None = None
    enforce_eager: bool = False
    trust_remote_code: bool = False
    max_lora_rank: int | None = None
    max_loras: int | None = None  # adapters in one batch
    vcpus: float | None = None
    weights_bytes: int | None = None  # stated on the command line, for a folder without weights


class AdapterWish(Data):
    """A LoRA adapter to serve beside its model: the name that clients send, and where it is."""

    name: str
    source: str
    revision: str = ""


class Wish(Data):
    """What is wanted of one model; ``place`` is where the stack file says so, ``places`` where single keys stand."""

    name: str = ""
    model_type: ModelType | None = None
    structured_outputs: bool = False
    function_calling: bool = False
    require_pinned: bool = False
    licences: Licences = field(default_factory=Licences)
    hardware: Hardware | None = None
    serving: Serving = field(default_factory=Serving)
    adapters: tuple[AdapterWish, ...] = ()
    ignore: tuple[Suppression, ...] = ()
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    def where(self, key: str) -> Place | None:
        """Return where the stack file states this key of the model (``maxModelLen``), else where the model stands."""
        return self.places.get(key, self.place)

    def of_adapter(self, number: int) -> "Wish":
        """Return what is wanted of one adapter's repository: the same policy, and the places inside the adapter."""
        from dataclasses import replace  # noqa: PLC0415 - takes ten milliseconds, for adapters only

        key = f"adapters[{number}]"
        own = {name.removeprefix(f"{key}."): place for name, place in self.places.items() if name.startswith(f"{key}.")}
        place = self.where(key)
        shared = {name: place for name, place in self.places.items() if name.startswith(("licences", "validation"))}
        return replace(self, name=self.adapters[number].name, adapters=(), place=place, places={**shared, **own})
