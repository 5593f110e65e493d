"""Rules on features that the stack wishes and the contract does not have."""

from collections.abc import Iterator

from validation.finding import Severity
from validation.rules.rule import Answer, Rule, Subject


def structured_outputs(subject: Subject) -> Iterator[Answer]:
    """Refuse the wish for structured outputs where the contract has none.

    Why: a client that relies on them would get free text.
    Example: `structuredOutputs: true` for a custom model under `contract: managed-inference`.
    Fix: remove the wish, or set `contract: vllm` where you run the engine yourself.
    Source: the contract, "Structured outputs or Function calling are not yet supported for custom models".
    """
    if subject.wish.structured_outputs and not subject.contract.structured_outputs:
        yield _refusal(subject, "structured outputs are", "structuredOutputs")


def function_calling(subject: Subject) -> Iterator[Answer]:
    """Refuse the wish for function calling where the contract has none.

    Why: a client that relies on it would get no tool calls.
    Example: `functionCalling: true` for a custom model under `contract: managed-inference`.
    Fix: remove the wish, or set `contract: vllm` where you run the engine yourself.
    Source: the contract, "Structured outputs or Function calling are not yet supported for custom models".
    """
    if subject.wish.function_calling and not subject.contract.function_calling:
        yield _refusal(subject, "function calling is", "functionCalling")


def _refusal(subject: Subject, what: str, key: str) -> Answer:
    return Answer(
        message=f"{what} not supported by {subject.contract.title}",
        help=f"remove `{key}`, or set `contract: vllm` to run the engine yourself",
        where=subject.wish.where(key),
    )


RULES = (
    Rule(name="structured-outputs-unsupported", severity=Severity.ERROR, check=structured_outputs),
    Rule(name="function-calling-unsupported", severity=Severity.ERROR, check=function_calling),
)
