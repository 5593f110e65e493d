"""From the names under ``architectures`` to a class, a runner and a conversion."""

import pytest

from tests.vllm.models import TABLE, llama, resolved
from validation.engine.resolve import Resolution, obstacle, resolve
from validation.engine.tables import load_engine
from validation.jsontext import JsonObject, JsonValue


def served(name: str, *, pooling: bool = False, **config: JsonValue) -> Resolution:
    """Return how vLLM 0.32.0 serves a name."""
    stated: JsonObject = {**llama(), "architectures": [name], **config}
    return resolve((name,), resolved(stated), TABLE, pooling=pooling)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen2ForCausalLM", ("qwen2:Qwen2ForCausalLM", "generate", "none")),
        ("BertModel", ("bert:BertEmbeddingModel", "pooling", "none")),
        ("LlamaForSequenceClassification", ("llama:LlamaForCausalLM", "pooling", "classify")),
        ("LlamaModel", ("llama:LlamaForCausalLM", "generate", "none")),
        ("Qwen2ForRewardModel", ("qwen2_rm:Qwen2ForRewardModel", "pooling", "none")),
        ("WhisperForConditionalGeneration", ("whisper:WhisperForConditionalGeneration", "generate", "none")),
        ("GPTNeoXForCausalLM", ("transformers:TransformersForCausalLM", "generate", "none")),
        ("XLMRobertaForCausalLM", ("transformers:TransformersForCausalLM", "generate", "none")),
        ("ElectraModel", ("transformers:TransformersEmbeddingModel", "pooling", "embed")),
    ],
)
def test_a_name_is_served_as_vllm_serves_it(name: str, expected: tuple[str, str, str]) -> None:
    """Registry, suffixes and the Transformers backend are asked in vLLM's order."""
    found = served(name)

    assert found.choice is not None
    assert expected == (found.choice.entry.implementation, found.runner, found.convert)


def test_sentence_transformers_pool_whatever_the_name() -> None:
    """A decoder with a pooling module gives embeddings."""
    found = served("Qwen2ForCausalLM", pooling=True)

    assert ("pooling", "embed") == (found.runner, found.convert)


@pytest.mark.parametrize("name", ["BaichuanForCausalLM", "LlavaLlamaForCausalLM", "CodeGenForCausalLM", ""])
def test_a_name_that_nothing_covers_is_refused(name: str) -> None:
    """Dropped names, made-up ones, and classes whose attention cannot be replaced have no class."""
    assert served(name).choice is None


def test_a_name_that_says_more_than_its_class_does_is_refused() -> None:
    """A chat name whose class writes no text is a problem of its own."""
    found = resolve(("ModernBertModel",), resolved(llama()), TABLE, pooling=False)

    assert ("pooling", "") == (found.runner, found.problem)


def test_a_configuration_with_eyes_changes_the_class() -> None:
    """MiMo V2 with a vision configuration is its Omni class."""
    found = served("MiMoV2FlashForCausalLM", vision_config={"depth": 2})

    assert found.choice is not None
    assert "MiMoV2OmniForCausalLM" == found.choice.name


@pytest.mark.parametrize(
    ("expected", "model_type"),
    [
        ("", "gpt_neox"),
        ("", "xlm-roberta"),
        ("`T5Stack` takes no `position_ids`", "t5"),
        ("`BartDecoder` takes no `position_ids`", "bart"),
        ("`GitModel` chooses its attention from a fixed list", "git"),
        ("`MoonshineModel` attends in its encoder and in its decoder", "moonshine"),
        ("the attention of `AlbertModel` does not use the interface of transformers", "albert"),
        ("`ViTModel` takes no `input_ids`", "vit"),
        ("a layer of `IdeficsModel` attends from more than one module", "idefics"),
        ("`BambaModel` has layers without attention", "bamba"),
        ("transformers has no base model for `made-up`", "made-up"),
    ],
)
def test_the_backend_takes_what_fits_it(expected: str, model_type: str) -> None:
    """Why the Transformers backend cannot build a base model is read from its source."""
    assert expected == obstacle(resolved({"model_type": model_type}), TABLE)


def test_older_engines_have_their_own_registry() -> None:
    """A name that came later is not known to the oldest table."""
    old = load_engine("0.10.2")

    assert resolve(("Qwen3_5ForConditionalGeneration",), resolved(llama(), old), old, pooling=False).choice is None
