"""The list of files that have to be there, as the checks stated it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .problem import PrefetchError

CHUNK = 4 << 20
STATE = ".slipway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of the manifest: size in bytes, and its sha256 or git blob id where known.

    A file of another repository than the manifest's, an adapter's, states it with its commit and the path there.
    """

    path: str
    size: int
    sha256: str = ""
    blob_id: str = ""
    repository: str = ""
    commit: str = ""
    source: str = ""

    def has_size(self, path: Path) -> bool:
        """Return whether a file of the stated size is there."""
        return path.is_file() and path.stat().st_size == self.size

    def is_at(self, path: Path) -> bool:
        """Return whether the file is there with the stated size and hash; git's hash has the size in front."""
        if not self.has_size(path):
            return False
        git = bool(self.blob_id and not self.sha256)
        whole = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False) if git else hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                whole.update(piece)
        stated = self.sha256 or self.blob_id
        return not stated or whole.hexdigest() == stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What has to be in the folder; ``digest`` is the sha256 of the manifest file itself."""

    repository: str
    commit: str
    endpoint: str
    items: tuple[Item, ...]
    digest: str


def read_manifest(path: Path) -> Manifest:
    """Return the manifest; raise PrefetchError when it is malformed or names a path outside the target."""
    raw = path.read_bytes()
    try:
        stated: dict[str, Any] = json.loads(raw)
        items = tuple(
            Item(**{key: value for key, value in each.items() if value is not None}) for each in stated["files"]
        )
        manifest = Manifest(
            repository=stated["repository"],
            commit=stated["commit"],
            endpoint=stated["endpoint"].rstrip("/"),
            items=items,
            digest=hashlib.sha256(raw).hexdigest(),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PrefetchError("the manifest is malformed") from None
    if not all(_is_inside(item.path) and _is_inside(item.source or item.path) for item in items):
        raise PrefetchError("the manifest names a path outside the model's folder")
    return manifest


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return (
        not pure.is_absolute() and ".." not in pure.parts and "\\" not in path and pure.parts[:1] not in {(), (STATE,)}
    )
