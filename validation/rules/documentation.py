"""The rules' own documentation, from their docstrings: for docs/rules.md and for the terminal."""

import re
from collections.abc import Iterable

from validation.rules.rule import Rule

HEADINGS = ("Why", "Example", "Fix", "Source")
_HEADING = re.compile(
    rf"^\s*(?:#+\s*|\*\*)?({'|'.join(HEADINGS)})(?:\*\*)?\s*[:.]?(?:\*\*)?\s*$|^({'|'.join(HEADINGS)}):\s+(.*)$"
)
_INTRODUCTION = """# Rules

Every check that Slipway makes of a model. This file is generated from the rules' own texts by `make docs`.

A rule ends as *passed*, *failed*, *skipped* (it does not apply, or a rule it builds on failed) or *unknown* (it could
not be checked; an outage is never reported as a failure). The severity is the usual one; the text says where it is not.
`python -m validation explain NAME` prints one of them. A stack ignores a rule for one model with a reason:
`ignore: [{rule: licence-not-allowed, reason: "bought, contract 17"}]`.
"""


def sections(rule: Rule) -> dict[str, str]:
    """Return the texts under Why, Example, Fix and Source, each on one line; a heading without text is left out."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in rule.documentation.splitlines()[1:]:
        match = _HEADING.match(line)
        if match:
            current = match[1] or match[2]
            found[current] = [match[3]] if match[3] else []
        elif current and line.strip():
            found[current].append(line.strip())
    return {heading: " ".join(lines) for heading, lines in found.items() if lines}


def markdown(rules: Iterable[Rule]) -> str:
    """Return docs/rules.md: a table of the rules, then each of them under its name."""
    rules = tuple(rules)
    rows = [f"| [`{rule.name}`](#{rule.name}) | {rule.severity} | {_cell(rule.summary)} |" for rule in rules]
    table = "\n".join(["| rule | severity | what it does |", "|---|---|---|", *rows])
    return "\n\n".join([_INTRODUCTION.strip(), table, *map(_entry, rules)]) + "\n"


def text(rule: Rule) -> str:
    """Return one rule's documentation as `explain` prints it."""
    parts = [f"{heading}: {found}" for heading, found in sections(rule).items()]
    ignoring = [] if rule.suppressible else ["This rule cannot be ignored."]
    return "\n\n".join([f"{rule.name} ({rule.severity})", rule.summary, *parts, *ignoring]) + "\n"


def _entry(rule: Rule) -> str:
    parts = [f"**{heading}.** {_sentence(found)}" for heading, found in sections(rule).items()]
    ignoring = [] if rule.suppressible else ["This rule cannot be ignored."]
    return "\n\n".join([f"## {rule.name}", f"Severity: {rule.severity}. {rule.summary}", *parts, *ignoring])


def _sentence(found: str) -> str:
    return found[:1].upper() + found[1:]


def _cell(summary: str) -> str:
    return summary.replace("|", "\\|").removesuffix(".")
