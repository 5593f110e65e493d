"""Rules on the model's type: one the contract serves, and the one that the stack wishes."""

from collections.abc import Iterator

from validation.finding import Place, Severity
from validation.model import serves
from validation.rules.config import CONFIG, FILE
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown
from validation.wish import ModelType


def undetected(subject: Subject) -> Iterator[Answer]:
    """Say so when the model's type cannot be told from its files.

    Why: the endpoints, the chat template and the processor files that a model needs follow from its type.
    Example: an architecture whose name says nothing, and that vLLM does not know.
    Fix: set `type` for this model in the stack file.
    Source: validation/model.py.
    """
    if subject.model.model_type is None and subject.wish.model_type is None:
        yield unknown(
            "the model's type cannot be told from its files", help="set `type` to chat, vision, multimodal or embedding"
        )


def unsupported(subject: Subject) -> Iterator[Answer]:
    """Refuse a model of a type that the contract does not serve.

    Why: the contract serves chat, vision, multimodal and embedding models. Rerankers, classifiers, reward models,
    speech recognisers and draft models have no endpoint there, although some of their names are on its list.
    Example: `BertForSequenceClassification`, `WhisperForConditionalGeneration`, `EAGLEModel`.
    Fix: choose a model of a served type, or set `contract: vllm` where you run the engine yourself.
    Source: the contract, "Your model must be one of the following types".
    """
    types, found = subject.contract.model_types, subject.model.model_type
    if found is not None and types and found not in types:
        what = "a reranker, classifier, speech or draft model" if found is ModelType.OTHER else f"of type {found}"
        yield Answer(
            message=f"the model is {what}, which {subject.contract.title} does not serve",
            help=f"choose a model of type {', '.join(sorted(types))}, or set `contract: vllm`",
            where=Place(path=FILE, key="architectures"),
        )


def mismatch(subject: Subject) -> Iterator[Answer]:
    """Require that the model is of the type that the stack wishes.

    Why: clients would find no endpoint, or one that answers every request with an error. A multimodal model may be
    deployed as chat or as vision, because it does both.
    Example: `type: embedding` for a chat model; `type: multimodal` for one that takes no images.
    Fix: set `type` to the one that was detected, or leave it out.
    Source: the contract, "Depending on the model type, specific endpoints and features will be supported".
    """
    wished, found = subject.wish.model_type, subject.model.model_type
    if wished is None or found is None:
        yield skipped("the stack wishes no type, or the files do not say")
    elif not serves(found, wished):
        yield Answer(
            message=f"the stack wishes a model of type {wished}, and this one is {found}",
            help="leave `type` out, or choose another model"
            if found is ModelType.OTHER
            else f"set `type` to {found}, or leave it out",
            where=subject.wish.where("type"),
        )


_NAMED = (*CONFIG, "architectures-missing")
RULES = (
    Rule(name="model-type-undetected", severity=Severity.WARNING, check=undetected, requires=_NAMED),
    Rule(name="model-type-unsupported", severity=Severity.ERROR, check=unsupported, requires=_NAMED),
    Rule(name="model-type-mismatch", severity=Severity.ERROR, check=mismatch, requires=_NAMED),
)
