"""The extra caches of sparse attention: DeepSeek's indexer and V4's compressed layers, MiniMax M3's index keys."""

from collections.abc import Iterator
from dataclasses import replace

from validation.engine.config import Config
from validation.fit.layer import Kind, LayerCache

_INDEX_QUANT = 128  # values that share one float32 scale in the indexer's FP8 cache
_SCALE = 4
_PACKED_TOKEN = 584  # bytes: 448 of NoPE, 128 of RoPE, 8 of scales (vllm/models/deepseek_v4/attention.py)
_PACKED_ALIGNMENT = 576
_PLAIN_ALIGNMENT = 512
_MAIN_BLOCK = 256
_WINDOW_BLOCK = 64
_STATE_ITEM = 4  # compressor states are float32
_STATE_BLOCKS = {4: 4, 128: 8}  # compression ratio -> tokens of a page of compressor state


def indexer_layers(text: Config, index: int, layer: LayerCache) -> Iterator[LayerCache]:
    """Yield the index keys that stand beside the keys and values of one layer."""
    if text.has("index_topk") and layer.latent and not _skips_index(text, index):
        width = text.integer("index_head_dim") or 128
        content = width + width // _INDEX_QUANT * _SCALE
        yield LayerCache(kind=Kind.FULL, content=content, block=layer.block, latent=True)
        return
    sparse = text.section("sparse_attention_config")
    frequency = sparse.integers("sparse_attention_freq")
    if sparse.flag("use_sparse_attention") and index < len(frequency) and frequency[index]:
        width = sparse.integer("sparse_index_dim") or 128
        yield LayerCache(kind=Kind.FULL, content=width * 2, block=layer.block, latent=True)


def _skips_index(text: Config, index: int) -> bool:
    """Return whether the layer takes the indices of an earlier one (vllm/model_executor/models/deepseek_v2.py)."""
    pattern = text.text("index_topk_pattern") or "".join(text.names("index_topk_pattern"))
    if pattern:
        return index < len(pattern) and pattern[index] == "S"
    frequency = text.integer("index_topk_freq") or 1
    offset = text.integer("index_skip_topk_offset")
    return max(index - (2 if offset is None else offset) + 1, 0) % max(frequency, 1) != 0


def compressed_layers(text: Config, kv_cache_dtype: str) -> tuple[LayerCache, ...]:
    """Return the caches of DeepSeek V4's layers, all the same on every GPU; empty for other families."""
    ratios = text.integers("compress_ratios")
    count = text.integer("num_hidden_layers") or 0
    width = text.integer("head_dim") or 0
    if text.model_type != "deepseek_v4" or not ratios or not 0 < width <= 1 << 16:
        return ()
    packed = kv_cache_dtype in {"auto", "fp8", "fp8_e4m3", "fp8_ds_mla"}
    return tuple(
        replace(layer, index=index)
        for index, ratio in enumerate(ratios[:count])
        for layer in _compressed(text, ratio, width, packed=packed)
    )


def _compressed(text: Config, ratio: int, width: int, *, packed: bool) -> Iterator[LayerCache]:
    content = _PACKED_TOKEN if packed else width * 2
    alignment = _PACKED_ALIGNMENT if packed else _PLAIN_ALIGNMENT
    window = text.integer("sliding_window") or 128
    yield LayerCache(
        kind=Kind.SLIDING, content=content, block=_WINDOW_BLOCK, window=window, alignment=alignment, latent=True
    )
    if ratio not in _STATE_BLOCKS:
        return
    overlap = 2 if ratio == min(_STATE_BLOCKS) else 1
    yield LayerCache(kind=Kind.FULL, content=content, block=_MAIN_BLOCK, ratio=ratio, alignment=alignment, latent=True)
    yield _compressor(width, ratio, overlap, alignment)
    if overlap > 1:
        index = text.integer("index_head_dim") or 128
        stored = index + index // _INDEX_QUANT * _SCALE
        yield LayerCache(
            kind=Kind.FULL, content=stored, block=_MAIN_BLOCK, ratio=ratio, alignment=alignment, latent=True
        )
        yield _compressor(index, ratio, overlap, alignment)


def _compressor(width: int, ratio: int, overlap: int, alignment: int) -> LayerCache:
    """Return the running key and score that a compressor keeps for the tokens of its window."""
    return LayerCache(
        kind=Kind.SLIDING,
        content=2 * overlap * width * _STATE_ITEM,
        block=_STATE_BLOCKS[ratio],
        window=overlap * ratio,
        alignment=alignment,
        latent=True,
    )
