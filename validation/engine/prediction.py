"""What a vLLM version would answer for a repository: supported or not, by which class, at which length."""

from enum import StrEnum

from validation.data import Data


class Support(StrEnum):
    """Whether the engine would load the model; ``UNKNOWN`` where static reading cannot decide."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Prediction(Data):
    """The engine's predicted answer. ``reason`` says why not (or why unknown), ``help`` what to do about it."""

    supported: Support
    reason: str = ""
    help: str = ""
    architecture: str = ""  # the registry name the engine resolves to
    implementation: str = ""
    runner: str = ""  # generate, pooling, draft
    convert: str = "none"  # none, embed, classify
    multimodal: bool = False
    transformers_backend: bool = False
    remote_code: Support = Support.NO  # whether trust_remote_code is needed
    max_model_len: int | None = None
    max_model_len_key: str = ""  # the key it came from
    max_model_len_limit: int | None = None  # the longest that may be asked for; longer than max_model_len with longrope
    dtype: str = ""  # torch name: bfloat16, float16, float32
    quantization: str = ""  # method name as vLLM resolves it
    kv_cache_dtype: str = "auto"
    config_format: str = "hf"  # hf, mistral
    weight_files: tuple[str, ...] = ()  # the set vLLM would load
    weights_bytes: int | None = None
    missing_weights: tuple[str, ...] = ()  # files that the index names and the repository lacks
    status: str = ""  # of a refused name: removed, plugin, unknown
    versions: tuple[str, ...] = ()  # engine versions that have the refused name
    quantization_problem: str = ""  # why the engine refuses the checkpoint's quantization
    quantization_help: str = ""
