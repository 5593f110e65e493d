"""What a rule has to say about a model: the vocabulary of severity, outcome, place and finding."""

from enum import StrEnum

from validation.data import Data


class Severity(StrEnum):
    """How much a failed rule weighs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Return 2 for an error, 1 for a warning, 0 for a note, so that severities can be compared."""
        return ("note", "warning", "error").index(self.value)


class Outcome(StrEnum):
    """How a rule ended; an outage is ``UNKNOWN``, never ``FAILED``."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Place(Data):
    """Where a finding stands: a file, with line and column counted from 1 when they are known, and a key in it."""

    path: str
    line: int | None = None
    column: int | None = None
    key: str = ""

    def __str__(self) -> str:
        """Return ``path:line:column key``, leaving out what is not known."""
        numbers = [str(number) for number in (self.line, self.column) if number is not None]
        return " ".join(part for part in (":".join([self.path, *numbers]), self.key) if part)


class Finding(Data):
    """One answer of one rule about one model, ready to be shown."""

    rule: str
    severity: Severity
    outcome: Outcome
    message: str
    help: str = ""
    where: Place | None = None

    @property
    def docs(self) -> str:
        """Return the place in the documentation that explains the rule."""
        return f"docs/rules.md#{self.rule}"

    @property
    def counts(self) -> bool:
        """Return whether the finding says something that a reader has to know: a failure, or a check not made."""
        return self.outcome in {Outcome.FAILED, Outcome.UNKNOWN}
