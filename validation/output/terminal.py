"""The text format with colours, for a terminal that shows them."""

import os
from collections.abc import Iterable
from typing import TextIO

from validation.output.text import Line


def shows_colours(stream: TextIO) -> bool:
    """Return whether colours are wanted: on a terminal that has them, or forced (NO_COLOR, FORCE_COLOR, TERM=dumb)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def paint(lines: Iterable[Line], stream: TextIO) -> None:
    """Write lines with their styles; the text is taken as it is, not as markup."""
    from rich.console import Console  # noqa: PLC0415 - rich is for terminals only
    from rich.text import Text  # noqa: PLC0415 - the same

    console = Console(file=stream, force_terminal=True, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((text, style) for style, text in line)))
