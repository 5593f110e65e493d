"""Every rule of the contract passes one model and fails another."""

import re
from pathlib import Path

import pytest

from tests.rules.cases import access, adapter, files, meaning
from tests.rules.cases.case import Case
from validation.finding import Outcome
from validation.rules import engine, fit, instance, nodes, registry
from validation.rules.documentation import HEADINGS, sections
from validation.rules.rule import Rule

CASES = (*access.CASES, *files.CASES, *meaning.CASES, *adapter.CASES)
RULES = {rule.name: rule for rule in registry.RULES}
ELSEWHERE = frozenset(rule.name for family in (engine, fit, instance, nodes) for rule in family.RULES)


def _counting(case: Case) -> list[tuple[str, str, str, str]]:
    rule = RULES[case.rule]
    return [
        (answer.message, answer.severity or rule.severity, answer.outcome, str(answer.where or ""))
        for answer in rule.check(case.failing)
        if answer.outcome is not Outcome.SKIPPED
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_failing_case_is_found(case: Case) -> None:
    """The rule says exactly the expected, as heavily as expected, at the expected place."""
    assert [(case.message, case.severity, case.outcome, case.where)] == _counting(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_passing_case_is_left_alone(case: Case) -> None:
    """The rule finds nothing in the other model."""
    counting = [answer for answer in RULES[case.rule].check(case.passing) if answer.outcome is not Outcome.SKIPPED]
    assert [] == counting


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_every_finding_helps(case: Case) -> None:
    """Each failing answer says what to do, in lower case and without a full stop."""
    helps = [answer.help for answer in RULES[case.rule].check(case.failing) if answer.outcome is Outcome.FAILED]
    assert all(re.match(r"[^A-Z]", text) and not text.endswith(".") for text in helps)


def test_every_rule_has_a_case() -> None:
    """No rule stands in the registry without a passing and a failing model."""
    assert set(RULES) - ELSEWHERE == {case.rule for case in CASES}


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_the_rules_of_other_families_are_tested_by_name(name: str) -> None:
    """The families on engine and memory, which need tables of their own, name each rule in their tests."""
    texts = [path.read_text() for path in Path(__file__).parent.parent.rglob("test_*.py")]
    assert any(f'"{name}"' in text for text in texts)


@pytest.mark.parametrize("rule", registry.RULES, ids=lambda rule: rule.name)
def test_every_rule_is_documented_in_full(rule: Rule) -> None:
    """The docstring has a summary of one line, and Why, Example, Fix and Source."""
    assert list(HEADINGS) == list(sections(rule))
    assert rule.summary.endswith(".")


def test_names_are_unique_and_in_kebab_case() -> None:
    """A name identifies one rule, in documentation, reports and suppressions."""
    names = [rule.name for rule in registry.RULES]
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name) for name in names)


def test_required_rules_stand_before_those_that_require_them() -> None:
    """The registry's order lets every rule see the outcome of the ones it builds on."""
    names = [rule.name for rule in registry.RULES]
    late = [
        (rule.name, name)
        for rule in registry.RULES
        for name in rule.requires
        if name not in names[: names.index(rule.name)]
    ]
    assert [] == late
