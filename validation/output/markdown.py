"""Reports as Markdown, for a comment on a pull request or a job's summary."""

from collections.abc import Iterator, Sequence

from validation.finding import Finding
from validation.output.place import located
from validation.output.safe import code, markdown
from validation.output.summary import conclusion, described, label, overall, pinned
from validation.report import Report


def render(reports: Sequence[Report]) -> str:
    """Return a heading, a table of facts and a list of findings for each model."""
    return "\n".join(_lines(reports)) + "\n"


def _lines(reports: Sequence[Report]) -> Iterator[str]:
    for number, report in enumerate(reports):
        if number:
            yield ""
        yield from _model(report)
    if len(reports) > 1:
        yield from ("", f"**{markdown(overall(reports))}**")


def _model(report: Report) -> Iterator[str]:
    yield from (f"### {code(pinned(report))}", "", f"**{markdown(conclusion(report))}**")
    facts = described(report)
    if facts:
        yield from ("", "| | |", "|---|---|", *(f"| {name} | {code(value)} |" for name, value in facts))
    if report.notes:
        yield from ("", *(f"> note: {markdown(note)}" for note in report.notes))
    if report.findings or report.suppressed:
        yield ""
    for finding in report.findings:
        yield from _finding(located(report, finding))
    for finding, reason in report.suppressed:
        yield f"- suppressed {code(finding.rule)}: {markdown(finding.message)} (reason: {markdown(reason)})"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"- **{label(finding)}** [{code(finding.rule)}]({finding.docs}): {markdown(finding.message)}"
    if finding.where is not None:
        yield f"  - at {code(str(finding.where))}"
    if finding.help:
        yield f"  - help: {markdown(finding.help)}"
