"""Memory plans: what fits, how long a context, how many requests."""

from dataclasses import replace
from typing import Any

import pytest

from tests.fit.models import CHATS, ENGINE, LLAMA, facts, wish
from validation.fit.catalogue import GIB
from validation.fit.memory import Layout, layout_of, plan_memory
from validation.fit.plan import MemoryPlan
from validation.jsontext import JsonObject
from validation.wish import Hardware, Wish

LONG = replace(CHATS, max_model_len=131072)
BERT: JsonObject = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "vocab_size": 30522,
}

HYBRID: JsonObject = {
    "architectures": ["Qwen3_5ForConditionalGeneration"],
    "model_type": "qwen3_5",
    "text_config": {
        **LLAMA,
        "model_type": "qwen3_5_text",
        "hidden_size": 5120,
        "num_hidden_layers": 64,
        "num_attention_heads": 24,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "linear_num_key_heads": 16,
        "linear_num_value_heads": 48,
        "linear_key_head_dim": 128,
        "linear_value_head_dim": 128,
        "linear_conv_kernel_dim": 4,
        "mamba_ssm_dtype": "float32",
    },
}


def _plan(wanted: Wish, config: JsonObject = LLAMA) -> MemoryPlan:
    plan = plan_memory(facts(config), LONG, ENGINE, wanted)
    assert plan is not None
    return plan


def test_the_parts_add_up_to_the_budget() -> None:
    """Weights, overhead and KV cache are what vLLM may use of the GPU."""
    plan = _plan(wish("H100-SXM"))
    budget = plan.gpu.usable * plan.gpu_memory_utilization
    assert pytest.approx(budget, abs=2) == plan.weights_bytes + plan.overhead_bytes + plan.kv_cache_bytes


def test_all_of_the_context_fits_a_large_gpu() -> None:
    """Llama 3 8B of 131072 tokens takes 16 GiB of the 50 that an H100 has left."""
    plan = _plan(wish("H100-SXM"))
    assert plan.fits
    assert 131072 == plan.max_model_len == plan.longest_that_fits
    assert 16 * GIB == plan.kv_cache_bytes_per_request
    assert plan.kv_cache_tokens == int(plan.kv_cache_bytes / plan.kv_cache_bytes_per_request * 131072)


def test_a_length_left_out_becomes_the_longest_that_fits_for_sure() -> None:
    """On an L4 the derived length does not fit, so a shorter one is served, with a margin for the estimate's error."""
    plan = _plan(wish("L4"))
    assert plan.fits
    assert 512 < plan.max_model_len < plan.longest_that_fits < 131072


def test_a_wished_length_that_does_not_fit_names_the_one_that_does() -> None:
    """A context of 131072 tokens is too long for an L4."""
    plan = _plan(wish("L4", max_model_len=131072))
    assert not plan.fits
    assert 0 < plan.longest_that_fits < 131072
    assert "a context of 131072 tokens needs more KV cache than the" in plan.reason


def test_weights_alone_may_be_too_much() -> None:
    """16 GB of weights on a T4 of 14.6 GiB."""
    plan = _plan(wish("T4"))
    assert not plan.fits
    assert plan.reason.startswith("weights need 15.0 GiB, one T4 offers 13.4 GiB")
    assert 0 == plan.longest_that_fits


def test_two_gpus_share_weights_and_cache() -> None:
    """Each holds half the weights, and a request takes half as much on each."""
    one, two = _plan(wish("H100-SXM", max_model_len=8192)), _plan(wish("H100-SXM", 2, max_model_len=8192))
    assert pytest.approx(one.weights_bytes / 2, rel=0.001) == two.weights_bytes
    assert two.max_concurrency > 2 * one.max_concurrency
    assert one.kv_cache_bytes_per_request == two.kv_cache_bytes_per_request


def test_an_fp8_cache_holds_twice_as_many_tokens() -> None:
    """Half the bytes a token."""
    plain, narrow = (_plan(wish("L4", max_model_len=8192, kv_cache_dtype=dtype)) for dtype in ("auto", "fp8"))
    assert pytest.approx(2 * plain.kv_cache_tokens, rel=0.001) == narrow.kv_cache_tokens


def test_less_utilization_leaves_less() -> None:
    """The wished share replaces the version's default."""
    assert _plan(wish("H100-SXM", gpu_memory_utilization=0.5)).kv_cache_bytes < _plan(wish("H100-SXM")).kv_cache_bytes


def test_smaller_batches_leave_more() -> None:
    """Tokens and sequences of a batch are what activations grow with."""
    small = _plan(wish("H100-SXM", max_num_batched_tokens=2048, max_num_seqs=64))
    assert small.overhead_bytes < _plan(wish("H100-SXM")).overhead_bytes


def test_an_encoder_needs_no_cache() -> None:
    """BERT fits with all of its context and keeps no tokens."""
    pools = replace(CHATS, architecture="BertModel", runner="pooling", max_model_len=512)
    plan = plan_memory(facts(BERT), pools, ENGINE, wish("L4"))
    assert plan is not None
    assert plan.fits
    assert (512, 0, 0) == (plan.max_model_len, plan.kv_cache_bytes_per_token, plan.kv_cache_tokens)


def test_tensor_parallelism_is_inside_a_node_and_pipeline_parallelism_across() -> None:
    """Two nodes of eight GPUs: eight ways inside each, two stages, sixteen GPUs in all."""
    layout = layout_of(Hardware(gpu="H100-SXM", gpus_per_replica=8, nodes_per_replica=2))
    assert Layout(tensor=8, pipeline=2) == layout
    assert 16 == layout.gpus


@pytest.mark.parametrize("wanted", [None, Wish(), wish("H1000")])
def test_without_known_gpus_there_is_no_plan(wanted: Wish | None) -> None:
    """No hardware, or none that the catalogue knows."""
    assert plan_memory(facts(LLAMA), LONG, ENGINE, wanted) is None


def test_without_numbers_there_is_no_plan() -> None:
    """An empty config.json says nothing of memory."""
    assert plan_memory(facts({}), LONG, ENGINE, wish()) is None


def test_a_hybrid_needs_a_block_for_each_sequence_of_a_batch() -> None:
    """Qwen3.6 27B on an L40S: a start-up log counts 184 blocks in 8.82 GiB, fewer than the 256 sequences of a batch."""
    wanted: dict[str, Any] = {
        "max_model_len": 32768,
        "weights_bytes": round(28.51 * GIB),
        "gpu_memory_utilization": 0.9,
    }
    plan, smaller = _plan(wish("L40S", **wanted), HYBRID), _plan(wish("L40S", max_num_seqs=64, **wanted), HYBRID)
    assert plan.most_sequences == plan.kv_cache_bytes // 51380224
    assert f"a batch of 256 sequences needs as many states, and the KV cache holds {plan.most_sequences}" == plan.reason
    assert smaller.fits
    assert _plan(wish("L40S", enforce_eager=True, **wanted), HYBRID).fits
