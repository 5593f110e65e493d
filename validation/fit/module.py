"""The linear modules of a model's language layers and their sizes: what adapters are compared with."""

from collections.abc import Mapping

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.fit.heads import attention_heads, hidden_size, layer_heads
from validation.fit.layertype import FULL, layer_count, layer_types
from validation.fit.parameter import dense_width, expert_count
from validation.fit.shape import MLA_TYPES, language

# Families whose attention and feed-forward have no more than what config.json says in plain numbers.
_PLAIN = frozenset(
    {
        "llama",
        "mistral",
        "qwen2",
        "qwen3",
        "gemma",
        "gemma2",
        "phi3",
        "granite",
        "olmo2",
        "smollm3",
        "qwen3_moe",
        "mixtral",
    }
)
_FROM_HIDDEN = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "qkv_proj", "gate_up_proj")
_TO_HIDDEN = ("o_proj", "down_proj")


class Size(Data):
    """What a linear module takes and gives, in elements; None where the configuration does not say."""

    inputs: int | None = None
    outputs: int | None = None


def module_sizes(config: ResolvedConfig, index: int) -> Mapping[str, Size]:
    """Return the modules of one language layer by the last part of their name; empty for what has no such layer."""
    text = language(config)
    hidden = hidden_size(text)
    if not hidden or not 0 <= index < layer_count(text):
        return {}
    found = {name: Size(inputs=hidden) for name in _FROM_HIDDEN} | {name: Size(outputs=hidden) for name in _TO_HIDDEN}
    if text.model_type in MLA_TYPES:
        found = {name: size for name, size in found.items() if name not in {"q_proj", "k_proj", "v_proj", "qkv_proj"}}
    if text.model_type in _PLAIN:
        found |= _attention(text, index, hidden)
        if not expert_count(text):
            found |= _feed_forward(text, index, hidden)
    return found


def _attention(text: Config, index: int, hidden: int) -> dict[str, Size]:
    kinds = layer_types(text)
    heads = layer_heads(text, index, kinds[index] if index < len(kinds) else FULL)
    if heads is None:
        return {}
    query, key, value = attention_heads(text) * heads.key, heads.count * heads.key, heads.count * heads.value
    return {
        "q_proj": Size(inputs=hidden, outputs=query),
        "k_proj": Size(inputs=hidden, outputs=key),
        "v_proj": Size(inputs=hidden, outputs=value),
        "qkv_proj": Size(inputs=hidden, outputs=query + key + value),
        "o_proj": Size(inputs=attention_heads(text) * heads.value, outputs=hidden),
    }


def _feed_forward(text: Config, index: int, hidden: int) -> dict[str, Size]:
    width = dense_width(text, index, hidden)
    return {
        "gate_proj": Size(inputs=hidden, outputs=width),
        "up_proj": Size(inputs=hidden, outputs=width),
        "gate_up_proj": Size(inputs=hidden, outputs=2 * width),
        "down_proj": Size(inputs=width, outputs=hidden),
    }
