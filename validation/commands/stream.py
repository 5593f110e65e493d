"""Where the output of a command goes: a file, a terminal with colours, or a plain stream."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from validation.commands import UsageError
from validation.output import render
from validation.output.terminal import paint, shows_colours
from validation.report import Report


def show(reports: Sequence[Report], form: str, destination: Path | None) -> None:
    """Write the reports in one format to a file, or to the standard output."""
    if form == "text" and destination is None and shows_colours(sys.stdout):
        from validation.output.text import lines  # noqa: PLC0415 - only this format

        paint(lines(reports), sys.stdout)
    else:
        write(render(form, reports), destination)


def write(text: str, destination: Path | None = None) -> None:
    """Write text to a file, or to the standard output; a reader that has left its pipe is no error."""
    if destination is not None and str(destination) != "-":
        _write_file(text, destination)
        return
    try:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(text: str, destination: Path) -> None:
    try:
        destination.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            f"`{destination}` cannot be written: {(error.strerror or 'no reason given').lower()}"
        ) from None
