"""What a ``source`` names: a repository on the Hub, a folder, or a lock file."""

import re
from enum import StrEnum
from pathlib import Path

from validation.data import Data

HUB = "hf://"
MAX_REVISION = 200  # characters; the longest refs seen stay under 80
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9_])?", re.ASCII)
_REVISION = re.compile(r"[\w][\w./+-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Kind(StrEnum):
    """Where a source is."""

    HUB = "hub"
    FOLDER = "folder"
    LOCK = "lock"
    INVALID = "invalid"


class Address(Data):
    """A source, understood: ``repository`` for the Hub, ``path`` for a folder or a lock, ``problem`` for neither."""

    kind: Kind
    repository: str = ""
    path: Path = Path()
    problem: str = ""


def address(source: str, base: Path) -> Address:
    """Return what a source names; folders and lock files are looked for relative to ``base``."""
    if source.startswith(HUB):
        return _hub(source.removeprefix(HUB))
    if not source or not source.isprintable() or "://" in source:
        return Address(kind=Kind.INVALID, problem="a source is `hf://org/name`, a folder or a lock file")
    path = base / source
    try:
        if path.is_dir():
            return Address(kind=Kind.FOLDER, path=path)
        if path.is_file() and path.suffix == ".json":
            return Address(kind=Kind.LOCK, path=path)
    except OSError:
        return Address(kind=Kind.INVALID, problem="the source is no path that can be looked at")
    return Address(
        kind=Kind.INVALID, problem="there is no such folder or lock file; a model on the Hub is `hf://org/name`"
    )


def is_repository(identity: str) -> bool:
    """Return whether this is a name that the Hub could have given: ``org/name``, or ``name`` of its first days."""
    parts = identity.split("/")
    if len(parts) > 2 or ".." in identity or "--" in identity or identity.endswith(".git"):  # noqa: PLR2004 - org and name
        return False
    return all(_NAME.fullmatch(part) for part in parts)


def is_revision(revision: str) -> bool:
    """Return whether this could be a branch, a tag or a commit."""
    return len(revision) <= MAX_REVISION and ".." not in revision and _REVISION.fullmatch(revision) is not None


def is_commit(revision: str) -> bool:
    """Return whether this is a full commit: 40 hex digits in lower case."""
    return _COMMIT.fullmatch(revision) is not None


def _hub(identity: str) -> Address:
    if is_repository(identity):
        return Address(kind=Kind.HUB, repository=identity)
    if "@" in identity:
        return Address(kind=Kind.INVALID, problem="a revision is not part of the source; state it as `revision`")
    return Address(kind=Kind.INVALID, problem="the source is no valid name of a model; write `hf://org/name`")
