"""Rules on the rules that a stack ignores; they run last."""

from collections.abc import Iterator

from validation.finding import Severity
from validation.rules.rule import Answer, Rule, Subject


def unused(subject: Subject) -> Iterator[Answer]:
    """Warn about an ignored rule that has nothing to ignore.

    Why: what was once ignored for a reason hides the next finding of that rule, which nobody has looked at.
    Example: `ignore: [{rule: licence-missing, ...}]` for a model that states its licence by now.
    Fix: delete the entry.
    Source: practice of zizmor, mypy and ruff.
    """
    for suppression in subject.wish.ignore:
        if suppression.rule in subject.silent:
            yield Answer(
                message=f"rule `{suppression.rule}` is ignored, and found nothing",
                help=f"delete `{suppression.rule}` from `ignore`",
                where=subject.wish.where("ignore"),
            )


def unknown_rule(subject: Subject) -> Iterator[Answer]:
    """Warn about an ignored rule that does not exist, or that cannot be ignored.

    Why: a mistyped name ignores nothing. Rules on whether the repository can be read at all cannot be ignored, because
    nothing else could be checked then.
    Example: `ignore: [{rule: license-missing, ...}]`, where `licence-missing` was meant.
    Fix: write the name as `python -m validation rules` lists it.
    Source: the registry of rules.
    """
    for suppression in subject.wish.ignore:
        if suppression.rule not in subject.known:
            from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

            close = get_close_matches(suppression.rule, subject.known, n=1)
            yield Answer(
                message=f"there is no rule `{suppression.rule[:80]}` that could be ignored",
                help=f"write `{close[0]}`" if close else "see `python -m validation rules`",
                where=subject.wish.where("ignore"),
            )


RULES = (
    Rule(name="suppression-unused", severity=Severity.WARNING, check=unused, suppressible=False),
    Rule(name="suppression-unknown", severity=Severity.WARNING, check=unknown_rule, suppressible=False),
)
