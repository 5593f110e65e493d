"""What the judges' answers come to: how often each check failed, and whether that is expected."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

CRITICAL, WARNING = 1, 5  # kube-score's grades
SUPPRESSIONS = ("checkov.io/", "kube-score/", "ignore-check.kube-linter.io/")  # beginnings of annotations
Answer: TypeAlias = Any  # a judge's JSON; a key that lacks is an error of the judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judges found in one set of objects: how often each check failed, by its name."""

    name: str
    passed: int
    checkov: Mapping[str, int] = field(default_factory=dict)
    critical: Mapping[str, int] = field(default_factory=dict)
    warning: Mapping[str, int] = field(default_factory=dict)
    suppressed: int = 0

    @property
    def failed(self) -> frozenset[str]:
        """Return the names of the checks that failed, warnings among them."""
        return frozenset((*self.checkov, *self.critical, *self.warning))

    def __str__(self) -> str:
        """Return the line of the table, and one for each check that failed."""
        counts = [sum(each.values()) for each in (self.checkov, self.critical, self.warning)]
        named = [*self.checkov.items(), *self.critical.items(), *self.warning.items()]
        return "\n".join([line(self.name, self.passed, *counts), *(f"    {name}: {count}" for name, count in named)])


def line(name: str, passed: int, failed: int, critical: int, warning: int) -> str:
    """Return a line of the table."""
    return f"  {name:<36} {failed:>6} {passed:>6} {critical:>9} {warning:>8}"


def head() -> str:
    """Return the head of the table."""
    return f"  {'':<36} {'checkov':^13} {'kube-score':^18}\n  {'':<36} failed passed  critical warnings"


def checkov_report(report: Answer) -> tuple[int, Mapping[str, int]]:
    """Return how many checks passed, and how often each of the others failed."""
    failed = Counter(f"{each['check_id']} {each['check_name']}" for each in report["results"]["failed_checks"])
    return int(report["summary"]["passed"]), failed


def kube_score_report(report: Answer) -> Mapping[int, Mapping[str, int]]:
    """Return how often each check failed, by grade."""
    found: dict[int, Counter[str]] = {CRITICAL: Counter(), WARNING: Counter()}
    for scored in report:
        for each in scored["checks"] or ():
            if not each["skipped"] and each["grade"] in found:
                found[each["grade"]][each["check"]["id"]] += 1
    return found


def suppressions(value: Any) -> int:  # noqa: ANN401 - any JSON
    """Return how many annotations of an object, at whatever depth, ask a judge to look away."""
    if isinstance(value, Mapping):
        annotations = (
            (value.get("metadata") or {}).get("annotations") if isinstance(value.get("metadata"), Mapping) else {}
        )
        mine = sum(str(key).startswith(SUPPRESSIONS) for key in annotations or ())
        return mine + sum(suppressions(inner) for inner in value.values())
    return sum(suppressions(inner) for inner in value) if isinstance(value, list) else 0


def faults(verdicts: Collection[Verdict], kept: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield what is wrong with the verdicts; ``kept`` names the stacks that may fail a check.

    A check that a stack fails without leave is a fault, and so is leave that nobody needs any more.
    """
    for verdict in verdicts:
        if verdict.suppressed:
            yield f"{verdict.name}: {verdict.suppressed} annotations ask a judge to look away"
        for check in sorted(verdict.failed):
            if verdict.name not in kept.get(check, ()):
                yield f"{verdict.name} fails `{check}`"
    found = {(check, verdict.name) for verdict in verdicts for check in verdict.failed}
    for check, stacks in kept.items():
        for stack in stacks:
            if (check, stack) not in found:
                yield f"{stack} does not fail `{check}` any more: take it out of tools/judges/kept.py"
