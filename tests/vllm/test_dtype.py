"""The number format that vLLM computes in."""

from dataclasses import replace

import pytest

from tests.vllm.models import TABLE, facts, llama, resolved
from validation.engine.dtype import derive_dtype
from validation.jsontext import JsonObject


def dtype(config: JsonObject, runner: str = "generate", parameters: dict[str, int] | None = None) -> str:
    """Return vLLM's choice for a configuration and the formats of its weights."""
    repository = replace(facts(config), parameters=parameters or {})
    return derive_dtype(resolved(config), repository, TABLE, runner)


@pytest.mark.parametrize(
    ("expected", "stated"),
    [("bfloat16", "bfloat16"), ("float16", "float16"), ("float16", "half"), ("bfloat16", "float32")],
)
def test_the_configuration_decides(expected: str, stated: str) -> None:
    """What the file states is kept; float32 is halved."""
    assert expected == dtype(llama(torch_dtype=stated))


def test_pooling_models_are_halved_to_float16() -> None:
    """A float32 embedding model runs in float16."""
    assert "float16" == dtype(llama(torch_dtype="float32"), "pooling")


def test_the_inner_configuration_is_asked_next() -> None:
    """A model that also sees may state its format inside."""
    config: JsonObject = {"model_type": "llava", "text_config": {"model_type": "llama", "dtype": "float16"}}

    assert "float16" == dtype(config)


@pytest.mark.parametrize(
    ("expected", "stored"),
    [("float16", {"F16": 9}), ("bfloat16", {"F16": 9, "BF16": 9}), ("bfloat16", {"F8_E4M3": 9}), ("bfloat16", {})],
)
def test_the_weights_are_asked_last(expected: str, stored: dict[str, int]) -> None:
    """Without a stated format the weights' own counts, the widest of them."""
    assert expected == dtype(llama(torch_dtype=None), parameters=stored)


def test_models_that_refuse_float16_get_bfloat16() -> None:
    """Gemma 2 is never run in float16 by itself."""
    assert "bfloat16" == dtype({"model_type": "gemma2", "torch_dtype": "float16"})
