"""How vLLM groups layers into one pool, with the numbers of its own runs (0.32.0)."""

import pytest

from validation.fit.cache import Cache, cache_of
from validation.fit.layer import Kind, LayerCache
from validation.fit.shape import Shape


def _full(content: int, heads: int = 8) -> LayerCache:
    return LayerCache(kind=Kind.FULL, heads=heads, content=content)


def _sliding(content: int, window: int, heads: int = 8) -> LayerCache:
    return LayerCache(kind=Kind.SLIDING, heads=heads, content=content, window=window)


def _cache(*layers: LayerCache, packed: bool = False) -> Cache:
    return cache_of(Shape(layers=layers, packed=packed))


def test_equal_layers_are_one_group() -> None:
    """Llama 3 8B: 8192 tokens take exactly 1 GiB."""
    cache = _cache(*[_full(512)] * 32)
    assert 1 == len(cache.groups)
    assert 1 << 30 == cache.request_bytes(8192)


def test_lengths_are_rounded_up_to_blocks() -> None:
    """17 tokens need two blocks of 16."""
    assert [1, 2] == [_cache(_full(512)).request_blocks(length) for length in (16, 17)]


def test_gemma3_makes_seven_groups() -> None:
    """Gemma 3 1B: 22 windowed layers in six groups of four at most, and four full ones."""
    cache = _cache(*[_sliding(1024, 512, heads=1)] * 22, *[_full(1024, heads=1)] * 4)
    assert [4, 4, 4, 4, 3, 3, 4] == [len(group.layers) for group in cache.groups]
    assert 247857152 == cache.request_bytes(32768)


def test_a_window_bounds_what_a_request_holds() -> None:
    """Mistral 7B v0.1: 4095 tokens of window and two batches of 2048, one block more, in 32 layers."""
    assert 1075838976 == _cache(*[_sliding(512, 4096)] * 32).request_bytes(32768)


def test_larger_batches_hold_more_of_a_window() -> None:
    """Tokens in flight stay until their batch is done."""
    cache = _cache(*[_sliding(512, 4096)] * 32)
    assert cache.request_bytes(32768, 2048) < cache.request_bytes(32768, 8192)


def test_chunks_are_bounded_too() -> None:
    """Llama 4 Maverick: three groups of chunked layers and one of full ones."""
    chunked = LayerCache(kind=Kind.CHUNKED, heads=8, content=512, window=8192)
    assert 53351546880 == _cache(*[*[chunked] * 36, *[_full(512)] * 12]).request_bytes(1048576)


def test_unequal_pages_grow_to_the_largest() -> None:
    """MiMo V2 Flash: pages of 40960 take 32 tokens to match those of 81920."""
    cache = _cache(*[_full(640, heads=4)] * 9, *[_sliding(640, 128)] * 39)
    assert [9, 8, 8, 8, 8, 7] == [len(group.layers) for group in cache.groups]
    assert 7016693760 == cache.request_bytes(262144)


def test_kinds_of_similar_number_share_the_larger_group_size() -> None:
    """13 and 12 layers make groups of 13: padding costs less than another group."""
    cache = _cache(*[_sliding(512, 128)] * 12, *[_full(512)] * 13)
    assert [12, 13] == [len(group.layers) for group in cache.groups]


def test_a_hybrids_blocks_grow_to_hold_a_state() -> None:
    """Qwen3.5 122B: 2084 tokens hold the state, in steps of 16 that is 2096."""
    state = LayerCache(kind=Kind.STATE, page=4268032, states=2)
    cache = _cache(*[*[state] * 36, *[_full(1024, heads=2)] * 12])
    assert {2096} == {layer.block for layer in cache.layers if layer.kind is Kind.FULL}
    assert 6799491072 == cache.request_bytes(262144)


def test_a_small_state_takes_a_whole_page() -> None:
    """LFM2.5 VL: a convolution's 8 KiB are padded to the attention's page."""
    state = LayerCache(kind=Kind.STATE, page=8192, states=2)
    cache = _cache(*[*[state] * 10, *[_full(256)] * 6])
    assert [5, 5, 6] == [len(group.layers) for group in cache.groups]
    assert 1573650432 == cache.request_bytes(128000)


def test_different_caches_of_the_same_slots_are_one_group() -> None:
    """DeepSeek V3.2: latent vectors and index keys share a block table."""
    latent = LayerCache(kind=Kind.FULL, content=1152, block=64, latent=True)
    index = LayerCache(kind=Kind.FULL, content=132, block=64, latent=True)
    cache = _cache(*[*[latent] * 61, *[index] * 61])
    assert 1 == len(cache.groups)
    assert 12832604160 == cache.request_bytes(163840)


def test_the_encoders_tokens_are_kept_beside_the_decoders() -> None:
    """Whisper of one layer: 28 blocks of its own text and 128 of the encoder."""
    own = _full(256, heads=20)
    cross = LayerCache(kind=Kind.CROSS, heads=20, content=256)
    assert 12779520 == _cache(own, cross).request_bytes(448)


def test_a_model_without_a_cache_takes_nothing() -> None:
    """An encoder has no groups, no bytes and no blocks."""
    cache = _cache()
    assert (0, 0) == (cache.bytes_per_token, cache.request_bytes(512))


@pytest.mark.parametrize(("available", "longest"), [(0, 0), (131072 * 16, 16), (1 << 30, 8192), (1 << 40, 9000)])
def test_the_longest_request_is_found(available: int, longest: int) -> None:
    """The longest is the last whole block that fits, and never more than the limit."""
    assert longest == _cache(*[_full(512)] * 32).longest(available, 9000)
