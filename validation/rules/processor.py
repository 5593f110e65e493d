"""Rules on the files that turn images into what the model takes."""

from collections.abc import Iterator

from validation.finding import Place, Severity
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject, skipped

FILES = ("preprocessor_config.json", "processor_config.json")


def missing(subject: Subject) -> Iterator[Answer]:
    """Require a processor file for a model that takes images.

    Why: without preprocessor_config.json (or processor_config.json) the server cannot build the image processor, and
    stops while it starts. Fine-tunes often lose the file.
    Example: a fine-tune of Qwen2.5-VL that was saved with the model and the tokenizer, and not with the processor.
    Fix: copy preprocessor_config.json from the base model, or run `processor.save_pretrained(folder)`.
    Source: transformers' AutoProcessor; vLLM issue 6934.
    """
    found = subject.model.model_type
    if found is None or not found.sees or subject.prediction.config_format == "mistral":
        yield skipped("models of this type need no image processor")
    elif not any(subject.facts.has(path) for path in FILES):
        base = next((ancestor.repository for ancestor in subject.facts.ancestors), "the base model")
        yield Answer(
            message="the model takes images, and preprocessor_config.json is missing",
            help=f"copy preprocessor_config.json from {base}, or run `processor.save_pretrained(folder)`",
            where=Place(path=FILES[0]),
        )


def malformed(subject: Subject) -> Iterator[Answer]:
    """Require that the processor files are JSON objects.

    Why: the server parses them while it starts.
    Example: a preprocessor_config.json with a comma after its last key.
    Fix: correct the file at the line and column that are named.
    Source: transformers' AutoProcessor.
    """
    for path in FILES:
        found = subject.facts.documents.get(path)
        if found is not None and found.value is None and not found.unread:
            yield Answer(
                message=f"{path} {found.problem or 'is not a JSON object'}",
                help=f"correct {path} so that it holds one JSON object",
                where=Place(path=path, line=found.line, column=found.column),
            )


RULES = (
    Rule(name="processor-missing", severity=Severity.ERROR, check=missing, requires=CONFIG),
    Rule(name="processor-malformed", severity=Severity.ERROR, check=malformed, requires=CONFIG),
)
