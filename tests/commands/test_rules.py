"""``python -m validation rules`` and ``explain``."""

import json

import pytest

from validation.__main__ import main
from validation.rules.documentation import markdown
from validation.rules.registry import RULES

NAMES = [rule.name for rule in RULES]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that succeeds and return what it printed."""
    assert 0 == main(arguments)
    return capsys.readouterr().out


def test_the_list_has_a_line_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, severity and what it does, in the order in which they run."""
    lines = printed(capsys, "rules").splitlines()

    assert NAMES == [line.split()[0] for line in lines]


def test_the_list_is_there_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has the same rules."""
    document = json.loads(printed(capsys, "rules", "--format", "json"))

    assert (1, NAMES) == (document["version"], [rule["rule"] for rule in document["rules"]])


def test_the_documentation_is_made_from_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Markdown is docs/rules.md."""
    assert markdown(RULES) == printed(capsys, "rules", "--format", "markdown")


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_explains_itself(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The text has the rule's name, why it is there, and how to satisfy it."""
    text = printed(capsys, "explain", name)

    assert text.startswith(name)
    assert all(f"{heading}: " in text for heading in ("Why", "Fix"))
