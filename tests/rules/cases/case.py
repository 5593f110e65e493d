"""What a case is: a rule, a model for which it fails, and one for which it passes."""

from dataclasses import dataclass, field

from tests.rules.build import subject
from validation.finding import Outcome, Severity
from validation.rules.rule import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``message`` is the whole message expected of the failing subject; the passing one is the clean repository."""

    rule: str
    failing: Subject
    message: str
    passing: Subject = field(default_factory=subject)
    severity: Severity = Severity.ERROR
    outcome: Outcome = Outcome.FAILED
    where: str = ""
