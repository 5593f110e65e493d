"""What the program is at, on a terminal only."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TextIO

from validation.output.safe import safe
from validation.output.terminal import shows_colours


@contextlib.contextmanager
def progress_on(stream: TextIO, first: str) -> Iterator[Callable[[str], None]]:
    """Show one line that moves while the block runs; the given function changes its text. Nothing on a file or pipe."""
    if not shows_colours(stream):
        yield lambda _text: None
        return
    from rich.console import Console  # noqa: PLC0415 - rich is for terminals only
    from rich.text import Text  # noqa: PLC0415 - the same

    with Console(file=stream).status(Text(safe(first))) as status:
        yield lambda text: status.update(Text(safe(text)))
