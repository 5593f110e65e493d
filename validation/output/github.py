"""Reports as workflow commands, which GitHub shows as annotations of the files of a pull request."""

from collections.abc import Iterator, Sequence

from validation.finding import Finding, Outcome, Severity
from validation.output.place import is_local, path_of
from validation.output.safe import safe, workflow_data, workflow_property
from validation.output.summary import conclusion, overall, pinned
from validation.report import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(reports: Sequence[Report]) -> str:
    """Return one command a finding, and a plain line a model."""
    return "\n".join(_lines(reports)) + "\n"


def _lines(reports: Sequence[Report]) -> Iterator[str]:
    for report in reports:
        yield from (_command(report, finding) for finding in report.findings)
        yield f"model {safe(pinned(report))}: {conclusion(report)}"
    if len(reports) > 1:
        yield overall(reports)


def _command(report: Report, finding: Finding) -> str:
    unknown = finding.outcome is Outcome.UNKNOWN
    command = "warning" if unknown else _COMMANDS[finding.severity]
    title = f"{finding.rule} (not checked)" if unknown else finding.rule
    properties = [*_place(report, finding), f"title={workflow_property(title)}"]
    return f"::{command} {','.join(properties)}::{'%0A'.join(_message(report, finding))}"


def _message(report: Report, finding: Finding) -> Iterator[str]:
    yield workflow_data(f"{report.name}: {finding.message}")
    if finding.where is not None and not is_local(report, finding.where):
        yield workflow_data(f"at: {finding.where}")
    if finding.help:
        yield workflow_data(f"help: {finding.help}")
    yield workflow_data(f"docs: {finding.docs}")


def _place(report: Report, finding: Finding) -> Iterator[str]:
    place = finding.where
    if place is None or not is_local(report, place):
        return
    yield f"file={workflow_property(path_of(report, place))}"
    if place.line is not None:
        yield f"line={place.line}"
        if place.column is not None:
            yield f"col={place.column}"
