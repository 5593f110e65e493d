"""The number format that vLLM computes in when the stack says ``auto``."""

from validation.engine.config import ResolvedConfig
from validation.engine.table import EngineTable
from validation.facts import RepositoryFacts

NAMES = {"half": "float16", "float": "float32", "torch.bfloat16": "bfloat16", "torch.float16": "float16"}
HEADER_NAMES = {"BF16": "bfloat16", "F16": "float16", "F32": "float32", "F64": "float64"}
WIDEST = ("float64", "float32", "bfloat16", "float16")  # a cast to an earlier one loses nothing that matters here


def derive_dtype(config: ResolvedConfig, facts: RepositoryFacts, table: EngineTable, runner: str) -> str:
    """Return the torch name: the configuration's, else the weights', float32 taken down to half the size.

    It is the answer on GPUs of compute capability 8.0 and above; older ones have no bfloat16.
    """
    stated = _stated(config) or _of_weights(facts) or "float32"
    half = "float16" not in _refused(config, table)
    preferred = "float16" if runner == "pooling" and half else "bfloat16"
    if stated in {"bfloat16", "float16"} - _refused(config, table):
        return stated
    return preferred


def _refused(config: ResolvedConfig, table: EngineTable) -> set[str]:
    return {"float16"} if config.whole.model_type in table.float16_refused else set()


def _stated(config: ResolvedConfig) -> str:
    whole = config.whole
    for part in (whole, config.text, whole.section("vision_config"), whole.section("encoder_config")):
        name = part.text("dtype") or part.text("torch_dtype")
        if name:
            return NAMES.get(name, name.removeprefix("torch."))
    return ""


def _of_weights(facts: RepositoryFacts) -> str:
    stored = {tensor.dtype for tensor in facts.tensors} or set(facts.parameters)
    names = {HEADER_NAMES[name] for name in stored if name in HEADER_NAMES}
    return "float32" if names == {"bfloat16", "float16"} else next((name for name in WIDEST if name in names), "")
