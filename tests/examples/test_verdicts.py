"""The good repositories pass, and each bad one fails for its own reason and no other."""

import json
from datetime import date
from pathlib import Path

import pytest

from validation.check import ModelRequest, Policy, check_models
from validation.finding import Outcome, Severity
from validation.report import Report, Verdict
from validation.sources.read import SourceOptions
from validation.wish import Wish

ROOT = Path(__file__).parent.parent.parent / "examples"
EXPECTED: dict[str, list[str]] = json.loads((ROOT / "bad" / "expected.json").read_text())
GOOD = {"tiny-chat": "chat", "tiny-embedding": "embedding"}


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Return the report of every example under the default contract and engine, checked in one go."""
    folders = [*(f"good/{name}" for name in GOOD), *(f"bad/{name}" for name in EXPECTED)]
    requests = [ModelRequest(source=str(ROOT / folder), revision="", wish=Wish()) for folder in folders]
    policy = Policy(engine="0.33.0", sources=SourceOptions(offline=True), today=date(2026, 11, 23))
    found = check_models(requests, policy)
    return {folder.partition("/")[2]: report for folder, report in zip(folders, found, strict=True)}


@pytest.mark.parametrize(("name", "model_type"), GOOD.items())
def test_a_good_repository_passes_without_a_finding(reports: dict[str, Report], name: str, model_type: str) -> None:
    """Nothing is wrong with it, and its type is told from its files."""
    report = reports[name]

    assert (Verdict.COMPATIBLE, ()) == (report.verdict, report.findings)
    assert (model_type, "apache-2.0") == (report.model.model_type, report.model.licence)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_repository_fails_for_its_own_reason_only(reports: dict[str, Report], name: str) -> None:
    """One rule fails, with a fix, and nothing else is found beside it."""
    report = reports[name]

    assert EXPECTED[name] == [finding.rule for finding in report.findings]
    assert {(Severity.ERROR, Outcome.FAILED)} == {(finding.severity, finding.outcome) for finding in report.findings}
    assert all(finding.help for finding in report.findings)


def test_every_reason_is_shown_once() -> None:
    """No two examples say the same."""
    reasons = [rule for rules in EXPECTED.values() for rule in rules]

    assert sorted(set(reasons)) == sorted(reasons)
