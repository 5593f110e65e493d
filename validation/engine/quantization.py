"""The quantization method that vLLM takes for a checkpoint, and whether this version has it."""

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.engine.table import EngineTable
from validation.facts import RepositoryFacts

ALIASES = {
    "gptq": ("auto_gptq", "gptq_marlin"),
    "awq": ("auto_awq", "awq_marlin"),
    "auto-round": ("auto-round", "inc"),  # Intel's name of its checkpoints, which later versions load as INC
}
MODELOPT_ALGORITHMS = {
    "FP8": "modelopt",
    "FP8_PER_CHANNEL_PER_TOKEN": "modelopt",
    "FP8_PB_WO": "modelopt",
    "NVFP4": "modelopt_fp4",
}
KV_CACHE_NAMES = {"fp8": "fp8_e4m3", "fp8_e4m3": "fp8_e4m3", "nvfp4": "nvfp4"}
GROUP_OF_A_COLUMN = -1


class Quantization(Data):
    """Method as vLLM resolves it (empty for none), why it is refused, and the KV cache format it asks for."""

    method: str = ""
    problem: str = ""
    help: str = ""
    kv_cache_dtype: str = "auto"


def derive_quantization(config: ResolvedConfig, facts: RepositoryFacts, table: EngineTable) -> Quantization:
    """Return the method by vLLM's order: the config's, else hf_quant_config.json's, each renamed by its override."""
    stated = _stated(config, facts)
    if not stated:
        return Quantization()
    method, problem = _method(stated, table)
    if problem:
        return Quantization(problem=problem, help="choose a checkpoint quantized to one format")
    method = _overridden(method, stated, config, table)
    problem, fix = _refusal(method, stated, table)
    return Quantization(
        method=method, problem=problem, help=fix, kv_cache_dtype=_kv_cache(stated, method, config, table)
    )


def _stated(config: ResolvedConfig, facts: RepositoryFacts) -> Config:
    whole = config.whole.section("quantization_config")
    top = whole or Config(value=facts.document("hf_quant_config.json")) or config.whole.section("compression_config")
    inner = config.whole.section("text_config")
    return top or inner.section("quantization_config") or inner.section("compression_config")


def _method(stated: Config, table: EngineTable) -> tuple[str, str]:
    """Return the method's name as the file gives it, or why vLLM cannot tell it."""
    name = stated.text("quant_method").lower().replace("compressed_tensors", "compressed-tensors")
    inner = stated.section("quantization")
    if stated.section("producer").text("name") == "modelopt" or inner.has("modelopt_quant_config"):
        algorithm = inner.text("quant_algo").upper()
        if algorithm == "MIXED_PRECISION" and "modelopt_mixed_named" in table.quirks:
            return "modelopt_mixed", ""
        if algorithm and algorithm not in MODELOPT_ALGORITHMS:
            return "", f"its ModelOpt algorithm `{algorithm[:40]}` is not known to the engine"
        name = MODELOPT_ALGORITHMS.get(algorithm, name)
    return name, ""


def _overridden(method: str, stated: Config, config: ResolvedConfig, table: EngineTable) -> str:
    """Return the method after the ``override_quantization_method`` of vLLM's classes."""
    if method.startswith("modelopt"):
        return _modelopt(method, stated, table)
    model_type = config.whole.model_type
    if method == "fp8" and model_type in {"deepseek_v4", "deepseek_v41"} and "deepseek_v4_fp8" in table.quantization:
        return "deepseek_v4_fp8"
    if method == "mxfp4" and model_type == "gpt_oss" and "gpt_oss_mxfp4" in table.quantization:
        return "gpt_oss_mxfp4"
    if method == "compressed-tensors" and model_type == "kimi_k3" and stated.text("format").startswith("mxfp4"):
        return "mxfp4"
    return next((name for name in ALIASES.get(method, ()) if name in table.quantization), method)


def _modelopt(method: str, stated: Config, table: EngineTable) -> str:
    inner = stated.section("quantization") if stated.has("quantization") else stated
    algorithm = inner.text("quant_algo").upper()
    found = method
    if algorithm == "FP8":
        found = "modelopt"
    elif "FP4" in algorithm:
        found = "modelopt_fp4"
    elif "MXFP8" in algorithm:
        found = "modelopt_mxfp8"
    elif algorithm == "MIXED_PRECISION":
        found = "modelopt_mixed"
    return found if found in table.quantization else method


def _refusal(method: str, stated: Config, table: EngineTable) -> tuple[str, str]:
    if not method:
        return "", ""
    known = table.quantization.get(method)
    if known is None:
        have = ", ".join(
            f"`{name}`" for name in ("compressed-tensors", "fp8", "awq", "gptq") if name in table.quantization
        )
        return f"the engine has no quantization method `{method[:40]}`", f"choose a checkpoint in one of {have}"
    if known.deprecated:
        return (
            f"the engine refuses the deprecated quantization method `{method}`",
            "choose a checkpoint in `compressed-tensors` or `fp8`",
        )
    orders = stated.flag("desc_act") and stated.integer("group_size") != GROUP_OF_A_COLUMN
    if method in {"auto_gptq", "gptq", "gptq_marlin"} and orders and "gptq_order_refused" in table.quirks:
        return "the engine refuses GPTQ with `desc_act` true", "choose a checkpoint with `desc_act` false"
    return "", ""


def _kv_cache(stated: Config, method: str, config: ResolvedConfig, table: EngineTable) -> str:
    """Return the KV cache format that a checkpoint chooses by itself, else ``auto``.

    A scheme of compressed-tensors is taken by vLLM's ``Attention`` (attention.py) and by no latent attention.
    """
    if method == "compressed-tensors" and stated.section("kv_cache_scheme"):
        latent = config.text.model_type in table.mla_types and config.text.has("kv_lora_rank")
        return "auto" if latent else "fp8"
    if not method.startswith("modelopt"):
        return "auto"
    inner = stated.section("quantization") or stated
    for part, key in (
        (inner, "kv_cache_scheme"),
        (stated, "kv_cache_scheme"),
        (inner, "kv_cache_quant_algo"),
        (stated, "kv_cache_quant_algo"),
    ):
        scheme = part.section(key)
        if scheme:
            return _of_scheme(scheme)
        if part.text(key):
            return KV_CACHE_NAMES.get(part.text(key).lower(), "auto")
    return "auto"


def _of_scheme(scheme: Config) -> str:
    if scheme.text("type") != "float":
        return "auto"
    if scheme.integer("num_bits") == 8 and scheme.raw("dynamic") is False:  # noqa: PLR2004 - bits of a number
        return KV_CACHE_NAMES["fp8"]
    return "nvfp4" if scheme.integer("num_bits") == 4 else "auto"  # noqa: PLR2004 - bits of a number
