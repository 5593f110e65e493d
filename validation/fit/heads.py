"""How many key and value heads each layer has and how wide they are, where families differ."""

from collections.abc import Callable, Mapping

from validation.data import Data
from validation.engine.config import Config
from validation.fit.layertype import SLIDING


class Heads(Data):
    """The key and value heads of one layer of the whole model, and their sizes in elements."""

    count: int
    key: int
    value: int


_KV_KEYS = ("n_head_kv", "num_kv_heads", "num_key_value_heads", "multi_query_group_num", "num_attention_groups")
_MAX = 1 << 20  # a larger head count or size is nonsense, and must not become a huge number of bytes


def attention_heads(text: Config) -> int:
    """Return the number of query heads; 0 when the file does not say."""
    if text.model_type == "whisper" and text.has("decoder_attention_heads"):
        return _sane(text.integer("decoder_attention_heads"))
    keys = ("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads")
    return _sane(text.first_integer(*keys))


def hidden_size(text: Config) -> int:
    """Return the width of the model; 0 when the file does not say."""
    return _sane(text.first_integer("hidden_size", "n_embd", "d_model", "dim"))


def layer_heads(text: Config, index: int, kind: str) -> Heads | None:
    """Return the heads of one layer; None when the layer keeps nothing, or a number is missing."""
    special = _SPECIAL.get(text.model_type)
    heads = special(text, index, kind) if special else _plain(text, index)
    return heads if heads and heads.count > 0 and heads.key > 0 else None


def kv_heads(text: Config) -> int:
    """Return the number of key and value heads, in the order of keys of vLLM's ``get_total_num_kv_heads``."""
    if text.model_type in {"falcon", "RefinedWeb", "RefinedWebModel"} and not text.flag("new_decoder_architecture"):
        return 1 if text.flag("multi_query", default=True) else attention_heads(text)
    if text.model_type == "gpt_bigcode":
        return 1 if text.flag("multi_query", default=True) else attention_heads(text)
    if text.model_type == "dbrx":
        return _sane(text.section("attn_config").integer("kv_n_heads")) or attention_heads(text)
    if text.model_type == "chatglm" and not text.flag("multi_query_attention"):
        return attention_heads(text)
    return _sane(text.first_integer(*_KV_KEYS)) or attention_heads(text)


def head_size(text: Config) -> int:
    """Return the size of one head in elements; 0 when the file does not say."""
    stated = _sane(text.first_integer("head_dim", "attention_head_dim", "hidden_size_per_head", "kv_channels"))
    count = attention_heads(text)
    return stated or (hidden_size(text) // count if count else 0)


def _plain(text: Config, index: int) -> Heads | None:
    counts = text.integers("num_key_value_heads") or text.integers("num_kv_heads")
    count = counts[index] if index < len(counts) else kv_heads(text)
    own = text.section("per_layer_config").section(str(index))
    size = _sane(own.integer("head_dim")) or head_size(text)
    return Heads(count=_sane(own.integer("num_key_value_heads")) or count, key=size, value=size)


def _gemma4(text: Config, index: int, kind: str) -> Heads | None:
    """Gemma 4: full attention has its own head size, and its own count when keys serve as values too."""
    plain = _plain(text, index)
    if plain is None or kind == SLIDING or text.has("per_layer_config"):
        return plain
    size = text.integer("global_head_dim") or 512
    count = text.integer("num_global_key_value_heads") if text.flag("attention_k_eq_v", default=True) else None
    return Heads(count=count or plain.count, key=size, value=size)


def _mimo(text: Config, index: int, kind: str) -> Heads | None:
    """MiMo V2: windowed layers have their own heads, and values are narrower than keys."""
    plain = _plain(text, index)
    if plain is None:
        return None
    if kind != SLIDING:
        return Heads(count=plain.count, key=plain.key, value=text.integer("v_head_dim") or plain.key)
    key = text.integer("swa_head_dim") or plain.key
    count = text.integer("swa_num_key_value_heads") or plain.count
    return Heads(count=count, key=key, value=text.integer("swa_v_head_dim") or key)


def _step(text: Config, index: int, kind: str) -> Heads | None:
    """Step 3.5: ``attention_other_setting`` overrides one kind of layer."""
    plain, other = _plain(text, index), text.section("attention_other_setting")
    if plain is None or not other or other.text("attention_type") != kind:
        return plain
    size = other.integer("head_dim") or plain.key
    return Heads(count=other.integer("num_attention_groups") or plain.count, key=size, value=size)


def _nas(text: Config, index: int, _kind: str) -> Heads | None:
    """Nemotron-NAS: a block says how many query heads share a key head, or that it has no attention."""
    blocks = tuple(text.objects("block_configs"))
    if index >= len(blocks):
        return _plain(text, index)
    attention = blocks[index].section("attention")
    group = attention.integer("n_heads_in_group")
    if attention.flag("no_op") or not group or group < 0:
        return None
    size = head_size(text)
    return Heads(count=attention_heads(text) // group, key=size, value=size)


def _minicpm3(text: Config, _index: int, _kind: str) -> Heads | None:
    """MiniCPM 3: latent attention in the file, plain heads of the full width in vLLM."""
    size = (text.integer("qk_nope_head_dim") or 0) + (text.integer("qk_rope_head_dim") or 0)
    return Heads(count=attention_heads(text), key=size, value=size)


def _dbrx(text: Config, _index: int, _kind: str) -> Heads | None:
    size = head_size(text)
    return Heads(count=kv_heads(text), key=size, value=size)


def _zamba2(text: Config, _index: int, _kind: str) -> Heads | None:
    """Zamba 2: attention sees the hidden state beside the embedding, so that its heads are twice as wide."""
    heads = attention_heads(text)
    size = text.integer("attention_head_dim") or (2 * hidden_size(text) // heads if heads else 0)
    return Heads(count=kv_heads(text), key=size, value=size)


def _by_width(text: Config, _index: int, _kind: str) -> Heads | None:
    """Families whose code divides the width by the heads, whatever ``head_dim`` says."""
    heads = attention_heads(text)
    size = hidden_size(text) // heads if heads else 0
    return Heads(count=kv_heads(text), key=size, value=size)


def _queries(text: Config, _index: int, _kind: str) -> Heads | None:
    size = head_size(text)
    return Heads(count=attention_heads(text), key=size, value=size)


def _sane(value: int | None) -> int:
    return value if value is not None and 0 < value <= _MAX else 0


_SPECIAL: Mapping[str, Callable[[Config, int, str], Heads | None]] = {
    "chatglm": _by_width,
    "dbrx": _dbrx,
    "deepseek": _by_width,
    "deepseek_v2": _by_width,  # those without latent attention
    "deepseek_v3": _by_width,
    "falcon": _by_width,
    "RefinedWeb": _by_width,
    "RefinedWebModel": _by_width,
    "gemma4_text": _gemma4,
    "gemma4_unified_text": _gemma4,
    "hrm_text": _queries,
    "jamba": _by_width,
    "mimo_v2": _mimo,
    "mimo_v2_flash": _mimo,
    "minicpm3": _minicpm3,
    "nemotron-nas": _nas,
    "stablelm": _by_width,
    "stablelm_epoch": _by_width,
    "step3p5": _step,
    "step3p7": _step,
    "step3p7_text": _step,
    "zamba2": _zamba2,
}
