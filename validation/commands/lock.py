"""``python -m validation lock``: record the facts of models, so that a check needs no network and no token."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from validation.commands import Exit, UsageError
from validation.commands.argument import plain, seconds
from validation.commands.source import checked_source
from validation.commands.stack import is_stack_file, read_stack
from validation.commands.stream import write
from validation.facts import Origin, RepositoryFacts, RepositoryState
from validation.output.safe import safe
from validation.sources.lock import LockError, write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

DEADLINE = 60.0  # seconds, for all models together
FOLDER = Path("stacks/locks")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the arguments of this command."""
    parser = subparsers.add_parser(
        "lock",
        help="record the facts of models at their commits",
        description="Record the facts of models at their commits into lock files: a check that finds one needs no "
        "network and no token, and the download of the weights is verified against its hashes.",
        epilog="exit codes: 0 all recorded, 1 a model cannot be, 2 usage, 3 the Hub was not reached",
    )
    add = parser.add_argument
    add("models", nargs="+", metavar="STACKFILE_OR_SOURCE", help="a stack file (.yaml), or hf://org/name")
    add("--revision", type=plain, default="", help="branch, tag or commit of the one SOURCE (its default branch)")
    add("--dir", type=Path, default=FOLDER, metavar="DIR", help="where the lock files are (%(default)s)")
    add("--timeout", type=seconds, default=DEADLINE, metavar="SECONDS", help="for all models together (%(default)g)")


def run(args: argparse.Namespace) -> int:
    """Record each model and say where; return the exit code."""
    requests = gather(args.models, args.revision)
    found = read_all(requests, SourceOptions(deadline=args.timeout))
    codes = [_record(facts, args.dir) for facts in found]
    return Exit.UNCHECKED if Exit.UNCHECKED in codes and Exit.FINDINGS not in codes else max(codes, default=Exit.CLEAN)


def gather(typed: Sequence[str], revision: str) -> list[SourceRequest]:
    """Return what the arguments name, each once; raise UsageError for what they cannot."""
    if revision and (len(typed) > 1 or is_stack_file(typed[0])):
        raise UsageError("--revision goes with one SOURCE; a stack file states its own")
    found: list[SourceRequest] = []
    for item in typed:
        if is_stack_file(item):
            found += [model.request for model in read_stack(Path(item)).models]
        else:
            found.append(SourceRequest(checked_source(item), revision))
    return list(dict.fromkeys(found))


def say(line: str) -> None:
    """Write a line for people to the standard error, beside what the command prints."""
    sys.stderr.write(f"{safe(line)}\n")


def refused(facts: RepositoryFacts) -> Exit:
    """Say why a repository could not be read, and return what that means for the exit code."""
    say(f"error: {facts.source}: {facts.detail or facts.state.value}")
    return Exit.UNCHECKED if facts.state is RepositoryState.UNREACHABLE else Exit.FINDINGS


def _record(facts: RepositoryFacts, folder: Path) -> Exit:
    if not facts.readable:
        return refused(facts)
    if facts.origin is Origin.FOLDER:
        say(f"{facts.source}: a folder needs no lock")
        return Exit.CLEAN
    try:
        path = write_lock(facts, folder)
    except LockError as error:
        say(f"error: {facts.source}: a lock {error.reason}")
        return Exit.UNCHECKED
    write(f"{safe(str(path))}\n")
    if facts.revision != facts.commit:
        say(f"note: {facts.source}: the revision is not pinned; `python -m validation pin` writes {facts.commit}")
    return Exit.CLEAN
