"""Shortcuts for tests that read from the stand-in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.hub.server import Hub
from validation.facts import RepositoryFacts
from validation.sources.read import SourceOptions, SourceRequest, read_all

TOKEN = "hf_canaryReaderToken0123456789"


def options(hub: Hub, **changes: Any) -> SourceOptions:
    """Return options that point at the stand-in, without a token."""
    return replace(SourceOptions(endpoint=hub.url, token="", deadline=10.0), **changes)


def read(hub: Hub, identity: str = "acme/tiny-chat", revision: str = "", **changes: Any) -> RepositoryFacts:
    """Return the facts of one repository of the stand-in."""
    (facts,) = read_all([SourceRequest(f"hf://{identity}", revision)], options(hub, **changes))
    return facts


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder and return it."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder
