"""What tensor parallelism has to divide, and what a GPU can compute."""

from dataclasses import replace

from tests.fit.models import CHATS, ENGINE, LLAMA, resolved
from validation.engine.config import Config
from validation.fit.catalogue import find_gpu
from validation.fit.parallel import division_problem, divisors, dtype_problem, quantization_problem

BLOCKS = Config(value={"quant_method": "fp8", "weight_block_size": [128, 128]})


def test_heads_have_to_divide() -> None:
    """28 attention heads do not divide over 8 GPUs, and the help names what does."""
    problem = division_problem(resolved({**LLAMA, "num_attention_heads": 28, "num_key_value_heads": 4}), 8)
    assert problem is not None
    assert "28 attention heads do not divide over 8 GPUs" == problem.message
    assert "set gpusPerReplica to one of 1, 2, 4" == problem.help


def test_key_heads_are_copied_below_their_number() -> None:
    """8 key-value heads serve 16 GPUs, two each, but 6 do not serve 4."""
    assert division_problem(resolved(LLAMA), 16) is None
    problem = division_problem(resolved({**LLAMA, "num_attention_heads": 24, "num_key_value_heads": 6}), 4)
    assert problem is not None
    assert "6 key-value heads do not divide over 4 GPUs" == problem.message


def test_fp8_blocks_must_not_be_cut() -> None:
    """A width of 17408 in blocks of 128 stays whole over 8 GPUs and not over 16."""
    config = resolved({**LLAMA, "intermediate_size": 17408})
    assert (1, 2, 4, 8) == divisors(config, BLOCKS)
    assert (1, 2, 4, 8, 16) == divisors(config)


def test_experts_are_cut_by_their_own_width() -> None:
    """Experts of 768 columns divide over two GPUs and not over four, in blocks of 128."""
    config = resolved({**LLAMA, "num_experts": 128, "moe_intermediate_size": 768})
    assert (1, 2) == divisors(config, BLOCKS)


def test_latent_attention_is_copied_to_all() -> None:
    """One latent vector divides over nothing and is held by all."""
    config = resolved(
        {"model_type": "deepseek_v3", "num_attention_heads": 128, "num_key_value_heads": 3, "kv_lora_rank": 512}
    )
    assert division_problem(config, 8) is None


def test_bfloat16_needs_ampere() -> None:
    """A wished bfloat16 on a T4 is refused, `auto` falls back."""
    gpu = find_gpu("T4")
    problem = dtype_problem(resolved(LLAMA), CHATS, gpu, "bfloat16")
    assert problem is not None
    assert "bfloat16 needs compute capability 8.0, T4 has 7.5" == problem.message
    assert dtype_problem(resolved(LLAMA), CHATS, gpu, "auto") is None
    assert dtype_problem(resolved(LLAMA), CHATS, find_gpu("L4"), "bfloat16") is None


def test_gemma3_does_not_fall_back() -> None:
    """Gemma 3 overflows in float16, so that a T4 cannot run it."""
    config = resolved({**LLAMA, "model_type": "gemma3_text"})
    assert dtype_problem(config, CHATS, find_gpu("T4"), "auto") is not None
    assert dtype_problem(config, replace(CHATS, dtype="float32"), find_gpu("T4"), "auto") is None


def test_a_quantization_method_has_its_lowest_capability() -> None:
    """AWQ needs 7.5: a T4 has it, an older GPU has not; a method without a table entry is left to other rules."""
    old = replace(find_gpu("T4"), name="V100", compute_capability=70)
    problem = quantization_problem(ENGINE, "awq", old)
    assert problem is not None
    assert "quantization `awq` needs compute capability 7.5, V100 has 7.0" == problem.message
    assert quantization_problem(ENGINE, "awq", find_gpu("T4")) is None
    assert quantization_problem(ENGINE, "unheard-of", old) is None
