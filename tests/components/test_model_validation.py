"""ModelValidation: what it logs, what it shows, what it blocks."""

from typing import Any

import pytest

from components.model_validation import ModelValidation, ModelValidationArgs, finding_text
from tests.components.recording import Recording, record


def finding(**changes: Any) -> Any:
    """Return a failed error with all texts, with changes."""
    return {
        "rule": "weights-exceed-memory",
        "severity": "error",
        "outcome": "failed",
        "message": "weights need 141.1 GiB, 1 x H100-SXM offers 73.3 GiB",
        "help": "set gpusPerReplica to 4",
        "docs": "docs/rules.md#weights-exceed-memory",
        "where": "stacks/Pulumi.prod.yaml:14:9 slipway:models[0]",
        **changes,
    }


def run(*findings: Any, **changes: Any) -> tuple[ModelValidation, Recording]:
    """Return the component of a report with these findings, and what it registered."""
    made: list[ModelValidation] = []
    args: ModelValidationArgs = {
        "model": "llama",
        "source": "hf://a/b",
        "verdict": "incompatible",
        "findings": list(findings),
        **changes,  # type: ignore[typeddict-item]  # a literal with changes
    }
    recording = record(lambda: made.append(ModelValidation("llama", args)))
    return made[0], recording


def test_a_failed_error_is_logged_under_the_models_urn_and_blocks() -> None:
    """The engine shows it under the right resource, with place, help and docs."""
    component, recording = run(finding())

    assert [
        (
            "error",
            (
                "error[weights-exceed-memory]: weights need 141.1 GiB, 1 x H100-SXM offers 73.3 GiB\n"
                "  --> stacks/Pulumi.prod.yaml:14:9 slipway:models[0]\n"
                "  = help: set gpusPerReplica to 4\n"
                "  = docs: docs/rules.md#weights-exceed-memory"
            ),
            "urn:pulumi:test::slipway::pulumi:pulumi:Stack$slipway:index:ModelValidation::llama",
        )
    ] == recording.logs
    assert component.blocks
    assert ("weights-exceed-memory",) == component.blocking


@pytest.mark.parametrize(
    ("severity", "outcome", "level", "blocks"),
    [
        ("error", "failed", "error", True),
        ("error", "unknown", "error", True),
        ("warning", "failed", "warning", False),
        ("warning", "unknown", "warning", False),
        ("note", "failed", "info", False),
        ("note", "unknown", "info", False),
    ],
)
def test_severity_and_outcome_decide_level_and_block(severity: str, outcome: str, level: str, *, blocks: bool) -> None:
    """Only errors block, also those that could not be checked."""
    component, recording = run(finding(severity=severity, outcome=outcome))

    assert [level] == [each[0] for each in recording.logs]
    assert blocks is component.blocks


def test_an_unknown_error_says_that_it_could_not_be_checked() -> None:
    """An outage is never worded as a failure."""
    text = finding_text(finding(outcome="unknown", message="the Hub does not answer"))

    assert text.startswith("error[weights-exceed-memory]: could not check: the Hub does not answer\n")


def test_a_message_that_already_says_so_is_left_alone() -> None:
    """Nobody reads `could not check: could not ...`."""
    text = finding_text(
        {"rule": "r", "severity": "error", "outcome": "unknown", "message": "could not read the config"}
    )

    assert "error[r]: could not read the config" == text


def test_fail_on_warning_makes_warnings_block() -> None:
    """A strict stack fails on what others only warn of, and says so at the level that fails."""
    component, recording = run(finding(severity="warning"), finding(rule="other", severity="note"), fail_on="warning")

    assert ["error", "info"] == [each[0] for each in recording.logs]
    assert ("weights-exceed-memory",) == component.blocking


def test_unknown_errors_can_be_tolerated() -> None:
    """A stack may deploy through an outage, with a warning."""
    component, recording = run(finding(outcome="unknown"), tolerate_unknown=True)

    assert ["warning"] == [each[0] for each in recording.logs]
    assert not component.blocks


def test_two_findings_of_one_rule_are_judged_each() -> None:
    """A warning of a rule whose other finding is an error stays a warning."""
    _, recording = run(finding(), finding(severity="warning"))

    assert ["error", "warning"] == [each[0] for each in recording.logs]


def test_the_plan_shows_rules_but_no_messages() -> None:
    """A message may count days until a date, which would be a change in every preview."""
    _, recording = run(finding(message="ends in 12 days"), finding(rule="gone", outcome="unknown"), commit="abc")
    inputs = recording.resources[0].plain

    assert {
        "model": "llama",
        "source": "hf://a/b",
        "verdict": "incompatible",
        "commit": "abc",
        "failed": ["weights-exceed-memory"],
        "notChecked": ["gone"],
    } == {key: value for key, value in inputs.items() if value is not None}
