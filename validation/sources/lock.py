"""Lock files: the facts of a repository at one commit, kept so that a check needs no network and no token."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from validation.facts import RepositoryFacts
from validation.jsontext import JsonError, JsonObject, parse_object
from validation.sources.address import is_commit
from validation.sources.record import RecordError, from_record, to_record
from validation.sources.replacement import replace_file

VERSION = 1
MAX_LOCK_BYTES = 32 << 20
COMMIT_DIGITS = 12  # of the commit in a lock's file name


class LockError(ValueError):
    """A lock file that cannot be used; ``reason`` completes "the lock file ..." and is safe to show."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def lock_name(repository: str, commit: str) -> str:
    """Return the name of a lock file; no repository has ``--`` in its own name, so that no two share one."""
    return f"{repository.replace('/', '--')}@{commit[:COMMIT_DIGITS]}.json"


def write_lock(facts: RepositoryFacts, folder: Path) -> Path:
    """Record the facts in a folder and return the file's path; equal facts give equal bytes.

    A lock that already says the same keeps its date, so that locking again changes no file.
    Raises LockError for facts that are no complete reading of a commit, and for a folder that cannot be written.
    """
    text = lock_text(facts)
    path = folder / lock_name(facts.repository, facts.commit)
    parse_lock(text)
    if _is_same(path, facts):
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
    except OSError as error:
        raise LockError(f"cannot be written: {(error.strerror or 'no reason given').lower()}") from None
    return path


def lock_text(facts: RepositoryFacts) -> bytes:
    """Return the text of a lock; raise LockError for facts that are no complete reading of a commit."""
    if not facts.readable or not is_commit(facts.commit) or not facts.repository:
        raise LockError("is only written for a repository that could be read at a commit")
    if any(item.unread for items in (facts.documents, facts.texts) for item in items.values()):
        raise LockError("is only written when all small files could be read")
    if any(item.unread for item in facts.header_problems):
        raise LockError("is only written when all headers could be read")
    return _dump(facts)


def read_lock(path: Path) -> RepositoryFacts:
    """Return the facts of a lock file; raise LockError when it is missing, malformed or of another version."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LOCK_BYTES + 1)
    except OSError as error:
        raise LockError(f"cannot be read: {(error.strerror or 'no reason given').lower()}") from None
    return parse_lock(data)


def find_lock(folder: Path, repository: str, revision: str) -> RepositoryFacts | None:
    """Return the locked facts of a repository at a commit, or the latest that were recorded for a branch or tag.

    Raises LockError for a lock that has the right name and cannot be used.
    """
    if is_commit(revision):
        path = folder / lock_name(repository, revision)
        return _of(path, repository, revision) if path.is_file() else None
    found = []
    for path in sorted(folder.glob(f"{lock_name(repository, '')[: -len('.json')]}*.json")):
        facts = _of(path, repository, "")
        if facts is not None and facts.revision == revision:
            found.append(facts)
    return max(found, key=lambda facts: (facts.read_at or datetime.min.replace(tzinfo=UTC), facts.commit), default=None)


def with_age(facts: RepositoryFacts, now: datetime | None = None, *, record: str = "lock") -> RepositoryFacts:
    """Return facts of a record (a lock or a cache) with a note on when they were recorded."""
    if facts.read_at is None:
        return replace(facts, notes=(*facts.notes, f"facts from a {record} without a date"))
    days = ((now or datetime.now(UTC)) - facts.read_at).days
    age = "today" if days <= 0 else f"{days} day{'s' if days > 1 else ''} ago"
    return replace(facts, notes=(*facts.notes, f"facts from the {record} of {facts.read_at:%Y-%m-%d} ({age})"))


def _is_same(path: Path, facts: RepositoryFacts) -> bool:
    try:
        return path.is_file() and _dump(replace(read_lock(path), read_at=None)) == _dump(replace(facts, read_at=None))
    except LockError:
        return False


def _of(path: Path, repository: str, commit: str) -> RepositoryFacts | None:
    facts = read_lock(path)
    if facts.repository != repository or (commit and facts.commit != commit):
        raise LockError("holds the facts of another repository or commit than its name says")
    return facts


def _dump(facts: RepositoryFacts) -> bytes:
    """Return the lock's text: a line for each key and file, so that a difference shows what changed."""
    record = to_record(facts)
    lines = [f'"version": {VERSION}']
    for key, value in sorted(record.items()):
        if isinstance(value, list) and value:
            items = ",\n".join(f"    {_compact(item)}" for item in value)
            lines.append(f"{_compact(key)}: [\n{items}\n  ]")
        elif isinstance(value, dict) and value:
            items = ",\n".join(f"    {_compact(name)}: {_compact(item)}" for name, item in sorted(value.items()))
            lines.append(f"{_compact(key)}: {{\n{items}\n  }}")
        else:
            lines.append(f"{_compact(key)}: {_compact(value)}")
    return ("{\n  " + ",\n  ".join(lines) + "\n}\n").encode()


def _compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def parse_lock(data: bytes) -> RepositoryFacts:
    """Return the facts of a lock's text; raise LockError when it is malformed or of another version."""
    try:
        record: JsonObject = parse_object(data, MAX_LOCK_BYTES)
        version = record.pop("version", None)
        if version != VERSION or isinstance(version, bool):
            raise LockError(f"is of a version other than {VERSION}; record it anew with `python -m validation lock`")
        return from_record(record)
    except (JsonError, RecordError) as error:
        raise LockError(error.reason) from None
