"""What kind of model a repository holds."""

from dataclasses import replace

import pytest

from tests.rules.build import CHAT, CHATS, EMBEDS, MANAGED, SEES, UNSURE, VLLM, config, document, with_files
from validation.engine.prediction import Prediction, Support
from validation.facts import RepositoryFacts
from validation.jsontext import JsonValue
from validation.model import detect_type, is_length, pools, serves, stated_lengths, summarize
from validation.wish import ModelType

_IMAGES: JsonValue = {"hidden_size": 8}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LlamaForCausalLM", ModelType.CHAT),
        ("GPT2LMHeadModel", ModelType.CHAT),
        ("ChatGLMModel", ModelType.CHAT),
        ("UltravoxModel", ModelType.CHAT),
        ("BertModel", ModelType.EMBEDDING),
        ("MistralModel", ModelType.EMBEDDING),
        ("XLMRobertaForSequenceClassification", ModelType.OTHER),
        ("Qwen2ForProcessRewardModel", ModelType.OTHER),
        ("WhisperForConditionalGeneration", ModelType.OTHER),
        ("EAGLEModel", ModelType.OTHER),
        ("MedusaModel", ModelType.OTHER),
        ("MLPSpeculatorPreTrainedModel", ModelType.OTHER),
        ("Mystery", None),
    ],
)
def test_a_name_alone_says_the_type_where_the_engine_is_unsure(name: str, expected: ModelType | None) -> None:
    """Without a prediction the architecture's name decides, and an unknown name decides nothing."""
    facts = replace(config(architectures=[name]), pipeline_tag="")
    assert expected == detect_type(facts, UNSURE)


@pytest.mark.parametrize("key", ["vision_config", "visual", "img_processor", "mm_vision_tower"])
def test_a_model_that_takes_images_is_multimodal(key: str) -> None:
    """The language part of today's models chats on text alone, so they chat and see."""
    assert ModelType.MULTIMODAL is detect_type(config(CHAT, **{key: _IMAGES}), UNSURE)


def test_the_engine_decides_about_images_where_it_is_sure() -> None:
    """A text model keeps the vision settings of the one it was cut from."""
    assert ModelType.CHAT is detect_type(config(CHAT, vision_config=_IMAGES), CHATS)


def test_a_model_that_only_captions_is_vision() -> None:
    """A repository that calls itself image-to-text does not chat on text alone."""
    facts = replace(config(CHAT, vision_config=_IMAGES), pipeline_tag="image-to-text")
    assert ModelType.VISION is detect_type(facts, SEES)


def test_a_model_that_takes_sound_only_chats() -> None:
    """Sound is no type of the contract, and the model chats without it."""
    facts = config(architectures=["Qwen2AudioForConditionalGeneration"], audio_config={"layers": 2})
    assert ModelType.CHAT is detect_type(facts, SEES)


@pytest.mark.parametrize(
    "facts",
    [
        document(CHAT, "modules.json", {"modules": [{"type": "sentence_transformers.models.Pooling"}]}),
        with_files(CHAT, "1_Pooling/config.json"),
        replace(CHAT, pipeline_tag="sentence-similarity"),
    ],
    ids=["modules", "folder", "tag"],
)
def test_a_sentence_transformers_repository_is_embedding(facts: RepositoryFacts) -> None:
    """A decoder with a pooling layer gives embeddings whatever its architecture writes."""
    assert ModelType.EMBEDDING is detect_type(facts, CHATS)


def test_modules_without_pooling_say_nothing() -> None:
    """Only a pooling layer makes an embedding model."""
    facts = document(CHAT, "modules.json", {"modules": [{"type": "sentence_transformers.models.Dense"}, 7]})
    assert not pools(facts)


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (EMBEDS, ModelType.EMBEDDING),
        (replace(EMBEDS, convert="classify"), ModelType.OTHER),
        (replace(CHATS, runner="draft"), ModelType.OTHER),
    ],
)
def test_the_engine_s_runner_decides(prediction: Prediction, expected: ModelType) -> None:
    """What the engine would run as pooling is not chat."""
    assert expected is detect_type(CHAT, prediction)


def test_a_reranker_by_its_tag_is_none_of_the_types() -> None:
    """Today's rerankers are written as language models."""
    assert ModelType.OTHER is detect_type(replace(CHAT, pipeline_tag="text-ranking"), CHATS)


def test_only_a_multimodal_model_is_more_than_one_type() -> None:
    """It chats and sees; the others serve as what they are."""
    pairs = {(a, b) for a in ModelType for b in ModelType if a is not b and serves(a, b)}
    assert {(ModelType.MULTIMODAL, ModelType.CHAT), (ModelType.MULTIMODAL, ModelType.VISION)} == pairs


def test_lengths_are_found_where_repositories_keep_them() -> None:
    """The top comes first, then the language part; the vision part's length is not the model's."""
    found = stated_lengths(
        {
            "thinker_config": {"text_config": {"max_position_embeddings": 3}},
            "vision_config": {"max_position_embeddings": 9},
            "text_config": {"max_position_embeddings": 2},
            "max_position_embeddings": 1,
        },
        ("max_position_embeddings",),
    )
    assert [
        ("max_position_embeddings", 1),
        ("text_config.max_position_embeddings", 2),
        ("thinker_config.text_config.max_position_embeddings", 3),
    ] == list(found)


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "4096", None, 10**30, [4096]])
def test_only_a_positive_whole_number_is_a_length(value: JsonValue) -> None:
    """Neither a flag nor transformers' number for "no limit" is a length."""
    assert not is_length(value)


def test_the_summary_says_what_was_derived() -> None:
    """Type, endpoint and length come from the files, as the contract reads them."""
    model = summarize(CHAT, MANAGED, CHATS)
    assert (ModelType.CHAT, ("/v1/chat/completions",), 4096) == (
        model.model_type,
        model.endpoints,
        model.max_position_embeddings,
    )
    assert (2048, 4096, "bfloat16", "apache-2.0") == (model.parameters, model.weights_bytes, model.dtype, model.licence)


def test_the_endpoints_follow_the_contract() -> None:
    """Who runs the engine gets its other paths too."""
    assert "/v1/responses" in summarize(CHAT, VLLM, CHATS).endpoints


def test_nothing_known_is_an_empty_summary() -> None:
    """A repository that could not be read has neither type nor endpoints."""
    empty = replace(CHAT, files=(), documents={}, pipeline_tag="", parameters={})
    model = summarize(empty, MANAGED, Prediction(supported=Support.UNKNOWN))
    assert (None, (), None, None) == (model.model_type, model.endpoints, model.parameters, model.weights_bytes)
