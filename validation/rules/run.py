"""Runs rules over one model in their order."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from validation.data import Data
from validation.finding import Finding, Outcome
from validation.rules.registry import RULES
from validation.rules.rule import Answer, Rule, Subject, unknown

MAX_SHOWN = 20  # findings of one rule and outcome; a hostile repository could make thousands


class RuleResults(Data):
    """What the rules found, worst first; ``suppressed`` are findings that the stack ignores, with its reason."""

    findings: tuple[Finding, ...] = ()
    suppressed: tuple[tuple[Finding, str], ...] = ()
    passed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def run_rules(subject: Subject, rules: Iterable[Rule] = RULES) -> RuleResults:
    """Run the rules in order and return what they found; a rule that fails itself is an unknown, never a traceback.

    A rule is skipped when one that it requires failed or could not be checked, also when the stack ignores that one.
    """
    rules = tuple(rules)
    silent: set[str] = set()
    known = frozenset(rule.name for rule in rules if rule.suppressible)
    subject = replace(subject, known=known, silent=silent)
    outcomes: dict[str, Outcome] = {}
    findings: list[Finding] = []
    loud: set[str] = set()
    for rule in rules:
        if not loud.isdisjoint(rule.requires):
            outcomes[rule.name] = Outcome.SKIPPED
            continue
        answers = _ask(rule, subject)
        found = [_finding(rule, answer) for answer in _shown(answers) if answer.outcome is not Outcome.SKIPPED]
        counting = [finding for finding in found if finding.counts]
        findings += counting
        outcomes[rule.name] = _outcome(counting, skipped=bool(answers))
        (loud if counting else silent).add(rule.name)
    return _results(subject, rules, findings, outcomes)


def _ask(rule: Rule, subject: Subject) -> list[Answer]:
    try:
        return list(rule.check(subject))
    except Exception as error:  # noqa: BLE001 - whatever a hostile file does to a rule, the other rules go on
        return [
            unknown(
                f"the rule itself failed ({type(error).__name__}), so this was not checked",
                help=f"please report it with the source of the model, or ignore `{rule.name}` with a reason",
            )
        ]


def _shown(answers: list[Answer]) -> Iterator[Answer]:
    """Yield the answers, at most MAX_SHOWN of each outcome, and then how many more there are."""
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED):
        same = [answer for answer in answers if answer.outcome is outcome]
        yield from same[:MAX_SHOWN]
        if len(same) > MAX_SHOWN:
            yield replace(same[MAX_SHOWN], message=f"{len(same) - MAX_SHOWN} more of this kind", where=None)


def _finding(rule: Rule, answer: Answer) -> Finding:
    return Finding(
        rule=rule.name,
        severity=answer.severity or rule.severity,
        outcome=answer.outcome,
        message=answer.message,
        help=answer.help,
        where=answer.where,
    )


def _outcome(counting: list[Finding], *, skipped: bool) -> Outcome:
    if counting:
        failed = any(finding.outcome is Outcome.FAILED for finding in counting)
        return Outcome.FAILED if failed else Outcome.UNKNOWN
    return Outcome.SKIPPED if skipped else Outcome.PASSED


def _results(
    subject: Subject, rules: tuple[Rule, ...], findings: list[Finding], outcomes: dict[str, Outcome]
) -> RuleResults:
    reasons = {item.rule: item.reason for item in subject.wish.ignore if item.rule in subject.known}
    order = {rule.name: position for position, rule in enumerate(rules)}
    kept = [finding for finding in findings if finding.rule not in reasons]
    return RuleResults(
        findings=tuple(sorted(kept, key=lambda finding: _rank(finding, order))),
        suppressed=tuple((finding, reasons[finding.rule]) for finding in findings if finding.rule in reasons),
        passed=tuple(name for name, outcome in outcomes.items() if outcome is Outcome.PASSED),
        skipped=tuple(name for name, outcome in outcomes.items() if outcome is Outcome.SKIPPED),
    )


def _rank(finding: Finding, order: dict[str, int]) -> tuple[int, bool, int]:
    return -finding.severity.rank, finding.outcome is not Outcome.FAILED, order[finding.rule]
