"""The commands of ``python -m validation``; each module has ``add_parser(subparsers)`` and ``run(args) -> int``."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says."""

    CLEAN = 0  # nothing found, or less than --fail-on
    FINDINGS = 1
    USAGE = 2
    UNCHECKED = 3  # an outage: neither good nor bad
    INTERRUPTED = 130


class UsageError(Exception):
    """The command was asked for something that it cannot do; the message is one safe line."""
