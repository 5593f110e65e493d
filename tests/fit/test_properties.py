"""What holds of every plan, whatever a stranger's config.json says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fit.models import CHATS, ENGINE, LLAMA, facts, resolved, wish
from validation.fit.cache import cache_of
from validation.fit.choice import choices
from validation.fit.layertype import layer_types
from validation.fit.memory import model_memory, plan_memory
from validation.fit.shape import shape_of
from validation.fit.weights import Place, weights_of
from validation.jsontext import JsonObject

KEYS = st.sampled_from(
    [
        *LLAMA,
        "head_dim",
        "layer_types",
        "sliding_window",
        "kv_lora_rank",
        "qk_rope_head_dim",
        "index_topk",
        "num_kv_shared_layers",
        "block_configs",
        "linear_attn_config",
        "hybrid_override_pattern",
        "mamba_num_heads",
        "state_size",
        "conv_kernel",
        "compress_ratios",
        "attention_chunk_size",
        "no_rope_layers",
        "num_experts",
        "moe_intermediate_size",
        "quantization_config",
        "text_config",
        "vision_config",
    ]
)
TYPES = st.sampled_from(
    [
        *("llama", "gemma2", "gemma4_text", "deepseek_v3", "deepseek_v4", "qwen3_5_text", "nemotron_h", "jamba"),
        *("mamba", "whisper", "llama4_text", "lfm2", "kimi_linear", "mimo_v2_flash", "nemotron-nas", "falcon_h1"),
        *("zamba2", "step3p5", "chatglm", "dbrx"),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-5, 1 << 45) | st.floats(allow_nan=True) | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def _configs(draw: Any) -> JsonObject:
    changes = draw(st.dictionaries(KEYS, VALUES, max_size=6))
    return {**LLAMA, "num_hidden_layers": draw(st.integers(0, 40)), **changes, "model_type": draw(TYPES)}


@given(config=_configs(), gpus=st.sampled_from([1, 2, 8]))
@settings(max_examples=300, deadline=None)
def test_no_configuration_crashes_a_plan(config: JsonObject, gpus: int) -> None:
    """Nonsense is answered with no plan, or with one whose numbers are numbers."""
    plan = plan_memory(facts(config), CHATS, ENGINE, wish("L4", gpus))
    assert plan is None or plan.weights_bytes >= 0
    assert plan is None or plan.kv_cache_bytes_per_token >= 0


@given(config=_configs(), length=st.integers(1, 1 << 20))
@settings(max_examples=100, deadline=None)
def test_a_longer_request_never_takes_less(config: JsonObject, length: int) -> None:
    """Twice the length takes at least as many bytes."""
    shape = shape_of(resolved(config), CHATS)
    cache = cache_of(shape) if shape else None
    assert cache is None or cache.request_bytes(length) <= cache.request_bytes(2 * length)


@given(heads=st.sampled_from([1, 2, 4, 8, 32]), layers=st.integers(1, 64))
@settings(max_examples=50, deadline=None)
def test_more_gpus_never_hold_fewer_tokens(heads: int, layers: int) -> None:
    """Weights are shared, and so is the cache, down to one head on each GPU."""
    config: JsonObject = {**LLAMA, "num_key_value_heads": heads, "num_hidden_layers": layers}
    plans = [
        plan_memory(facts(config), CHATS, ENGINE, wish("H100-SXM", gpus, max_model_len=8192)) for gpus in (1, 2, 4)
    ]
    tokens = [plan.kv_cache_tokens for plan in plans if plan]
    assert sorted(tokens) == tokens


@given(gpus=st.sampled_from([2, 4, 8, 16]), heads=st.sampled_from([1, 2, 8]))
@settings(max_examples=30, deadline=None)
def test_a_gpu_never_holds_less_than_its_share(gpus: int, heads: int) -> None:
    """What is not divided is copied: the share of each is at least the whole over their number."""
    config: JsonObject = {**LLAMA, "num_key_value_heads": heads}
    weights = weights_of(facts(config), resolved(config), CHATS, None, Place(tensor_parallel=gpus))
    assert weights is not None
    assert weights.total // gpus <= weights.each <= weights.total


@given(config=_configs())
@settings(max_examples=30, deadline=None)
def test_no_configuration_crashes_the_choices(config: JsonObject) -> None:
    """The catalogue is gone through for any configuration."""
    assert isinstance(choices(model_memory(facts(config), CHATS, ENGINE)), tuple)


@given(config=_configs())
@settings(max_examples=100, deadline=None)
def test_there_are_never_more_kinds_than_can_be_held(config: JsonObject) -> None:
    """A stranger's number of layers is bounded before anything is built from it."""
    assert len(layer_types(resolved(config).text)) <= 4096
