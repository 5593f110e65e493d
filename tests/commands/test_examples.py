"""The models that are shipped: the good ones are clean, each bad one fails for its own reason only."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from validation.check import ModelRequest, Policy, check_models
from validation.finding import Outcome, Severity
from validation.report import Report

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED: Mapping[str, list[str]] = json.loads((EXAMPLES / "bad" / "expected.json").read_text())


def report(folder: Path) -> Report:
    """Return the report on one folder."""
    (found,) = check_models([ModelRequest(source=str(folder))], Policy())
    return found


def folders(kind: str) -> list[str]:
    """Return the names of the examples of one kind."""
    return sorted(path.name for path in (EXAMPLES / kind).iterdir() if path.is_dir())


@pytest.mark.parametrize("name", folders("good"))
def test_a_good_example_has_no_finding(name: str) -> None:
    """Not even a note."""
    assert () == report(EXAMPLES / "good" / name).findings


def test_every_bad_example_says_what_is_expected_of_it() -> None:
    """At least eight, each with its rules."""
    assert folders("bad") == sorted(EXPECTED)
    assert len(EXPECTED) >= 8


@pytest.mark.parametrize("name", folders("bad"))
def test_a_bad_example_fails_for_its_own_reason_only(name: str) -> None:
    """The errors that failed are those that the example is there for."""
    failed = [
        finding.rule
        for finding in report(EXAMPLES / "bad" / name).findings
        if finding.severity is Severity.ERROR and finding.outcome is Outcome.FAILED
    ]

    assert sorted(EXPECTED[name]) == sorted(set(failed))
