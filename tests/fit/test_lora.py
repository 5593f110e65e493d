"""The buffers that adapters take, against what vLLM's layers allocate."""

from typing import Any

import pytest

from tests.fit.models import LLAMA, facts
from validation.adapter import LoraPlan
from validation.engine.config import resolved_config
from validation.engine.tables import load_engine
from validation.fit.lora import lora_bytes
from validation.fit.stage import stages
from validation.fit.weights import Place

TABLE = load_engine("0.33.0")
PLAN = LoraPlan(max_rank=16, max_loras=2, max_cpu_loras=2)
# One layer of Llama 3 8B: q, k and v as three slices, then o, gate and up as two, down. A is whole, B is divided.
LAYER_WHOLE = 3 * 4096 + 4096 + 2 * 4096 + 4096
LAYER_DIVIDED = (4096 + 1024 + 1024) + 4096 + 2 * 14336 + 14336


def buffers(config: dict[str, Any], place: Place | None = None, *embeddings: str, plan: LoraPlan = PLAN) -> int:
    """Return the bytes of a configuration's buffers in bfloat16."""
    return lora_bytes(resolved_config(facts(config), TABLE), plan, place or Place(), item=2, embeddings=embeddings)


def test_a_dense_model_has_buffers_for_every_linear_module() -> None:
    """Whatever the adapters change: (inputs + outputs) x rank x adapters, for each module."""
    assert 32 * (LAYER_WHOLE + LAYER_DIVIDED) * 16 * 2 * 2 == buffers(LLAMA)


@pytest.mark.parametrize("gpus", [2, 4, 8])
def test_tensor_parallelism_divides_one_of_the_two_matrices(gpus: int) -> None:
    """The other one is whole on every GPU."""
    assert 32 * (LAYER_WHOLE + LAYER_DIVIDED // gpus) * 16 * 2 * 2 == buffers(LLAMA, Place(tensor_parallel=gpus))


def test_embedding_and_output_head_have_the_whole_vocabulary_on_every_gpu() -> None:
    """Where the class of vLLM takes adapters on them."""
    both = buffers(LLAMA, Place(tensor_parallel=8), "embed_tokens", "lm_head")

    assert 2 * (128256 + 4096) * 16 * 2 * 2 == both - buffers(LLAMA, Place(tensor_parallel=8))


def test_a_stage_of_a_pipeline_has_its_own_layers() -> None:
    """The first has the embedding, the last the output head."""
    split = [Place(stage=stage) for stage in stages(32, 2)]
    whole = buffers(LLAMA, Place(), "embed_tokens", "lm_head")

    assert whole == sum(buffers(LLAMA, place, "embed_tokens", "lm_head") for place in split)


def test_experts_have_buffers_each() -> None:
    """A mixture pays for all its experts: gigabytes, at a rank of 16."""
    moe = {
        **LLAMA,
        "architectures": ["Qwen3MoeForCausalLM"],
        "model_type": "qwen3_moe",
        "hidden_size": 2048,
        "num_hidden_layers": 48,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "head_dim": 128,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 768,
    }
    experts = 48 * 128 * (3 * 2048 + 3 * 768) * 16 * 2 * 2
    attention = 48 * (3 * 2048 + (4096 + 512 + 512) + 4096 + 2048) * 16 * 2 * 2
    router = 48 * (2048 + 128) * 16 * 2 * 2

    assert experts + attention + router == buffers(moe)


@pytest.mark.parametrize(("key", "value"), [("hidden_size", None), ("num_hidden_layers", None), ("vocab_size", -1)])
def test_a_configuration_that_does_not_say_costs_nothing_or_little(key: str, value: int | None) -> None:
    """What is not known is not invented; nothing fails."""
    assert isinstance(buffers({**LLAMA, key: value}), int)


def test_twice_the_rank_is_twice_the_memory() -> None:
    """And so are twice as many adapters in a batch."""
    one = buffers(LLAMA, plan=LoraPlan(max_rank=8, max_loras=1, max_cpu_loras=1))

    assert 4 * one == buffers(LLAMA, plan=LoraPlan(max_rank=16, max_loras=2, max_cpu_loras=9))
