"""How many parameters a model has, part by part, from its configuration: for when the weights are not at hand.

Norms, biases and rotary tables are left out: together they stay under one part in a thousand of a real model.
"""

from collections.abc import Iterator

from validation.data import Data
from validation.engine.config import EMPTY, Config, ResolvedConfig
from validation.fit.heads import attention_heads, hidden_size, layer_heads
from validation.fit.layertype import CONV, EXPERTS, FULL, HYBRID, LINEAR, OTHER, layer_count, layer_types
from validation.fit.shape import MLA_TYPES, language

_GENERATING = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "ChatModel", "ChatGLMModel")
_WIDTHS = (
    *(
        "dense_intermediate_size",
        "intermediate_size_mlp",
        "intermediate_size",
        "ffn_hidden_size",
        "n_inner",
        "ffn_dim",
        "d_ff",
        "block_ff_dim",
    ),
    *("decoder_ffn_dim",),
)
_PAD = 64  # vLLM pads the vocabulary to a multiple of this
_UNGATED = frozenset(
    {
        *("gpt2", "gptj", "gpt_neox", "gpt_bigcode", "opt", "bloom", "mpt", "phi", "falcon", "codegen", "starcoder2"),
        *("nemotron", "bert", "roberta", "xlm-roberta", "camembert", "electra", "distilbert", "whisper"),
    }
)


class Part(Data):
    """Elements of the weights under one module name; ``quantizable`` when a quantization method converts them."""

    name: str  # as in the checkpoint: ``model.layers.3.mlp.down_proj``
    elements: int
    quantizable: bool = True
    replicated: bool = False  # the same on every GPU of a tensor parallel group


def parts(config: ResolvedConfig) -> Iterator[Part]:
    """Yield the parts of the whole model; nothing when the configuration lacks a number."""
    text = language(config)
    count, hidden = layer_count(text), hidden_size(text)
    if not count or not hidden:
        return
    vocabulary = -(-(text.first_integer("padded_vocab_size", "vocab_size") or 0) // _PAD) * _PAD
    yield Part(name="model.embed_tokens", elements=vocabulary * hidden, quantizable=False)
    small = (text.integer("vocab_size_per_layer_input") or 0) * (text.integer("hidden_size_per_layer_input") or 0)
    yield Part(name="model.embed_tokens_per_layer", elements=small * count, quantizable=False)
    tied = config.whole.flag("tie_word_embeddings", default=text.flag("tie_word_embeddings", default=True))
    if not tied and _generates(config):
        yield Part(name="lm_head", elements=vocabulary * hidden, quantizable=False)
    kinds = layer_types(text)
    for index in range(count):
        kind = kinds[index] if index < len(kinds) else FULL
        yield from _layer(text, index, kind, hidden)
    yield from _tower(config)


def total(config: ResolvedConfig) -> int:
    """Return the number of parameters; 0 when the configuration does not say."""
    return sum(part.elements for part in parts(config))


def _generates(config: ResolvedConfig) -> bool:
    names = config.whole.names("architectures")
    return any(name.endswith(_GENERATING) for name in names)


def _layer(text: Config, index: int, kind: str, hidden: int) -> Iterator[Part]:
    prefix = f"model.layers.{index}"
    if text.model_type in {"mamba", "mamba2", "falcon_mamba"}:
        yield Part(name=f"{prefix}.mixer", elements=recurrent_size(text, hidden))
        return
    if kind in {LINEAR, HYBRID}:
        yield Part(name=f"{prefix}.linear_attn", elements=recurrent_size(text, hidden))
    elif kind == CONV:
        yield Part(name=f"{prefix}.conv", elements=4 * hidden * (text.integer("conv_dim") or hidden))
    if kind not in {LINEAR, CONV, OTHER, EXPERTS}:
        yield from _attention(text, index, kind, hidden, f"{prefix}.self_attn")
    if text.model_type != "nemotron_h":
        yield from _feed_forward(text, index, hidden, f"{prefix}.mlp", sparse=is_sparse(text, index))
    elif kind in {OTHER, EXPERTS}:
        yield from _feed_forward(text, index, hidden, f"{prefix}.mlp", sparse=kind == EXPERTS)


def _attention(text: Config, index: int, kind: str, hidden: int, prefix: str) -> Iterator[Part]:
    query = attention_heads(text)
    rank = text.integer("kv_lora_rank")
    if rank and text.model_type in MLA_TYPES | {"minicpm3"}:
        yield from _latent(text, hidden, query, rank, prefix)
        return
    heads = layer_heads(text, index, kind)
    if heads is None:
        return
    sharing = text.integer("num_kv_shared_layers") or 0
    width = heads.count * (heads.key + heads.value) if index < layer_count(text) - sharing or not sharing else 0
    gate = 2 if text.flag("attn_output_gate") or text.model_type == "qwen3_next" else 1
    yield Part(name=f"{prefix}.q_proj", elements=hidden * query * heads.key * gate)
    yield Part(name=f"{prefix}.k_proj", elements=hidden * width)
    yield Part(name=f"{prefix}.o_proj", elements=query * heads.value * hidden)


def _latent(text: Config, hidden: int, query: int, rank: int, prefix: str) -> Iterator[Part]:
    rope, nope = text.integer("qk_rope_head_dim") or 0, text.integer("qk_nope_head_dim") or 0
    value = text.integer("v_head_dim") or nope
    low = text.integer("q_lora_rank")
    if low:
        yield Part(name=f"{prefix}.q_a_proj", elements=hidden * low, replicated=True)
    yield Part(name=f"{prefix}.q_b_proj", elements=(low or hidden) * query * (nope + rope))
    yield Part(name=f"{prefix}.kv_a_proj_with_mqa", elements=hidden * (rank + rope), replicated=True)
    yield Part(name=f"{prefix}.kv_b_proj", elements=rank * query * (nope + value))
    yield Part(name=f"{prefix}.o_proj", elements=query * value * hidden)
    if text.has("index_topk") and low:
        heads, width = text.integer("index_n_heads") or 64, text.integer("index_head_dim") or 128
        yield Part(name=f"{prefix}.indexer", elements=low * heads * width + hidden * (width + heads), replicated=True)


def recurrent_size(text: Config, hidden: int) -> int:
    """Return the elements of one Mamba or linear attention layer's projections."""
    value = (text.integer("linear_num_value_heads") or 0) * (text.integer("linear_value_head_dim") or 0)
    if value:
        key = (text.integer("linear_num_key_heads") or 0) * (text.integer("linear_key_head_dim") or 0)
        return hidden * (2 * key + 2 * value) + value * hidden
    linear = text.section("linear_attn_config")
    if linear:
        return 5 * hidden * (linear.integer("num_heads") or 0) * (linear.integer("head_dim") or 0)
    expand = text.first_integer("mamba_expand", "expand") or 2
    own = (text.integer("mamba_num_heads") or 0) * (text.integer("mamba_head_dim") or 0)
    inner = text.integer("mamba_d_ssm") or own or expand * hidden
    state = text.first_integer("ssm_state_size", "mamba_d_state", "state_size") or 0
    groups = text.first_integer("n_groups", "mamba_n_groups", "mamba_ngroups") or 1
    return hidden * (2 * inner + 2 * groups * state) + inner * hidden


def _feed_forward(text: Config, index: int, hidden: int, prefix: str, *, sparse: bool) -> Iterator[Part]:
    experts = expert_count(text)
    both = text.flag("enable_moe_block")  # Gemma 4 has a dense network beside the experts
    if not experts or not sparse or both:
        width = dense_width(text, index, hidden)
        matrices = 2 if is_ungated(text) else 3
        if width:
            yield Part(name=f"{prefix}.down_proj", elements=matrices * hidden * width)
        if not both:
            return
    width = text.first_integer("moe_intermediate_size", "expert_ffn_hidden_size", "intermediate_size") or 0
    inner = text.first_integer("moe_latent_size", "routed_expert_hidden_size") or hidden
    matrices = 2 if is_ungated(text) else 3
    home = prefix.removesuffix(".mlp") if both else prefix
    yield Part(name=f"{home}.experts.0.down_proj", elements=experts * matrices * inner * width)
    yield Part(name=f"{prefix}.gate", elements=experts * hidden, quantizable=False, replicated=True)
    shared = text.first_integer("moe_shared_expert_intermediate_size", "shared_expert_intermediate_size")
    if shared is None:
        shared = (text.integer("n_shared_experts") or text.integer("num_shared_experts") or 0) * width
    if shared:
        yield Part(name=f"{prefix}.shared_experts.down_proj", elements=matrices * hidden * shared)


def expert_count(text: Config) -> int:
    """Return the routed experts of a layer; 0 for a dense model."""
    return text.first_integer("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts") or 0


def is_sparse(text: Config, index: int) -> bool:
    """Return whether a layer of a model with experts has them."""
    kinds = text.names("mlp_layer_types")
    if index < len(kinds):
        return kinds[index] != "dense"
    frequency = text.integers("moe_layer_freq")
    if index < len(frequency):
        return frequency[index] > 0
    first = text.integer("first_k_dense_replace") or text.integer("num_dense_layers") or 0
    step = text.first_integer("decoder_sparse_step", "interleave_moe_layer_step", "expert_layer_period") or 1
    if index in text.integers("mlp_only_layers"):
        return False
    offset = text.integer("expert_layer_offset")
    if offset is not None:
        return index % max(step, 1) == offset
    return index >= first and (index + 1) % max(step, 1) == 0


def dense_width(text: Config, index: int, hidden: int) -> int:
    """Return the inner width of a layer's dense feed-forward network."""
    widths = text.integers("intermediate_size")
    if index < len(widths):
        return widths[index]
    blocks = tuple(text.objects("block_configs"))
    if index < len(blocks):
        return _nas_width(blocks[index].section("ffn"), hidden)
    width = text.first_integer(*_WIDTHS) or 4 * hidden
    if text.flag("block_auto_adjust_ff_dim"):  # LFM 2
        step = text.integer("block_multiple_of") or 256
        width = -(-int(2 * width / 3 * (text.number("block_ffn_dim_multiplier") or 1)) // step) * step
    return width


def _nas_width(ffn: Config, hidden: int) -> int:
    multiplier = ffn.number("ffn_mult")
    if ffn.flag("no_op") or multiplier is None:
        return ffn.integer("intermediate_size") or 0
    return -(-int(2 * multiplier * hidden / 3) // 256) * 256


def is_ungated(text: Config) -> bool:
    """Return whether the feed-forward network has two matrices, not three."""
    return text.model_type in _UNGATED or text.text("mlp_hidden_act") == "relu2" or text.text("hidden_act") == "relu2"


def _tower(config: ResolvedConfig) -> Iterator[Part]:
    """Yield the vision or audio encoder, as a plain transformer of its own numbers."""
    own = config.whole if config.whole.model_type == "whisper" else EMPTY
    towers = [(key, config.whole.section(key)) for key in ("vision_config", "visual", "audio_config", "encoder_config")]
    for key, tower in [*towers, ("encoder", own)]:
        depth = tower.first_integer("encoder_layers", "depth", "num_hidden_layers", "vt_num_hidden_layers") or 0
        width = tower.first_integer("embed_dim", "hidden_size", "vt_hidden_size", "d_model") or 0
        if key == "vision_config" and tower.integer("depth") and tower.integer("hidden_size"):
            width = min(width, tower.integer("hidden_size") or width)
        inner = tower.first_integer("intermediate_size", "vt_intermediate_size", "encoder_ffn_dim") or 4 * width
        if 0 < depth <= 256 and 0 < width <= 1 << 16:  # noqa: PLR2004 - beyond this the numbers are nonsense
            elements = depth * (4 * width * width + 2 * width * inner)
            yield Part(name=f"{key.removesuffix('_config')}.blocks", elements=elements, quantizable=False)
