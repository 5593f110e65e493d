"""An argument parser that says what is wrong in one line, and repeats no value: it may be a token."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from validation.commands import Exit
from validation.output.safe import safe


def suggestion(value: str, known: Iterable[str]) -> str:
    """Return ``; did you mean `check`?`` for a value that is nearly one of the known, else nothing."""
    import difflib  # noqa: PLC0415 - only where something is wrong

    near = difflib.get_close_matches(value.lower(), [*known], n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


class Parser(argparse.ArgumentParser):
    """``argparse.ArgumentParser`` without its habit of printing what was typed."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - passed on as they are
        """Take argparse's own settings; options are never abbreviated."""
        super().__init__(**{**settings, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with the exit code for usage."""
        if "ignored explicit argument" in message:
            message = f"{message.partition(':')[0]}: takes no value"
        sys.stderr.write(f"error: {safe(message)} (`{self.prog} --help` shows how)\n")
        sys.exit(Exit.USAGE)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override] # noqa: ANN401 - argparse overloads it by the namespace's type, of which we have one
        """Parse all arguments; an unknown option is named without its value, anything else not at all."""
        found: argparse.Namespace
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(self._unknown(unknown))
        return found

    def _check_value(self, action: argparse.Action, value: object) -> None:
        choices = [str(choice) for choice in action.choices or ()]
        if choices and value not in choices:
            hint = suggestion(str(value), choices)
            raise argparse.ArgumentError(action, f"choose from {', '.join(choices)}{hint}")

    def _unknown(self, arguments: Sequence[str]) -> str:
        options = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
        if not options:
            return "more arguments than the command takes"
        known = {option for action in self._every_action() for option in action.option_strings}
        return f"unknown option `{options[0]}`{suggestion(options[0], known)}"

    def _every_action(self) -> Iterable[argparse.Action]:
        for action in self._actions:
            yield action
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public name for it
                for parser in action.choices.values():
                    yield from parser._actions  # noqa: SLF001 - the same
