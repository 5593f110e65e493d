"""Bytes of the buffers that vLLM makes for LoRA adapters: for every linear module, whatever the adapters change.

Each module gets, for every adapter that a batch may use, a matrix of (rank, inputs) and one of (outputs, rank) in the
model's dtype. Tensor parallelism divides one of the two: the second where outputs are divided, the first where inputs
are. Source: ``create_lora_weights`` in vllm/lora/layers (0.33.0).
"""

from collections.abc import Collection, Iterator

from validation.adapter import LoraPlan
from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.fit.heads import attention_heads, hidden_size, layer_heads
from validation.fit.layertype import CONV, EXPERTS, FULL, HYBRID, LINEAR, OTHER, layer_count, layer_types
from validation.fit.parameter import dense_width, expert_count, is_sparse, is_ungated, recurrent_size
from validation.fit.shape import MLA_TYPES, language
from validation.fit.stage import Stage
from validation.fit.weights import Place

_ONE_MATRIX = frozenset({"phi3", "phimoe", "chatglm", "gpt_neox", "falcon", "bloom", "dbrx"})  # q, k and v as one


class Buffers(Data):
    """Elements of one module's buffers for one rank of one adapter: divided by tensor parallelism, or on every GPU."""

    divided: int = 0
    everywhere: int = 0


def lora_bytes(config: ResolvedConfig, plan: LoraPlan, place: Place, *, item: int, embeddings: Collection[str]) -> int:
    """Return the bytes on one GPU, of ``item`` bytes an element; ``embeddings`` are those that take adapters too."""
    text = language(config)
    found = [*_layers(text, place.stage), *_embeddings(text, embeddings, place.stage)]
    elements = sum(each.everywhere + -(-each.divided // place.tensor_parallel) for each in found)
    return elements * plan.max_rank * plan.max_loras * item


def _layers(text: Config, stage: Stage) -> Iterator[Buffers]:
    hidden, kinds = hidden_size(text), layer_types(text)
    for index in (index for index in range(layer_count(text)) if stage.has_layer(index)):
        kind = kinds[index] if index < len(kinds) else FULL
        if kind in {LINEAR, HYBRID, CONV}:
            yield _mixer(text, hidden)
        if kind not in {LINEAR, CONV, OTHER, EXPERTS}:
            yield from _attention(text, index, kind, hidden)
        if kind in {OTHER, EXPERTS} or text.model_type != "nemotron_h":
            yield from _feed_forward(text, index, hidden)


def _mixer(text: Config, hidden: int) -> Buffers:
    """Return the projections into and out of a Mamba or linear attention layer; both widths are in its size."""
    return Buffers(divided=recurrent_size(text, hidden) // max(hidden, 1), everywhere=2 * hidden)


def _attention(text: Config, index: int, kind: str, hidden: int) -> Iterator[Buffers]:
    query, low = attention_heads(text), text.integer("kv_lora_rank") or 0
    if low and text.model_type in MLA_TYPES:
        rope, nope = text.integer("qk_rope_head_dim") or 0, text.integer("qk_nope_head_dim") or 0
        value, narrow = text.integer("v_head_dim") or nope, text.integer("q_lora_rank") or 0
        yield Buffers(divided=query * (nope + rope), everywhere=2 * narrow + hidden)
        yield Buffers(divided=query * (nope + value), everywhere=2 * low + rope + hidden)
        yield Buffers(divided=query * value, everywhere=hidden)
        return
    heads = layer_heads(text, index, kind)
    if heads is None:
        return
    slices = 1 if text.model_type in _ONE_MATRIX else 3
    outputs = query * heads.key + heads.count * (heads.key + heads.value)
    yield Buffers(divided=outputs, everywhere=slices * hidden)
    yield Buffers(divided=query * heads.value, everywhere=hidden)


def _feed_forward(text: Config, index: int, hidden: int) -> Iterator[Buffers]:
    experts, slices = expert_count(text), 1 if is_ungated(text) else 2
    if not experts or not is_sparse(text, index):
        yield _network(hidden, dense_width(text, index, hidden), slices)
        return
    width = text.first_integer("moe_intermediate_size", "expert_ffn_hidden_size", "intermediate_size") or 0
    one = _network(hidden, width, slices)
    yield Buffers(divided=experts * one.divided, everywhere=experts * one.everywhere + hidden + experts)
    shared = text.first_integer("moe_shared_expert_intermediate_size", "shared_expert_intermediate_size")
    if shared is None:
        shared = (text.integer("n_shared_experts") or text.integer("num_shared_experts") or 0) * width
    if shared:
        yield _network(hidden, shared, slices)


def _network(hidden: int, width: int, slices: int) -> Buffers:
    return Buffers(divided=(slices + 1) * width, everywhere=(slices + 1) * hidden)


def _embeddings(text: Config, names: Collection[str], stage: Stage) -> Iterator[Buffers]:
    """Yield the buffers of embedding and output head, which every GPU has for the whole vocabulary."""
    size = (text.integer("vocab_size") or 0) + hidden_size(text)
    yield from (Buffers(everywhere=size) for name in names if (stage.closes if name == "lm_head" else stage.opens))
