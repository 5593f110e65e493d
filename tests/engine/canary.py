"""A token that is looked for in all that is printed, kept and deployed."""

import base64
from collections.abc import Iterator
from pathlib import Path

CANARY = "canary-token-4f1c9a27"


def bodies(folder: Path) -> Iterator[bytes]:
    """Yield the content of every file in a folder."""
    yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())


def leaks(content: bytes) -> bool:
    """Return whether the canary is in the content, as it is or in base64."""
    return CANARY.encode() in content or base64.b64encode(CANARY.encode())[:20] in content
