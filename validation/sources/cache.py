"""The cache of what never changes: what the files of a repository hold at one commit of one Hub.

An entry is a checksum and the text of a lock. Whoever is killed while writing leaves the old entry or none; an entry
that is damaged is removed and read anew. Neither a token nor what a token may do is part of it.
"""

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from validation.data import Data
from validation.facts import RepositoryFacts
from validation.sources.lock import MAX_LOCK_BYTES, LockError, lock_text, parse_lock
from validation.sources.replacement import replace_file

HUB = "https://huggingface.co"
MAX_BYTES = 256 << 20  # of all entries; the ones that were not used for the longest time go first
MAX_ENTRY_BYTES = MAX_LOCK_BYTES
STALE = 3600.0  # seconds after which a file that was never finished is nobody's any more
_DIGEST = 64  # characters of a sha256
_HEX = "[0-9a-f]"  # what a folder that is not a cache has no names of


class Cache(Data):
    """The entries of one Hub; ``folder`` holds those of all."""

    folder: Path
    endpoint: str = ""
    max_bytes: int = MAX_BYTES

    def find(self, repository: str, commit: str) -> RepositoryFacts | None:
        """Return what was kept of a repository at a commit, as it was then; None when that is nothing or damaged."""
        path = self._path(repository, commit)
        try:
            with path.open("rb") as file:
                data = file.read(_DIGEST + 1 + MAX_ENTRY_BYTES + 1)
        except OSError:
            return None
        facts = _parsed(data)
        if facts is None or (facts.repository, facts.commit) != (repository, commit):
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return facts

    def complete(self, listed: RepositoryFacts) -> RepositoryFacts | None:
        """Return the facts of a listing with what was kept of its files; None when they were not, or are others."""
        kept = self.find(listed.repository, listed.commit)
        if kept is None or kept.files != listed.files:
            return None
        if listed.parameters and dict(kept.parameters) != dict(listed.parameters):
            return None
        same = kept.tags == listed.tags and all(item.architectures or item.tokenizer for item in kept.ancestors)
        return replace(
            listed,
            documents=kept.documents,
            texts=kept.texts,
            parameters=kept.parameters,
            tensors=kept.tensors,
            header_problems=kept.header_problems,
            ancestors=kept.ancestors if same else (),
        )

    def keep(self, facts: RepositoryFacts) -> None:
        """Keep complete facts of a commit; what is half read, too large or cannot be written is not kept."""
        try:
            text = lock_text(facts)
            if len(text) > MAX_ENTRY_BYTES:
                return
            path = self._path(facts.repository, facts.commit)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            digest = hashlib.sha256(text).hexdigest().encode()
            replace_file(path, digest + b"\n" + text, new_mode=0o600, durable=False)
        except (LockError, OSError):
            return

    def prune(self) -> None:
        """Remove what was not used for the longest time, above the limit, and what was never finished."""
        entries, now = [], time.time()
        for path in self.folder.glob(f"{_HEX * 16}/*.json*"):
            with suppress(OSError):
                status = path.stat()
                if not path.name.startswith("."):
                    entries.append((status.st_mtime, status.st_size, path))
                elif now - status.st_mtime > STALE:
                    path.unlink()
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self.max_bytes:
                return
            with suppress(OSError):
                path.unlink()
            total -= size

    def _path(self, repository: str, commit: str) -> Path:
        endpoint = (self.endpoint or os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
        name = f"{repository}@{commit}".encode()
        hub = hashlib.sha256(endpoint.encode()).hexdigest()[:16]
        return self.folder / hub / f"{hashlib.sha256(name).hexdigest()}.json"


def _parsed(data: bytes) -> RepositoryFacts | None:
    digest, text = data[:_DIGEST], data[_DIGEST + 1 :]
    if data[_DIGEST : _DIGEST + 1] != b"\n" or hashlib.sha256(text).hexdigest().encode() != digest:
        return None
    try:
        return parse_lock(text)
    except LockError:
        return None
