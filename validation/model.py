"""What kind of model a repository holds: its type, its stated length, and the summary that a report shows."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from validation.contracts.contract import Contract
from validation.engine.prediction import Prediction, Support
from validation.facts import RepositoryFacts
from validation.jsontext import JsonObject, JsonValue
from validation.report import ModelSummary
from validation.wish import ModelType

# Where repositories keep the settings of their language part, outermost first.
TEXT_PLACES: tuple[tuple[str, ...], ...] = (
    (),
    ("text_config",),
    ("llm_config",),
    ("language_config",),
    ("thinker_config", "text_config"),
    ("thinker_config",),
    ("language_model",),
    ("decoder",),
)
MAX_LENGTH = 1 << 40  # transformers writes int(1e30) for "no limit": no length at all
_IMAGE_KEYS = ("vision_config", "visual", "img_processor", "mm_vision_tower", "vision_tower", "image_token_id")
_IMAGE_KEYS_OLD = ("image_token_index", "vit_config", "vision_model", "vision_encoder_config", "embd_layer")
_SOUND_KEYS = ("audio_config", "audio_processor", "speech_config", "audio_encoder_config")
_CAPTIONERS = frozenset({"Blip2ForConditionalGeneration", "Florence2ForConditionalGeneration"})
_NO_TYPE_TAGS = frozenset({"text-ranking", "automatic-speech-recognition", "text-to-speech", "text-to-image"})
_EMBEDDING_TAGS = frozenset({"feature-extraction", "sentence-similarity"})
_SCORER = re.compile(r"(Classification|ClassificationModel|RewardModel|RewardModeling|QuestionAnswering|Detection)$")
_LISTENER = re.compile(r"Whisper|Moonshine|Asr|ASR|Speech2Text|ForCTC|ForTDT")
_DRAFT = re.compile(r"^(EAGLE|Eagle|Medusa|MLPSpeculator)|MTP(Model)?$|Eagle3?(ForCausalLM)?$|DraftModel$")
_WRITER = re.compile(
    r"(ForCausalLM|LMHeadModel|ForConditionalGeneration|ChatModel|ForImageTextToText|LLM)$|^(ChatGLM|Aquila|Ultravox)Model$"
)
_HEADLESS = re.compile(
    r"^(Llama|Mistral|Mixtral|Qwen[23](Moe)?|Gemma[23]?(Text)?|Phi3?|Olmo2|(XLM)?R?o?[Bb]ert\w*)Model$"
)


class StatedLength(NamedTuple):
    """A context length as config.json states it: the key with its path, and the value, whatever it is."""

    key: str
    value: JsonValue


def stated_lengths(config: JsonObject, keys: tuple[str, ...]) -> Iterator[StatedLength]:
    """Yield the length keys that config.json has, at its top or where its language part stands; null is none."""
    for place in TEXT_PLACES:
        section = _section(config, place)
        yield from (StatedLength(".".join([*place, key]), section[key]) for key in keys if section.get(key) is not None)


def is_length(value: JsonValue) -> bool:
    """Return whether a value is a positive whole number of tokens."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_LENGTH


def serves(detected: ModelType, wished: ModelType) -> bool:
    """Return whether a model of one type can be deployed as another: a multimodal one also chats and also sees."""
    return wished is detected or (detected is ModelType.MULTIMODAL and wished.chats)


def detect_type(facts: RepositoryFacts, prediction: Prediction) -> ModelType | None:
    """Return the model's type; None when neither the engine's prediction nor the files say.

    A model that takes images is ``multimodal``, because the language part of today's models chats on text alone; it is
    ``vision`` where the repository calls itself ``image-to-text`` or its architecture only captions. One that takes
    sound and writes text is ``chat``, which it also does without sound. Rerankers, classifiers, reward models, speech
    recognisers and draft models are ``other``.
    """
    names = facts.architectures or ((prediction.architecture,) if prediction.architecture else ())
    if _has_no_type(facts, prediction, names):
        return ModelType.OTHER
    if prediction.runner == "pooling" or pools(facts) or facts.pipeline_tag in _EMBEDDING_TAGS:
        return ModelType.EMBEDDING
    if any(_HEADLESS.search(name) for name in names):
        return ModelType.EMBEDDING
    if prediction.runner != "generate" and not any(_WRITER.search(name) for name in names):
        return ModelType.EMBEDDING if any(name.endswith("Model") for name in names) else None
    if not takes_images(facts, prediction):
        return ModelType.CHAT
    captions = facts.pipeline_tag == "image-to-text" or (not facts.pipeline_tag and not _CAPTIONERS.isdisjoint(names))
    return ModelType.VISION if captions else ModelType.MULTIMODAL


def pools(facts: RepositoryFacts) -> bool:
    """Return whether modules.json says that this is a sentence-transformers model with a pooling layer."""
    modules = facts.document("modules.json")
    listed = modules.get("modules", list(modules.values()))
    entries = listed if isinstance(listed, list) else []
    kinds = [entry.get("type") for entry in entries if isinstance(entry, dict)]
    return facts.has("1_Pooling/config.json") or any(
        isinstance(kind, str) and kind.endswith((".Pooling", ".pooling")) for kind in kinds
    )


def takes_images(facts: RepositoryFacts, prediction: Prediction) -> bool:
    """Return whether the model takes images: the engine's answer, else what config.json holds."""
    config = facts.config
    shown = any(config.get(key) for key in (*_IMAGE_KEYS, *_IMAGE_KEYS_OLD))
    shown = shown or bool(_section(config, ("thinker_config", "vision_config")))
    if prediction.supported is not Support.YES:
        return shown
    heard = any(config.get(key) for key in _SOUND_KEYS)
    return prediction.multimodal and (shown or not heard)


def summarize(facts: RepositoryFacts, contract: Contract, prediction: Prediction) -> ModelSummary:
    """Return what the files, the contract and the engine say of the model."""
    model_type = detect_type(facts, prediction)
    lengths = [stated.value for stated in stated_lengths(facts.config, contract.length_keys)]
    config_dtype = facts.config.get("dtype") or facts.config.get("torch_dtype")
    return ModelSummary(
        model_type=model_type,
        architecture=prediction.architecture or next(iter(facts.architectures), ""),
        endpoints=contract.endpoints.get(str(model_type), ()) if model_type else (),
        max_position_embeddings=next((n for n in lengths if isinstance(n, int) and is_length(n)), None),
        parameters=sum(facts.parameters.values()) or None,
        weights_bytes=prediction.weights_bytes or _safetensors_bytes(facts),
        dtype=prediction.dtype or (config_dtype if isinstance(config_dtype, str) else ""),
        quantization=prediction.quantization,
        licence=facts.licence,
    )


def _has_no_type(facts: RepositoryFacts, prediction: Prediction, names: tuple[str, ...]) -> bool:
    return (
        prediction.runner == "draft"
        or prediction.convert == "classify"
        or facts.pipeline_tag in _NO_TYPE_TAGS
        or any(pattern.search(name) for name in names for pattern in (_SCORER, _LISTENER, _DRAFT))
    )


def _section(config: JsonObject, place: tuple[str, ...]) -> JsonObject:
    section: JsonValue = config
    for key in place:
        section = section.get(key) if isinstance(section, dict) else None
    return section if isinstance(section, dict) else {}


def _safetensors_bytes(facts: RepositoryFacts) -> int | None:
    sizes = [file.size for file in facts.files if file.path.endswith(".safetensors") and "/" not in file.path]
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None
