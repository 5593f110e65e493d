"""The one place where text from strangers is made harmless before a person or a program reads it."""

import re

MAX_CHARACTERS = 2000  # the longest message of our own stays under 500
_CI_COMMAND = re.compile(r"##(?=[a-z]*\[)")  # GitHub, Azure and TeamCity obey `##[..]`, `##vso[..]` anywhere in a line
_PIECES = re.compile(r"(`[^`]+`)")
_MARKDOWN = re.compile(r"([\\`*_\[\]#|~$]|:(?=//)|(?<=www)\.)")  # the last two make addresses into links
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def safe(text: str) -> str:
    r"""Return the text on one line, with all that does not print (ANSI, bidi, line ends) as ``\x1b``, ``\u202e``.

    What a CI system would take for a command is broken up, and a text of a stranger's length is cut.
    """
    cut = text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}..."
    shown = cut if cut.isprintable() else "".join(_printable(character) for character in cut)
    return _CI_COMMAND.sub("# #", shown)


def html(text: str) -> str:
    """Return safe text for HTML, in an element or in a quoted attribute."""
    return "".join(_HTML.get(character, character) for character in safe(text))


def html_prose(text: str) -> str:
    """Return safe text for an HTML element, with its `code` between backticks as ``<code>``."""
    return "".join(
        f"<code>{html(piece[1:-1])}</code>" if _PIECES.fullmatch(piece) else html(piece)
        for piece in _PIECES.split(safe(text))
    )


def markdown(text: str) -> str:
    """Return safe text for Markdown: nothing in it formats, links, mentions a person or breaks a table.

    Only `code` between backticks stays what it is.
    """
    return "".join(_span(piece) if _PIECES.fullmatch(piece) else _plain(piece) for piece in _PIECES.split(safe(text)))


def code(text: str) -> str:
    """Return safe text as one Markdown code span, whatever it holds."""
    quoted = safe(text).replace("`", "'")
    return _span(f"`{quoted}`") if quoted.strip() else ""


def workflow_data(text: str) -> str:
    """Return safe text for the message of a GitHub workflow command."""
    return safe(text).replace("%", "%25")


def workflow_property(text: str) -> str:
    """Return safe text for a property of a GitHub workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def _span(quoted: str) -> str:
    return quoted.replace("|", r"\|")  # else it would end a cell, even within backticks


def _plain(text: str) -> str:
    escaped = _MARKDOWN.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@<!-- -->")  # GitHub looks for mentions after Markdown's escapes are gone
