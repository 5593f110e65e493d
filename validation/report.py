"""What is known of one model after all checks: verdict, findings, and what was derived for its deployment."""

from enum import StrEnum
from typing import TYPE_CHECKING

from validation.data import Data, field
from validation.finding import Finding, Outcome, Severity
from validation.wish import ModelType

if TYPE_CHECKING:
    from validation.adapter import Adapter, LoraPlan
    from validation.engine.prediction import Prediction
    from validation.facts import RepositoryFacts
    from validation.fit.plan import MemoryPlan


class Verdict(StrEnum):
    """Whether the model can be served as wished."""

    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
    UNKNOWN = "unknown"


class ModelSummary(Data):
    """What the files say of the model; None and empty where they do not say."""

    model_type: ModelType | None = None
    architecture: str = ""
    endpoints: tuple[str, ...] = ()
    max_position_embeddings: int | None = None
    parameters: int | None = None
    weights_bytes: int | None = None
    dtype: str = ""
    quantization: str = ""
    licence: str = ""


class Report(Data):
    """The answer for one model. ``findings`` are those that count (failed, unknown), worst first.

    ``suppressed`` are failures that the stack ignores with a reason; ``passed`` and ``skipped`` name rules.
    """

    name: str
    source: str
    revision: str
    commit: str
    facts: "RepositoryFacts"
    model: ModelSummary
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[tuple[Finding, str], ...] = ()
    passed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    prediction: "Prediction | None" = None
    memory: "MemoryPlan | None" = None
    adapters: "tuple[Adapter, ...]" = ()
    lora: "LoraPlan | None" = None

    @property
    def verdict(self) -> Verdict:
        """Return incompatible when an error rule failed, unknown when one could not be checked, else compatible."""
        errors = [finding.outcome for finding in self.findings if finding.severity is Severity.ERROR]
        if Outcome.FAILED in errors:
            return Verdict.INCOMPATIBLE
        return Verdict.UNKNOWN if Outcome.UNKNOWN in errors else Verdict.COMPATIBLE

    def fails(self, fail_on: Severity = Severity.ERROR) -> bool:
        """Return whether a rule failed with at least this severity."""
        return any(
            finding.outcome is Outcome.FAILED and finding.severity.rank >= fail_on.rank for finding in self.findings
        )
