"""The rules' documentation, from their own texts."""

from collections.abc import Iterator
from pathlib import Path

from validation.finding import Severity
from validation.rules.documentation import markdown, sections, text
from validation.rules.registry import RULES
from validation.rules.rule import Answer, Rule, Subject


def _documented(_: Subject) -> Iterator[Answer]:
    """Require a hull that holds.

    Why: water comes in
    through holes.
    Example: a hole.
    Fix: a plank.
    Source: old sailors.
    """
    yield from ()


_RULE = Rule(name="hull-leaks", severity=Severity.ERROR, check=_documented, suppressible=False)
_EXPLAINED = """hull-leaks (error)

Require a hull that holds.

Why: water comes in through holes.

Example: a hole.

Fix: a plank.

Source: old sailors.

This rule cannot be ignored.
"""


def test_a_rule_is_explained_in_full() -> None:
    """`explain` prints name, severity, summary and the four headings."""
    assert _EXPLAINED == text(_RULE)


def test_lines_of_one_heading_are_joined() -> None:
    """A heading's text may run over several lines of the docstring."""
    assert "water comes in through holes." == sections(_RULE)["Why"]


def test_the_page_has_a_row_and_an_entry_for_each_rule() -> None:
    """docs/rules.md links each rule from its table to its heading."""
    page = markdown(RULES)
    assert [] == [rule.name for rule in RULES if f"[`{rule.name}`](#{rule.name})" not in page]
    assert [rule.name for rule in RULES] == [line[3:] for line in page.splitlines() if line.startswith("## ")]


def test_the_page_is_the_same_each_time() -> None:
    """A generated file that differs without a cause would fail the build."""
    assert markdown(RULES) == markdown(RULES)


def test_the_page_in_the_repository_is_up_to_date() -> None:
    """docs/rules.md says what the rules say; `make docs` writes it anew."""
    assert markdown(RULES) == (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
