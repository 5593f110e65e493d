"""How many bytes a quantization method makes of a parameter, and which modules it leaves alone."""

import fnmatch
import re
from collections.abc import Iterator, Mapping

from validation.data import Data
from validation.engine.config import Config

_LAYER = re.compile(r"layers\.(\d{1,4})\.")
MAX_PATTERNS = 8192
_GROUP = 128  # weights that share a scale in GPTQ and AWQ, unless stated
_METHODS = {  # bytes a parameter: the value, and its share of the scales
    "fp8": 1 + 4 / (128 * 128),
    "fbgemm_fp8": 1.0,
    "modelopt": 1.0,
    "modelopt_fp4": 0.5 + 1 / 16,
    "nvfp4": 0.5 + 1 / 16,
    "mxfp4": 0.5 + 1 / 32,
    "gpt_oss_mxfp4": 0.5 + 1 / 32,
    "quark": 1.0,
    "mxfp8": 1 + 1 / 32,
}
_MODELOPT_ALGORITHMS = {
    "W4A16_NVFP4": 0.5 + 1 / 16,
    "MXFP8": 1 + 1 / 32,
    "NVFP4": 0.5 + 1 / 16,
    "NVFP4_AWQ": 0.5 + 1 / 16,
    "W4A16_AWQ": 0.5,
    "MXFP4": 0.5 + 1 / 32,
}


class Quantization(Data):
    """A quantization method as a repository states it."""

    method: str
    bytes_per_parameter: float
    exceptions: tuple[re.Pattern[str], ...] = ()
    experts_only: bool = False
    experts_bytes: float | None = None
    layers: Mapping[tuple[str, str], float] | None = None  # bytes a parameter by layer and module, where they differ

    def bytes_of(self, module: str) -> float | None:
        """Return the bytes a parameter of a module takes; None where it is left alone."""
        if self.layers is not None and (_place(module) in self.layers or self.method.startswith("modelopt")):
            return self.layers.get(_place(module))
        if self.experts_bytes is not None and ".experts." in module:
            return self.experts_bytes
        if self.experts_only and ".experts." not in module:
            return None
        return None if any(pattern.search(module) for pattern in self.exceptions) else self.bytes_per_parameter


def quantization_of(stated: Config, *, four_bit_experts: bool = False) -> Quantization | None:
    """Return the method that ``quantization_config`` or ``hf_quant_config.json`` states; None for none.

    ``four_bit_experts`` is DeepSeek V4's ``expert_dtype: fp4`` beside FP8.
    """
    inner = stated.section("quantization") or stated
    method = stated.text("quant_method").lower() or ("modelopt" if inner.text("quant_algo") else "")
    if not method:
        return None
    stated_layers = inner.section("quantized_layers")
    return Quantization(
        layers={
            _place(name): _MODELOPT_ALGORITHMS.get(stated_layers.section(name).text("quant_algo").upper(), 1.0)
            for name in stated_layers.value
        }
        or None,
        method=method,
        bytes_per_parameter=_bytes_per_parameter(method, stated, inner),
        exceptions=tuple(_exceptions(stated, inner)),
        experts_bytes=_METHODS["mxfp4"] if four_bit_experts else None,
        experts_only=method in {"mxfp4", "gpt_oss_mxfp4"} or _spares_all_but_experts(inner),
    )


def _spares_all_but_experts(stated: Config) -> bool:
    """Return whether an ignored pattern is "everything but the experts", as a negative look-ahead."""
    return any("(?!" in name and "experts" in name for name in stated.names("ignore"))


def _place(name: str) -> tuple[str, str]:
    """Return the number of a module's layer and what it is there, whatever its family calls it."""
    found = _LAYER.search(name)
    if "shared_expert" in name:
        return (found[1] if found else "", "shared")
    kinds = ("experts", "linear_attn", "attn", "mlp", "ffn", "moe")
    kind = next((kind for kind in kinds if kind in name), name.rpartition(".")[2])
    return (found[1] if found else "", kind)


def _plain(name: str) -> str:
    """Return a module's name without the wrapper that multimodal checkpoints put around the language model."""
    return name.replace("model.language_model.", "model.").replace("language_model.model.", "model.")


def _bytes_per_parameter(method: str, stated: Config, inner: Config) -> float:
    if method.startswith("modelopt"):
        return _MODELOPT_ALGORITHMS.get(inner.text("quant_algo").upper(), _METHODS.get(method, 1.0))
    if method in {"compressed-tensors", "compressed_tensors"}:
        groups = [stated.section("config_groups").section(name) for name in stated.section("config_groups").value]
        return _compressed(next(iter(groups), Config(value={})).section("weights"))
    if method in _METHODS:
        return _METHODS[method]
    if method == "bitsandbytes":
        return 1.0 if stated.flag("load_in_8bit") else 0.5 + 1 / 16
    bits = stated.first_integer("bits", "w_bit", "weight_bits") or 4
    group = stated.first_integer("group_size", "q_group_size") or _GROUP
    return bits / 8 + ((2 + bits / 8) / group if group > 0 else 0)


def _compressed(weights: Config) -> float:
    bits = weights.integer("num_bits") or 8
    group = weights.integer("group_size")
    scale = 1 if weights.text("type") == "float" and bits < 8 else 2  # noqa: PLR2004 - NVFP4 scales are bytes
    return bits / 8 + (scale / group if group and group > 0 else 0)


def _exceptions(stated: Config, inner: Config) -> Iterator[re.Pattern[str]]:
    keys = ("modules_to_not_convert", "ignore", "ignored_layers", "exclude_modules", "exclude")
    names = dict.fromkeys(name for source in (stated, inner) for key in keys for name in source.names(key))
    for name in list(names)[:MAX_PATTERNS]:
        if "(?!" in name:
            continue
        try:
            yield re.compile(_expression(_plain(name)))
        except re.error:
            continue


def _expression(name: str) -> str:
    """Return a regular expression for one entry: ``re:`` is not run, since a stranger's may never end."""
    if name.startswith("re:"):
        literal = re.sub(r"\\.|[.*+?^$()\[\]{}|]+", "*", name.removeprefix("re:")).strip("*")
        return fnmatch.translate(f"*{literal}*")
    if "*" in name:
        return fnmatch.translate(f"*{name.strip('*')}*")
    return f"(^|\\.){re.escape(name)}(\\.|$)"
