"""The command line: ``python -m validation COMMAND``. Only the command that is asked for is imported."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from validation.commands import Exit, UsageError
from validation.commands.parser import Parser
from validation.output.safe import safe

COMMANDS = {
    "check": "check models against the contract and the engine",
    "fit": "say on how many of which GPUs a model fits",
    "lock": "record the facts of models at their commits, for checks without a network",
    "pin": "write the commit of each model into a stack file",
    "rules": "list all rules",
    "explain": "print what a rule is for and how to satisfy it",
}
DEBUG = "SLIPWAY_DEBUG"  # set: internal errors come with their traceback


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; print no traceback, whatever happens."""
    wanted = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(wanted)
    except UsageError as error:
        _say(f"error: {error}")
        return Exit.USAGE
    except KeyboardInterrupt:
        _say("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _close_output()
        return Exit.UNCHECKED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        _say(f"error: {_internal(error)}; this is a bug of Slipway, {DEBUG}=1 shows more")
        return Exit.UNCHECKED


def _run(arguments: list[str]) -> int:
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    is_first = name in COMMANDS and name == arguments[0]  # then nobody asks for a list of the others
    parser = Parser(prog="python -m validation", description="Check models before they are deployed.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command, summary in COMMANDS.items():
        if command == name:
            import_module(f"validation.commands.{command}").add_parser(subparsers)
        elif not is_first:
            subparsers.add_parser(command, help=summary)
    args = parser.parse_args(arguments)
    code: int = import_module(f"validation.commands.{args.command}").run(args)
    sys.stdout.flush()
    return code


def _internal(error: Exception) -> str:
    """Return the kind and the place of an error, not its message: that may hold what it stumbled over."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119 - one name, before any import
    return f"{type(error).__name__}{place}"


def _say(line: str) -> None:
    try:
        sys.stderr.write(f"{safe(line)}\n")
        sys.stderr.flush()
    except OSError:
        pass


def _close_output() -> None:
    """Let Python's own flush at exit go nowhere: the reader of the pipe has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
