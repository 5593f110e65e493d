"""Reports as text: a header, the findings and a verdict for each model."""

from collections.abc import Iterator, Sequence

from validation.finding import Finding
from validation.output.place import located
from validation.output.safe import safe
from validation.output.summary import conclusion, described, label, overall, pinned
from validation.report import Report, Verdict

Span = tuple[str, str]  # a style, and safe text; "" is no style
Line = tuple[Span, ...]

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan", "unknown": "bold magenta"}
_VERDICTS = {Verdict.COMPATIBLE: "bold green", Verdict.INCOMPATIBLE: "bold red", Verdict.UNKNOWN: "bold magenta"}
_DIM = "dim"


def render(reports: Sequence[Report]) -> str:
    """Return the reports as plain text without colours."""
    return "".join("".join(text for _, text in line) + "\n" for line in lines(reports))


def lines(reports: Sequence[Report]) -> Iterator[Line]:
    """Yield the lines of the text, in spans of one style each."""
    for number, report in enumerate(reports):
        if number:
            yield ()
        yield from _model(report)
    if len(reports) > 1:
        yield ()
        yield (("bold", overall(reports)),)


def finding_lines(finding: Finding) -> Iterator[Line]:
    """Yield the lines of one finding."""
    word = label(finding)
    yield (_STYLES[word], f"{word}[{safe(finding.rule)}]"), ("bold", f": {safe(finding.message)}")
    if finding.where is not None:
        yield (_DIM, "  --> "), ("", safe(str(finding.where)))
    if finding.help:
        yield (_DIM, "  = help: "), ("", safe(finding.help))
    yield (_DIM, "  = docs: "), (_DIM, finding.docs)


def _model(report: Report) -> Iterator[Line]:
    yield (("bold", safe(pinned(report))),)
    yield from (((_DIM, f"  {name}: "), ("", safe(value))) for name, value in described(report))
    yield from (((_DIM, "  note: "), ("", safe(note))) for note in report.notes)
    for finding in report.findings:
        yield ()
        yield from finding_lines(located(report, finding))
    for finding, reason in report.suppressed:
        yield ()
        yield (_DIM, f"suppressed[{safe(finding.rule)}]"), ("", f": {safe(finding.message)}")
        yield (_DIM, "  = reason: "), ("", safe(reason))
    yield ()
    yield ((_VERDICTS[report.verdict], conclusion(report)),)
