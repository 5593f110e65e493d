"""Bytes of one recurrent state: what Mamba, short convolutions and linear attention keep for each sequence.

The shapes are those of ``MambaStateShapeCalculator`` in vllm/model_executor/layers/mamba/mamba_utils.py (0.32.0).
"""

from collections.abc import Callable, Mapping
from math import prod

from validation.data import Data
from validation.engine.config import Config

_MAX = 1 << 24  # larger numbers in a stranger's file are nonsense
_ITEM_SIZES = {"float32": 4, "float16": 2, "bfloat16": 2}


class State(Data):
    """One layer's state on one GPU: its bytes, and whether vLLM keeps a spare page to checkpoint a prefill."""

    size: int
    checkpoint: bool = False


def recurrent_state(text: Config, tensor_parallel: int, item_size: int) -> State | None:
    """Return the state of one recurrent layer of this family; None when the family has none or lacks a number.

    ``item_size`` is the bytes of one element of the model's dtype.
    """
    build = _FAMILIES.get(text.model_type)
    return build(text, tensor_parallel, item_size) if build else None


class _Mamba2(Data):
    inner: int
    groups: int
    heads: int
    head: int
    state: int
    kernel: int

    def bytes(self, parallel: int, conv_item: int, state_item: int) -> int:
        groups = self.groups if self.groups % parallel == 0 else parallel
        convolution = (self.kernel - 1) * ((self.inner + 2 * groups * self.state) // parallel)
        recurrent = (self.heads // parallel) * self.head * self.state
        return convolution * conv_item + recurrent * state_item


def _numbers(text: Config, *keys: str) -> tuple[int, ...] | None:
    values = [text.integer(key) for key in keys]
    sane = tuple(value for value in values if value is not None and 0 <= value <= _MAX)
    return sane if len(sane) == len(keys) else None


def _mamba1(inner: int, state_and_kernel: tuple[int, ...], parallel: int, item: int) -> State:
    state, kernel = state_and_kernel
    local = inner // parallel
    return State(size=(local * (kernel - 1) + local * state) * item)


def _mamba(text: Config, parallel: int, item: int) -> State | None:
    found = _numbers(text, "state_size", "conv_kernel")
    inner = text.integer("intermediate_size") or (text.integer("expand") or 2) * (text.integer("hidden_size") or 0)
    return _mamba1(inner, found, parallel, item) if found and inner else None


def _jamba(text: Config, parallel: int, item: int) -> State | None:
    found = _numbers(text, "mamba_expand", "hidden_size", "mamba_d_state", "mamba_d_conv")
    return _mamba1(found[0] * found[1], found[2:], parallel, item) if found else None


def _mamba2_with(*keys: str, state_dtype: str = "", state_default: str = "") -> "_Build":
    """Read inner width (a product of two keys), groups, heads, head size, state size and kernel from these keys."""

    def build(text: Config, parallel: int, item: int) -> State | None:
        found = _numbers(text, *keys[:4], *keys[5:])
        if found is None or not found[3]:
            return None
        left, right, groups, heads, state, kernel = found
        inner = text.integer("mamba_d_ssm") or left * right
        head = text.integer(keys[4]) or inner // heads  # some files say "auto"
        shape = _Mamba2(inner=inner, groups=groups, heads=heads, head=head, state=state, kernel=kernel)
        chosen = (text.text(state_dtype) if state_dtype else "") or state_default
        return State(size=shape.bytes(parallel, item, _ITEM_SIZES.get(chosen, item)), checkpoint=True)

    return build


def _delta_net(text: Config, parallel: int, item: int) -> State | None:
    """Gated delta net: Qwen3-Next, Qwen3.5, OLMo hybrid."""
    found = _numbers(
        text,
        "linear_num_key_heads",
        "linear_num_value_heads",
        "linear_key_head_dim",
        "linear_value_head_dim",
        "linear_conv_kernel_dim",
    )
    if found is None:
        return None
    key_heads, value_heads, key, value, kernel = found
    convolution = (kernel - 1) * ((2 * key * key_heads + value * value_heads) // parallel)
    recurrent = (value_heads // parallel) * value * key
    state_item = _ITEM_SIZES.get(text.text("mamba_ssm_dtype"), item)
    return State(size=convolution * item + recurrent * state_item)


def _kimi_delta(numbers: tuple[int, ...], parallel: int, item: int) -> State:
    heads, head, kernel = numbers
    convolution = (kernel - 1) * (3 * heads * head // parallel)
    recurrent = prod((heads // parallel, head, head))
    return State(size=convolution * item + recurrent * _ITEM_SIZES["float32"], checkpoint=True)


def _kimi(text: Config, parallel: int, item: int) -> State | None:
    found = _numbers(text.section("linear_attn_config"), "num_heads", "head_dim", "short_conv_kernel_size")
    return _kimi_delta(found, parallel, item) if found else None


def _glm(text: Config, parallel: int, item: int) -> State | None:
    found = _numbers(text, "linear_num_heads", "linear_head_dim", "linear_conv_kernel_dim")
    return _kimi_delta(found, parallel, item) if found else None


def _short_convolution(text: Config, parallel: int, item: int) -> State | None:
    kernel = text.integer("conv_L_cache") or 3
    width = text.first_integer("conv_dim", "hidden_size")
    return State(size=(kernel - 1) * (width // parallel) * item) if width else None


def _linear_attention(text: Config, parallel: int, item: int) -> State | None:
    heads, hidden = text.integer("num_attention_heads"), text.integer("hidden_size")
    if not heads or not hidden:
        return None
    head = text.integer("head_dim") or hidden // heads
    return State(size=(heads // parallel) * head * head * item)


_Build = Callable[[Config, int, int], State | None]
_GRANITE = _mamba2_with(
    "mamba_expand", "hidden_size", "mamba_n_groups", "mamba_n_heads", "mamba_d_head", "mamba_d_state", "mamba_d_conv"
)
_FAMILIES: Mapping[str, _Build] = {
    "bailing_hybrid": _linear_attention,
    "bailing_moe_linear": _linear_attention,
    "bamba": _GRANITE,
    "falcon_h1": _GRANITE,
    "falcon_mamba": _mamba,
    "glm5_next_text": _glm,
    "granitemoehybrid": _GRANITE,
    "jamba": _jamba,
    "kimi_linear": _kimi,
    "lfm2": _short_convolution,
    "lfm2_moe": _short_convolution,
    "mamba": _mamba,
    "mamba2": _mamba2_with("expand", "hidden_size", "n_groups", "num_heads", "head_dim", "state_size", "conv_kernel"),
    "nemotron_h": _mamba2_with(
        "mamba_num_heads",
        "mamba_head_dim",
        "n_groups",
        "mamba_num_heads",
        "mamba_head_dim",
        "ssm_state_size",
        "conv_kernel",
        state_dtype="mamba_ssm_cache_dtype",
        state_default="float32",
    ),
    "olmo_hybrid": _delta_net,
    "qwen3_5_moe_text": _delta_net,
    "qwen3_5_text": _delta_net,
    "qwen3_next": _delta_net,
    "zamba2": _mamba2_with(
        "mamba_expand",
        "hidden_size",
        "mamba_ngroups",
        "n_mamba_heads",
        "mamba_headdim",
        "mamba_d_state",
        "mamba_d_conv",
    ),
}
