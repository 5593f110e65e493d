"""The context length that vLLM derives."""

import pytest

from tests.vllm.models import TABLE, facts, llama, resolved
from validation.engine.length import Length, derive_length
from validation.engine.tables import load_engine
from validation.jsontext import JsonObject

YARN: JsonObject = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024}


def length(config: JsonObject, runner: str = "generate", **documents: JsonObject) -> Length:
    """Return what vLLM 0.32.0 derives from a configuration and other JSON files of the repository."""
    held = {name.replace("__", "."): value for name, value in documents.items()}
    return derive_length(resolved(config), facts(config, held), TABLE, runner)


@pytest.mark.parametrize(
    ("expected", "config"),
    [
        (4096, llama()),
        (1000, llama(seq_length=1000)),
        (8192, llama(model_max_length=8192)),
        (16384, llama(rope_scaling={"type": "linear", "factor": 4})),
        (16384, llama(rope_parameters={"rope_type": "dynamic", "factor": 4.0})),
        (4096, llama(rope_scaling={"rope_type": "llama3", "factor": 8.0})),
        (4096, llama(rope_scaling=YARN)),
        (4096, llama(rope_scaling={"rope_type": "linear", "factor": None})),
        (4096, llama(rope_scaling={"type": "mrope", "mrope_section": [1, 2, 3]})),
        (8192, llama(rope_parameters={"full_attention": {"rope_type": "linear", "factor": 2.0}})),
        (2048, {"architectures": ["MambaForCausalLM"], "model_type": "mamba"}),
        (2048, llama(max_position_embeddings=None)),
        (1024, {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}),
        (512, {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_positions": 512}),
        (131072, {"architectures": ["Llama4ForCausalLM"], "model_type": "llama4_text"}),
        (448, {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"}),
    ],
)
def test_a_length_is_vllms(expected: int, config: JsonObject) -> None:
    """Keys, defaults of the class and rope rules give vLLM's own length."""
    assert expected == length(config).default


def test_the_language_model_inside_decides() -> None:
    """A model that also sees is as long as its text configuration says."""
    config: JsonObject = {"model_type": "llava", "text_config": {"model_type": "llama", "max_position_embeddings": 777}}

    assert Length(default=777, limit=777, key="max_position_embeddings") == length(config)


def test_longrope_starts_short_and_may_be_longer() -> None:
    """A longrope model starts at its original length, and takes the full one when asked."""
    phi: JsonObject = {
        "model_type": "phi3",
        "max_position_embeddings": 131072,
        "original_max_position_embeddings": 4096,
        "rope_scaling": {"type": "su", "long_factor": [1.0], "short_factor": [1.0]},
    }

    assert Length(default=4096, limit=131072, key="max_position_embeddings") == length(phi)


def test_yarn_multiplied_up_to_028() -> None:
    """Older engines take the original length times the factor."""
    config = llama(rope_scaling=YARN, max_position_embeddings=2048)
    table = load_engine("0.28.0")

    assert 4096 == derive_length(resolved(config, table), facts(config), table, "generate").default


def test_sentence_transformers_state_their_own_length() -> None:
    """sentence_bert_config.json overrides what config.json allows."""
    assert 256 == length(llama(), sentence_bert_config__json={"max_seq_length": 256}).default


def test_the_tokenizer_limits_absolute_positions_of_pooling_models() -> None:
    """For pooling with absolute positions the tokenizer's length counts too, for others it does not."""
    config = llama(position_embedding_type="absolute")
    tokenizer: JsonObject = {"model_max_length": 512}

    assert (512, 4096) == (
        length(config, "pooling", tokenizer_config__json=tokenizer).default,
        length(config, "generate", tokenizer_config__json=tokenizer).default,
    )


@pytest.mark.parametrize("value", [float("inf"), -1, 0, "4096", True, [4096], 10**39])
def test_nonsense_gives_a_length_all_the_same(value: float) -> None:
    """A length that is none leaves vLLM's default or the number, never an exception."""
    assert length(llama(max_position_embeddings=value)).default > 0
