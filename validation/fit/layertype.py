"""The kind of each layer, as transformers' configuration classes derive it where config.json leaves it out."""

from collections.abc import Callable, Mapping

from validation.engine.config import Config

FULL = "full_attention"
SLIDING = "sliding_attention"
CHUNKED = "chunked_attention"
LINEAR = "linear_attention"
HYBRID = "hybrid"
CONV = "conv"
OTHER = "mlp"  # a layer that keeps nothing
EXPERTS = "moe"  # the same, of experts

MAX_LAYERS = 4096  # real models stay under 200: a larger number in a stranger's file builds nothing
_COUNTS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers")
_OWN_COUNTS = {"whisper": ("decoder_layers",), "longcat_flash": ("num_layers",)}
_LEGACY = {"mamba": LINEAR, "attention": FULL, "mamba2": LINEAR, "deepseek_sparse_attention": "indexed_attention"}
_ZAMBA2_HYBRIDS = (6, 12, 18, 24, 30, 36, 42, 47, 51)
_PATTERN_LETTERS = {"M": LINEAR, "*": FULL, "-": OTHER, "E": EXPERTS}  # Nemotron-H


def layer_count(text: Config) -> int:
    """Return how many layers the language model has; 0 when the file does not say, or says nonsense."""
    count = _listed(text) or text.first_integer(*_OWN_COUNTS.get(text.model_type, ()), *_COUNTS) or 0
    return count if 0 < count <= MAX_LAYERS else 0


def _listed(text: Config) -> int:
    """Return the length of the pattern that Nemotron-H states in place of a number."""
    return len(text.names("layers_block_type") or text.text("hybrid_override_pattern"))


def layer_types(text: Config) -> tuple[str, ...]:
    """Return the kind of each layer; empty when the family has only one."""
    count = layer_count(text)
    stated = text.names("layer_types") or text.names("layers_block_type")
    if stated:
        names = tuple(_LEGACY.get(name, name) for name in stated)
        return names[:count] if count else names
    derive = _DERIVED.get(text.model_type)
    return tuple(derive(text, index, count) for index in range(count)) if derive else ()


_Derive = Callable[[Config, int, int], str]


def _every(key: str, default: int, other: str = SLIDING, start: int = 1) -> _Derive:
    """Make the rule "every n-th layer is full attention", n under ``key``."""

    def derive(text: Config, index: int, _count: int) -> str:
        period = text.integer(key) or default
        return FULL if (index + start) % period == 0 else other

    return derive


def _last_full(key: str, default: int) -> _Derive:
    inner = _every(key, default)

    def derive(text: Config, index: int, count: int) -> str:
        return FULL if index == count - 1 else inner(text, index, count)

    return derive


def _late_window(text: Config, index: int, _count: int) -> str:
    """Qwen: full attention in the first ``max_window_layers``, the window after them."""
    start = text.integer("max_window_layers")
    late = text.has("sliding_window") and index >= (28 if start is None else start)
    return SLIDING if late else FULL


def _alternating_window(text: Config, index: int, _count: int) -> str:
    limit = text.integer("max_window_layers")
    windowed = text.flag("use_sliding_window") and index % 2 == 0 and index < (28 if limit is None else limit)
    return SLIDING if windowed else FULL


def _exaone(text: Config, index: int, _count: int) -> str:
    """EXAONE 4 writes its period as a number or as the letters of one (``LLLG``)."""
    if not text.has("sliding_window"):
        return FULL
    pattern = text.text("sliding_window_pattern")
    period = len(pattern) or text.integer("sliding_window_pattern") or 4
    return SLIDING if (index + 1) % period else FULL


def _rope_layers(other: str) -> _Derive:
    """Llama 4 and SmolLM 3: the layers without rotary embedding are the odd ones out."""

    def derive(text: Config, index: int, _count: int) -> str:
        flags = text.integers("no_rope_layers")
        period = text.integer("no_rope_layer_interval") or 4
        rope = flags[index] != 0 if index < len(flags) else (index + 1) % period != 0
        return other if rope == (other == CHUNKED) else FULL

    return derive


def _smollm(text: Config, index: int, count: int) -> str:
    return _rope_layers(SLIDING)(text, index, count) if _uses_window(text) else FULL


def _uses_window(text: Config) -> bool:
    return text.flag("use_sliding_window") and text.has("sliding_window")


def _jamba(text: Config, index: int, _count: int) -> str:
    period, offset = text.integer("attn_layer_period") or 8, text.integer("attn_layer_offset")
    return FULL if index % period == (4 if offset is None else offset) else LINEAR


def _bamba(text: Config, index: int, _count: int) -> str:
    return FULL if index in text.integers("attn_layer_indices") else LINEAR


def _nemotron(text: Config, index: int, _count: int) -> str:
    pattern = text.text("hybrid_override_pattern")
    return _PATTERN_LETTERS.get(pattern[index], OTHER) if index < len(pattern) else OTHER


def _lfm(text: Config, index: int, _count: int) -> str:
    indices = text.integers("full_attn_idxs")
    return FULL if index in indices or not indices else CONV


def _kimi(text: Config, index: int, _count: int) -> str:
    linear = text.section("linear_attn_config")
    if linear.has("kda_layers"):  # counted from 1 in the checkpoint
        return LINEAR if index + 1 in linear.integers("kda_layers") else FULL
    return FULL if index and index % 4 == 0 else LINEAR


def _mimo(text: Config, index: int, _count: int) -> str:
    pattern = text.integers("hybrid_layer_pattern")
    if pattern:
        return SLIDING if index < len(pattern) and pattern[index] == 1 else FULL
    return FULL if index == 0 or (index + 1) % 6 == 0 else SLIDING


def _zamba2(text: Config, index: int, _count: int) -> str:
    """Zamba 2: a shared attention block before every sixth Mamba layer, and a few more towards the end."""
    stated = text.integers("hybrid_layer_ids")
    return HYBRID if index in (stated or _ZAMBA2_HYBRIDS) else LINEAR


def _windowed_if_set(text: Config, _index: int, _count: int) -> str:
    return SLIDING if text.has("sliding_window") else FULL


def _always(name: str) -> _Derive:
    return lambda _text, _index, _count: name


_DERIVED: Mapping[str, _Derive] = {
    "afmoe": _every("global_attn_every_n_layers", 4),
    "bailing_hybrid": _every("layer_group_size", 1, LINEAR),
    "bailing_moe_linear": _every("layer_group_size", 1, LINEAR),
    "bamba": _bamba,
    "cohere2": _every("sliding_window_pattern", 4),
    "cohere2_moe": _every("sliding_window_pattern", 4),
    "cwm": _every("", 4, start=0),
    "embedding_gemma2_text": _last_full("sliding_window_pattern", 6),
    "exaone4": _exaone,
    "exaone_moe": _exaone,
    "falcon_h1": _always(HYBRID),
    "gemma2": _every("", 2),
    "gemma3": _every("sliding_window_pattern", 6),
    "gemma3_text": _every("sliding_window_pattern", 6),
    "gemma3n_text": _every("", 5),
    "gemma4_text": _last_full("", 6),
    "gemma4_unified_text": _last_full("", 6),
    "glm5_next_text": _every("", 4, LINEAR),
    "gpt_oss": _every("", 2),
    "granite_swa": _every("", 4, start=0),
    "granitemoe_swa": _every("", 4, start=0),
    "granitemoehybrid": _always(LINEAR),
    "jamba": _jamba,
    "kimi_linear": _kimi,
    "lfm2": _lfm,
    "lfm2_moe": _lfm,
    "llama4_text": _rope_layers(CHUNKED),
    "mimo_v2": _mimo,
    "mimo_v2_flash": _mimo,
    "ministral": _windowed_if_set,
    "nemotron_h": _nemotron,
    "olmo3": _every("", 4),
    "olmo_hybrid": _every("", 4, LINEAR),
    "plamo3": _every("sliding_window_pattern", 8),
    "qwen2": _late_window,
    "qwen2_moe": _alternating_window,
    "qwen3": _late_window,
    "qwen3_5_moe_text": _every("full_attention_interval", 4, LINEAR),
    "qwen3_5_text": _every("full_attention_interval", 4, LINEAR),
    "qwen3_next": _every("full_attention_interval", 4, LINEAR),
    "smollm3": _smollm,
    "vaultgemma": _every("", 2),
    "zamba2": _zamba2,
}
