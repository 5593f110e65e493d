"""Where a finding stands as seen from the folder in which the command runs."""

from dataclasses import replace

from validation.facts import Origin
from validation.finding import Finding, Place
from validation.report import Report

_STACK_FILES = (".yaml", ".yml")  # no rule places a finding in a YAML file of a model repository
_STACK_KEY = "slipway:"  # of a setting that came from Pulumi, not from a file


def path_of(report: Report, place: Place) -> str:
    """Return a path that a reader can open, or the repository's address before a file of a repository on the Hub."""
    if place.path.endswith(_STACK_FILES) or place.key.startswith(_STACK_KEY):
        return place.path
    source = report.source.rstrip("/")
    return place.path if place.path.startswith(f"{source}/") else f"{source}/{place.path}"


def is_local(report: Report, place: Place) -> bool:
    """Return whether the place is a file that can be opened from here."""
    if place.path.endswith(_STACK_FILES):
        return True
    return report.facts.origin is Origin.FOLDER and not place.key.startswith(_STACK_KEY)


def located(report: Report, finding: Finding) -> Finding:
    """Return the finding with a path that a reader can open, where it stands in a local file."""
    place = finding.where
    if place is None or not is_local(report, place):
        return finding
    return replace(finding, where=replace(place, path=path_of(report, place)))
