"""The stages of a pipeline: which layers, weights and caches stand on which node."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fit.models import CHATS, ENGINE, LLAMA, facts, resolved
from validation.facts import File, Tensor
from validation.fit.cache import Cache, cache_of
from validation.fit.catalogue import find_gpu
from validation.fit.layer import Kind, LayerCache
from validation.fit.memory import Layout, model_memory, plan_memory, plan_on
from validation.fit.plan import MemoryPlan
from validation.fit.shape import Shape, shape_of
from validation.fit.stage import WHOLE, Stage, stages
from validation.fit.weights import Place, weights_of
from validation.jsontext import JsonObject
from validation.wish import Hardware, Serving, Wish

FIRST, LAST = stages(32, 2)
TIED: JsonObject = {**LLAMA, "tie_word_embeddings": True}


@pytest.mark.parametrize(
    ("layers", "nodes", "sizes"),
    [
        (32, 2, (16, 16)),
        (61, 2, (31, 30)),
        (61, 4, (15, 15, 16, 15)),
        (62, 4, (15, 16, 16, 15)),
        (31, 4, (8, 8, 8, 7)),
        (94, 3, (31, 32, 31)),
        (126, 16, (7, *[8] * 14, 7)),
        (2, 4, (0, 1, 1, 0)),
    ],
)
def test_layers_are_split_as_vllm_splits_them(layers: int, nodes: int, sizes: tuple[int, ...]) -> None:
    """What ``get_pp_indices`` of vLLM 0.33.0 answers for the same numbers."""
    found = stages(layers, nodes)
    assert sizes == tuple(stage.layers for stage in found)
    assert [0, *(stage.end for stage in found[:-1])] == [stage.first for stage in found]
    assert layers == found[-1].end


def test_one_node_has_everything() -> None:
    """A replica on one node is one stage that nothing is taken from."""
    assert (WHOLE,) == stages(32, 1)
    assert WHOLE.has_layer(4000)
    assert WHOLE.has_weight("lm_head.weight", tied=False)


@pytest.mark.parametrize(
    ("name", "tied", "first", "last"),
    [
        ("model.embed_tokens.weight", False, True, False),
        ("model.embed_tokens.weight", True, True, True),
        ("transformer.wte.weight", False, True, False),
        ("lm_head.weight", False, False, True),
        ("model.norm.weight", False, False, True),
        ("model.layers.0.self_attn.q_proj.weight", False, True, False),
        ("model.layers.15.mlp.down_proj.weight", False, True, False),
        ("model.layers.16.mlp.down_proj.weight", False, False, True),
        ("transformer.h.31.attn.c_attn.weight", False, False, True),
        ("model.language_model.layers.3.mlp.gate_proj", False, True, False),
        ("vision_tower.encoder.layers.20.mlp.fc1.weight", False, True, True),
        ("visual.blocks.3.attn.qkv.weight", False, True, True),
        ("something.unheard.of", False, True, True),
    ],
)
def test_each_weight_is_loaded_where_its_module_is_built(name: str, *, tied: bool, first: bool, last: bool) -> None:
    """Embeddings first, head last, a tied head as a second copy, towers and what is not known everywhere."""
    assert [first, last] == [stage.has_weight(name, tied=tied) for stage in (FIRST, LAST)]


def _weights(config: JsonObject, stage: Stage, tensor_parallel: int = 1) -> int:
    place = Place(tensor_parallel=tensor_parallel, stage=stage)
    found = weights_of(facts(config), resolved(config), CHATS, None, place)
    assert found is not None
    return found.each


def test_stages_share_the_weights() -> None:
    """Llama 3 8B: both halves have as many layers, and embeddings are as large as the head."""
    whole = _weights(LLAMA, WHOLE)
    assert pytest.approx(whole / 2, rel=1e-6) == _weights(LLAMA, FIRST) == _weights(LLAMA, LAST)
    assert pytest.approx(whole / 4, rel=0.001) == _weights(LLAMA, FIRST, 2)


def test_a_tied_head_stands_on_both_ends() -> None:
    """The last stage needs the embeddings too, as its head."""
    assert _weights(TIED, WHOLE) < _weights(TIED, FIRST) + _weights(TIED, LAST)
    assert 128256 * 4096 * 2 == _weights(TIED, FIRST) + _weights(TIED, LAST) - _weights(TIED, WHOLE)


def test_tensors_are_counted_where_they_stand() -> None:
    """With the headers at hand every tensor is on its own stage."""
    shape, size = (4096, 4096), 4096 * 4096 * 2
    names = ["model.embed_tokens.weight", "lm_head.weight", "model.layers.0.a.weight", "model.layers.31.b.weight"]
    tensors = [Tensor(name=name, dtype="BF16", shape=shape, size=size, file="m.safetensors") for name in names]
    found = replace(facts(LLAMA, (File(path="m.safetensors", size=4 * size),)), tensors=tuple(tensors))
    each = [weights_of(found, resolved(LLAMA), CHATS, None, Place(stage=stage)) for stage in (WHOLE, FIRST, LAST)]
    assert [4 * size, 2 * size, 2 * size] == [weights.each for weights in each if weights]


def test_a_stage_keeps_the_cache_of_its_own_layers() -> None:
    """Half the layers, half a block, and as many blocks for a request."""
    shape = shape_of(resolved(LLAMA), CHATS)
    assert shape is not None
    cache = cache_of(shape)
    half = cache.on(FIRST)
    assert 16 == len(half.layers)
    assert cache.block_bytes == 2 * half.block_bytes
    assert cache.request_blocks(8192) == half.request_blocks(8192)
    assert cache is cache.on(WHOLE)


def test_groups_are_those_of_the_whole_model() -> None:
    """Eight full layers in front of 24 windowed ones: the first stage has all of those, and its part of the rest."""
    full = [LayerCache(kind=Kind.FULL, heads=8, content=512, index=index) for index in range(8)]
    windowed = [LayerCache(kind=Kind.SLIDING, heads=8, content=512, window=512, index=index) for index in range(8, 32)]
    cache: Cache = cache_of(Shape(layers=(*full, *windowed)))
    here = [[len(group.here or ()) for group in cache.on(stage).groups] for stage in (FIRST, LAST)]
    assert [8, 8, 8, 8] == [len(group.layers) for group in cache.groups]
    assert [[8, 3, 3, 2], [0, 5, 5, 6]] == here
    assert cache.request_blocks(4096) == cache.on(FIRST).request_blocks(4096) == cache.on(LAST).request_blocks(4096)


def _plan(gpus: int, nodes: int, config: JsonObject = LLAMA) -> MemoryPlan:
    hardware = Hardware(gpu="H100-SXM", gpus_per_replica=gpus, nodes_per_replica=nodes)
    wish = Wish(hardware=hardware, serving=Serving(max_model_len=8192))
    plan = plan_memory(facts(config), CHATS, ENGINE, wish)
    assert plan is not None
    return plan


def test_a_second_node_takes_half_the_weights_and_half_the_cache() -> None:
    """Two nodes of one GPU hold more requests than one node of two: nothing is copied."""
    one, two = _plan(1, 1), _plan(1, 2)
    assert (1, 2, (16, 16)) == (two.tensor_parallel, two.pipeline_parallel, two.stage_layers)
    assert pytest.approx(one.weights_bytes / 2, rel=0.001) == two.weights_bytes
    assert two.max_concurrency > 2 * one.max_concurrency
    assert one.kv_cache_bytes_per_request == two.kv_cache_bytes_per_request


def test_the_plan_is_that_of_the_tightest_stage() -> None:
    """31 and 30 layers: the first stage has more of them, and its embeddings; both get what it has room for."""
    config = {**LLAMA, "num_hidden_layers": 61}
    plan = _plan(1, 2, config)
    assert (0, (31, 30)) == (plan.stage, plan.stage_layers)
    alone = 2 * (31 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 128256 * 4096)
    assert pytest.approx(alone, rel=0.001) == plan.weights_bytes


def test_a_stage_without_room_is_why_the_model_does_not_fit() -> None:
    """A tied head of a huge vocabulary stands on the last stage as well."""
    plan = _plan(1, 2, {**TIED, "vocab_size": 9_000_000})
    assert not plan.fits
    assert plan.reason.startswith("weights need ")


def test_more_stages_keep_more_batches_in_flight() -> None:
    """A windowed layer holds the tokens of every batch that is under way."""
    windowed = {**LLAMA, "model_type": "mistral", "sliding_window": 1024}
    model = model_memory(facts(windowed), replace(CHATS, max_model_len=65536), ENGINE, Wish())
    two, four = (plan_on(model, find_gpu("H100-SXM"), Layout(tensor=1, pipeline=nodes)) for nodes in (2, 4))
    assert two is not None
    assert four is not None
    assert [3, 5] == [Layout(tensor=1, pipeline=nodes).batches for nodes in (2, 4)]
    assert four.max_concurrency < 2 * two.max_concurrency


@given(layers=st.integers(min_value=1, max_value=400), nodes=st.integers(min_value=1, max_value=16))
def test_every_layer_stands_on_one_node_and_no_node_has_two_more_than_another(layers: int, nodes: int) -> None:
    """Whatever the numbers: nothing is lost, nothing is held twice, and the work is even."""
    found = stages(layers, nodes)
    held = [sum(stage.has_layer(index) for stage in found) for index in range(layers)]
    sizes = [min(stage.layers, layers) for stage in found]
    assert [1] * layers == held
    assert max(sizes) - min(sizes) <= 1
    assert [True, *[False] * (len(found) - 1)] == [stage.opens for stage in found]
    assert pytest.approx(1) == sum(stage.share for stage in found)
