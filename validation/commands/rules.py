"""``python -m validation rules``: list all rules, as text, as JSON, or as docs/rules.md."""

import argparse

from validation.commands import Exit
from validation.commands.stream import write
from validation.output.json import dump
from validation.rules.registry import RULES


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the arguments of this command."""
    parser = subparsers.add_parser("rules", help="list all rules", description="List all rules.")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="(%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    write({"text": _text, "json": _json, "markdown": _markdown}[args.format]())
    return Exit.CLEAN


def _text() -> str:
    width = max(len(rule.name) for rule in RULES)
    return "".join(f"{rule.name:<{width}}  {rule.severity:<7}  {rule.summary}\n" for rule in RULES)


def _json() -> str:
    return dump(
        {
            "version": 1,
            "rules": [
                {
                    "rule": rule.name,
                    "severity": rule.severity.value,
                    "requires": list(rule.requires),
                    "summary": rule.summary,
                    "documentation": rule.documentation,
                    "docs": f"docs/rules.md#{rule.name}",
                }
                for rule in RULES
            ],
        }
    )


def _markdown() -> str:
    from validation.rules.documentation import markdown  # noqa: PLC0415 - only this format

    return markdown(RULES)
