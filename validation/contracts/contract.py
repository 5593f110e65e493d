"""A contract as data: what a deployer promises to accept."""

from collections.abc import Mapping
from datetime import date

from validation.data import Data, field


class Notice(Data):
    """A dated end of support, announced at least three months before."""

    ends: date
    architecture: str = ""  # what ends: an architecture name ...
    engine: str = ""  # ... or engine versions, as a specifier (``<0.22.0``)
    text: str = ""
    source: str = ""


class Contract(Data):
    """What a deployer accepts. Empty ``architectures`` means that only the engine decides."""

    name: str
    title: str
    source: str
    date: date
    architectures: Mapping[str, frozenset[str]] = field(default_factory=dict)  # name -> model types it may serve as
    verified: frozenset[str] = frozenset()  # repositories that pass the architecture rule, with their fine-tunes
    verified_architectures: Mapping[str, str] = field(default_factory=dict)  # repository -> its architecture
    model_types: frozenset[str] = frozenset()
    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # model type -> paths
    chat_template_files: tuple[str, ...] = ()  # accepted places
    chat_template_required: bool = True  # for the types that chat; else its absence is a warning
    length_keys: tuple[str, ...] = ("max_position_embeddings",)
    length_required: bool = True  # whether one of the length keys has to be there
    structured_outputs: bool = True
    function_calling: bool = True
    safetensors_only: bool = True
    tokenizer_json: bool = True
    remote_code: bool = False  # whether a model may bring its own code when the stack asks for it
    adapters: bool = False  # whether LoRA adapters may be served beside a model
    notice_days: int = 90
    notices: tuple[Notice, ...] = ()
