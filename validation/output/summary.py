"""What every format for people says of a report besides its findings: counts, the verdict, what the files say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from validation.data import Data
from validation.finding import Finding, Outcome, Severity
from validation.output.quantity import count, gib, plural
from validation.report import Report, Verdict

if TYPE_CHECKING:
    from validation.adapter import Adapter
    from validation.fit.plan import MemoryPlan


class Counts(Data):
    """How many findings there are of each kind; ``unchecked`` are those whose outcome is unknown."""

    errors: int
    warnings: int
    notes: int
    suppressed: int
    unchecked: int

    def __str__(self) -> str:
        """Return ``1 error, 2 warnings, 0 notes, 1 suppressed, 0 not checked``."""
        counted = (
            plural(self.errors, "error"),
            plural(self.warnings, "warning"),
            plural(self.notes, "note"),
            f"{self.suppressed} suppressed",
            f"{self.unchecked} not checked",
        )
        return ", ".join(counted)


def tally(reports: Sequence[Report]) -> Counts:
    """Count the findings of all reports."""
    findings = [finding for report in reports for finding in report.findings]
    failed = [finding.severity for finding in findings if finding.outcome is Outcome.FAILED]
    return Counts(
        errors=failed.count(Severity.ERROR),
        warnings=failed.count(Severity.WARNING),
        notes=failed.count(Severity.NOTE),
        suppressed=sum(len(report.suppressed) for report in reports),
        unchecked=sum(finding.outcome is Outcome.UNKNOWN for finding in findings),
    )


def conclusion(report: Report) -> str:
    """Return the last line on one model: verdict, counts, and how many rules had nothing to say."""
    return f"{report.verdict}: {tally([report])}; {plural(len(report.passed), 'rule')} passed"


def overall(reports: Sequence[Report]) -> str:
    """Return the last line on several models."""
    verdicts = [report.verdict for report in reports]
    words = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in Verdict if verdict in verdicts)
    return f"{plural(len(reports), 'model')}: {words}; {tally(reports)}"


def label(finding: Finding) -> str:
    """Return the first word of a finding: its severity, or ``unknown`` when it could not be checked."""
    return str(finding.outcome if finding.outcome is Outcome.UNKNOWN else finding.severity)


def described(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what is known of a model as pairs of a name and a value, leaving out what is not known."""
    model = report.model
    known = (
        ("type", str(model.model_type or "")),
        ("architecture", model.architecture),
        ("parameters", "" if model.parameters is None else count(model.parameters)),
        ("weights", "" if model.weights_bytes is None else gib(model.weights_bytes)),
        ("dtype", model.dtype),
        ("quantization", model.quantization),
        ("context", "" if model.max_position_embeddings is None else f"{model.max_position_embeddings:,} tokens"),
        ("endpoints", " ".join(model.endpoints)),
        ("licence", model.licence),
        *(("adapter", adapter(each)) for each in report.adapters),
        ("memory", "" if report.memory is None else memory(report.memory)),
    )
    return tuple((name, value) for name, value in known if value)


def memory(plan: "MemoryPlan") -> str:
    """Return the memory plan of one GPU in one line."""
    gpus = plan.tensor_parallel * plan.pipeline_parallel
    name = f"{plan.gpu.name} {plan.gpu.mig_profile}".rstrip()
    offered = f"{gpus} x {name} of {gib(plan.gpu.memory)}"
    beside = f", {gib(plan.lora_bytes)} adapters" if plan.lora_bytes else ""
    parts = f"{gib(plan.weights_bytes)} weights{beside}, {gib(plan.overhead_bytes)} overhead"
    if not plan.fits:
        return f"{offered}: {parts}; does not fit"
    requests = f"{plan.max_concurrency:,.1f} requests of {plan.max_model_len:,} tokens at once"
    return f"{offered}: {parts}, {gib(max(0, plan.kv_cache_bytes))} KV cache a GPU; {requests}"


def adapter(item: "Adapter") -> str:
    """Return an adapter's name with its source, commit and rank."""
    at = item.facts.commit or item.wish.revision
    rank = f", rank {item.rank}" if item.rank else ""
    return f"{item.name} ({item.wish.source}{f' at {at}' if at else ''}{rank})"


def pinned(report: Report) -> str:
    """Return the model's source with its commit, or with the revision that was wished when none was found."""
    revision = report.commit or report.revision
    return f"{report.source} at {revision}" if revision else report.source
