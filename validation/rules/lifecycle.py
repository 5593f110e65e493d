"""Rules on announced ends of support."""

from collections.abc import Iterator
from datetime import timedelta

from validation.contracts.contract import Notice
from validation.finding import Place, Severity
from validation.rules.config import CONFIG, FILE
from validation.rules.rule import Answer, Rule, Subject


def architecture(subject: Subject) -> Iterator[Answer]:
    """Warn before the announced end of an architecture, and refuse it after.

    Why: the contract promises three months between the notice and the end. A deployment should move before.
    Example: a notice `{ends: 2027-06-30, architecture: GPTJForCausalLM}`: a warning from 2027-04-01, then an error.
    Fix: move to a model of another architecture before the date.
    Source: the contract, "we will notify you at least 3 months beforehand".
    """
    for notice in subject.contract.notices:
        if notice.architecture and notice.architecture in subject.facts.architectures:
            yield from _answer(
                subject, notice, f"architecture `{notice.architecture}`", Place(path=FILE, key="architectures")
            )


def engine(subject: Subject) -> Iterator[Answer]:
    """Warn before the announced end of an engine version, and refuse it after.

    Why: the contract promises three months between the notice and the end.
    Example: a notice `{ends: 2027-06-30, engine: "<0.30.0"}` and a stack on vLLM 0.29.0.
    Fix: set `engine.version` to one that stays supported.
    Source: the contract, "we will notify you at least 3 months beforehand".
    """
    notices = [notice for notice in subject.contract.notices if notice.engine]
    if not notices:
        return
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - only contracts with engine notices need it

    for notice in notices:
        if SpecifierSet(notice.engine).contains(subject.engine.asked or subject.engine.version, prereleases=True):
            yield from _answer(subject, notice, f"vLLM {notice.engine}", subject.wish.where("engine"))


def _answer(subject: Subject, notice: Notice, what: str, where: Place | None) -> Iterator[Answer]:
    if subject.today < notice.ends - timedelta(days=subject.contract.notice_days):
        return
    over = subject.today > notice.ends
    days = (notice.ends - subject.today).days
    yield Answer(
        message=f"support for {what} ended on {notice.ends}"
        if over
        else f"support for {what} ends on {notice.ends}, in {days} days",
        help=notice.text or "move to one that stays supported",
        severity=Severity.ERROR if over else Severity.WARNING,
        where=where,
    )


RULES = (
    Rule(name="architecture-ending", severity=Severity.ERROR, check=architecture, requires=CONFIG),
    Rule(name="engine-ending", severity=Severity.ERROR, check=engine),
)
