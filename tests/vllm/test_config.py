"""A stranger's configuration, read by type and filled with the defaults of its class."""

import pytest

from tests.vllm.models import TABLE, resolved
from validation.engine.config import Config, resolve_object
from validation.jsontext import JsonObject, JsonValue


@pytest.mark.parametrize(
    ("expected", "value"), [(7, 7), (7, 7.0), (None, 7.5), (None, "7"), (None, True), (None, [7]), (None, None)]
)
def test_a_whole_number_is_nothing_else(expected: int | None, value: JsonValue) -> None:
    """Only a number without a fraction is one; a boolean is none."""
    assert expected == Config(value={"key": value}).integer("key")


def test_a_value_of_another_type_counts_as_absent() -> None:
    """Every accessor answers with nothing where the type is wrong."""
    odd = Config(value={"key": {"a": 1}})
    answers = (
        odd.number("key"),
        odd.text("key"),
        odd.flag("key"),
        odd.items("key"),
        odd.names("key"),
        odd.integers("key"),
    )

    assert (None, "", False, (), (), ()) == answers


def test_other_names_lead_to_the_same_value() -> None:
    """GPT-2 is asked for layers under the common name and under its own."""
    gpt2 = resolved({"model_type": "gpt2", "n_layer": 3, "max_position_embeddings": 99}).whole

    assert (3, 3, 99, 12) == (
        gpt2.integer("num_hidden_layers"),
        gpt2.integer("n_layer"),
        gpt2.integer("n_positions"),
        gpt2.integer("num_attention_heads"),
    )


@pytest.mark.parametrize(
    ("expected", "key", "config"),
    [
        (2048, "hidden_size", {"model_type": "bloom", "n_embed": 2048}),
        (64, "hidden_size", {"model_type": "bloom", "n_embed": None}),
        (4, "n_groups", {"model_type": "nemotron_h", "mamba_n_groups": 4}),
    ],
)
def test_names_of_old_files_are_taken(expected: int, key: str, config: JsonObject) -> None:
    """Transformers' ``__post_init__`` of these classes reads a key that is no attribute."""
    assert expected == resolved(config).whole.integer(key)


def test_defaults_are_told_from_what_is_stated() -> None:
    """A default fills the value and leaves the stated part alone."""
    llama = resolved({"model_type": "llama", "hidden_size": 64}).whole

    assert (64, 32, True, False) == (
        llama.integer("hidden_size"),
        llama.integer("num_hidden_layers"),
        llama.states("hidden_size"),
        llama.states("num_hidden_layers"),
    )


def test_a_key_that_follows_another_takes_its_value() -> None:
    """Llama's KV heads are its attention heads unless stated."""
    config: JsonObject = {"model_type": "llama", "num_attention_heads": 8, "num_key_value_heads": None}

    assert 8 == resolved(config).text.integer("num_key_value_heads")


def test_a_flat_file_fills_the_nested_configuration() -> None:
    """Qwen2-VL's early files state the language model at the top."""
    found = resolved({"model_type": "qwen2_vl", "max_position_embeddings": 1234, "num_attention_heads": 4})

    assert (1234, 4) == (found.text.integer("max_position_embeddings"), found.text.integer("num_attention_heads"))


def test_the_thinker_of_an_omni_model_is_its_language_model() -> None:
    """Two levels down stands the configuration that counts."""
    inner: JsonObject = {"model_type": "qwen2_5_omni_text", "max_position_embeddings": 555}
    found = resolved({"model_type": "qwen2_5_omni", "thinker_config": {"text_config": inner}})

    assert 555 == found.text.integer("max_position_embeddings")


def test_names_of_vllms_own_classes_are_followed() -> None:
    """DeepSeek-VL2 calls its language model `language_config`, others `llm_config`."""
    deepseek = resolved({"model_type": "deepseek_vl_v2", "language_config": {"max_position_embeddings": 4321}})
    other = resolved({"model_type": "x", "llm_config": {"max_position_embeddings": 1234}})

    assert (4321, 1234) == tuple(found.text.integer("max_position_embeddings") for found in (deepseek, other))


def test_an_unused_window_is_none() -> None:
    """Qwen drops its sliding window when it is switched off."""
    config: JsonObject = {"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 4096}

    assert not resolved(config).text.has("sliding_window")


def test_without_defaults_only_the_file_speaks() -> None:
    """Mistral's own format has no class behind it."""
    assert not resolve_object({"model_type": "llama"}, TABLE, defaults=False).text.has("hidden_size")


def test_deep_nesting_ends() -> None:
    """A file that nests without end is read to a depth and no further."""
    config: JsonObject = {}
    for _ in range(60):
        config = {"model_type": "llava", "text_config": config}

    assert resolved(config).whole.has("text_config")
