"""``python -m validation explain RULE``: print what a rule is for and how to satisfy it."""

import argparse

from validation.commands import Exit, UsageError
from validation.commands.argument import plain
from validation.commands.parser import suggestion
from validation.commands.stream import write
from validation.rules.documentation import text
from validation.rules.registry import RULES


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the arguments of this command."""
    parser = subparsers.add_parser("explain", help="print what a rule is for", description="Print a rule's own text.")
    parser.add_argument("rule", metavar="RULE", type=plain, help="such as `config-missing`; `rules` lists all")


def run(args: argparse.Namespace) -> int:
    """Print the rule's text; raise UsageError for a name that no rule has."""
    rule = next((rule for rule in RULES if rule.name == args.rule), None)
    if rule is None:
        hint = suggestion(args.rule, [rule.name for rule in RULES]) or "; `python -m validation rules` lists all"
        raise UsageError(f"no rule has this name{hint}")
    write(text(rule))
    return Exit.CLEAN
