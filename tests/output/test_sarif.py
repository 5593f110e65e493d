"""SARIF against its published schema, and what code scanning asks beyond it."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from syrupy.assertion import SnapshotAssertion

from tests.output.reports import ATTACK, BAD, FOLDER, GOOD, MEMORY, OUTAGE
from tests.output.test_formats import CASES
from validation.finding import Severity
from validation.output.sarif import render
from validation.report import Report
from validation.rules.rule import Answer, Rule, Subject

# The schema as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) ships it; SARIF is a standard of OASIS.
SCHEMA = json.loads(lzma.decompress((Path(__file__).parent / "sarif-2.1.0-rtm.5.json.xz").read_bytes()))


def _check(subject: Subject) -> "list[Answer]":
    """Weights have to fit.

    Why: a server that cannot hold them stops.
    """
    return [Answer(message=subject.facts.source)]


RULE = Rule(name="weights-exceed-memory", severity=Severity.ERROR, check=lambda subject: iter(_check(subject)))


def run(*reports: Report) -> Any:
    """Return the one run of the log."""
    return json.loads(render(reports, [RULE]))["runs"][0]


@pytest.mark.parametrize("case", CASES)
def test_the_log_is_valid(case: str) -> None:
    """The log is what the published schema says."""
    errors = [error.message for error in Draft4Validator(SCHEMA).iter_errors(json.loads(render(CASES[case], [RULE])))]

    assert [] == errors


def test_the_rendered_log_is_the_agreed_one(snapshot: SnapshotAssertion) -> None:
    """The log of a bad model, a folder and an outage is exactly as it was reviewed."""
    assert snapshot == render((BAD, FOLDER, OUTAGE), [RULE])


def test_every_result_has_a_place_in_a_file() -> None:
    """Code scanning refuses results without one."""
    places = [result["locations"][0]["physicalLocation"] for result in run(BAD, FOLDER, OUTAGE, ATTACK)["results"]]

    assert all(place["artifactLocation"]["uri"] for place in places)


def test_fingerprints_tell_findings_apart() -> None:
    """Two findings of one rule at one place are two alerts."""
    twice = run(BAD, FOLDER, OUTAGE, Report(**{**fields(GOOD), "findings": (MEMORY, MEMORY)}))["results"]
    prints = [result["partialFingerprints"]["slipway/v1"] for result in twice]

    assert len(prints) == len(set(prints))


def test_a_fingerprint_outlives_a_changed_number() -> None:
    """An alert stays the same one when only its message changes."""
    before, after = (
        run(Report(**{**fields(GOOD), "findings": (finding,)}))["results"][0]["partialFingerprints"]
        for finding in (MEMORY, type(MEMORY)(**{**fields(MEMORY), "message": "weights need 142 GiB"}))
    )

    assert before == after


def test_an_unknown_outcome_is_open() -> None:
    """A check that was not made is no failure of the model."""
    results = run(OUTAGE)["results"]

    assert [("open", "none")] == [(result["kind"], result["level"]) for result in results]
    assert not run(OUTAGE)["invocations"][0]["executionSuccessful"]


def test_a_suppressed_finding_says_why() -> None:
    """The reason goes along as its justification."""
    suppressions = [result.get("suppressions") for result in run(BAD)["results"] if "suppressions" in result]

    assert [[{"kind": "external", "justification": "bought, contract 17"}]] == suppressions


def fields(item: Any) -> dict[str, Any]:
    """Return the fields of a frozen data class, as they are."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}
