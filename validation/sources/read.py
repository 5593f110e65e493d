"""The entrance to all sources: every repository of a run, at the same time, under one deadline."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from validation.data import Data, field
from validation.facts import Origin, RepositoryFacts, RepositoryState
from validation.sources.address import Address, Kind, address, is_commit, is_revision

if TYPE_CHECKING:
    from concurrent.futures import Future

GRACE = 0.5  # seconds that a reader has to put together what it got before the deadline


class SourceOptions(Data):
    """How sources are read. ``deadline`` is in seconds, for all repositories together.

    ``locks`` is the folder of lock files; ``base`` is what folders are relative to. ``token`` None takes what
    huggingface_hub finds, an empty one is none; ``endpoint`` None is HF_ENDPOINT's or the Hub's. ``offline`` asks
    nobody. ``refresh`` looks again at what can change about a locked repository. ``hosts`` may be redirected to,
    besides the Hub's own. ``cache`` is the folder of what is known of commits already; None keeps nothing.
    """

    locks: Path | None = None
    base: Path = Path()
    deadline: float = 30.0
    token: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    offline: bool = False
    progress: Callable[[str], None] | None = None
    refresh: bool = False
    hosts: tuple[str, ...] = ()
    cache: Path | None = None


class SourceRequest(NamedTuple):
    """A repository to read: ``hf://org/name``, a folder or a lock file; ``revision`` left out is the default branch."""

    source: str
    revision: str = ""


def read_all(
    requests: Sequence[SourceRequest], options: SourceOptions, meanwhile: Callable[[], object] | None = None
) -> tuple[RepositoryFacts, ...]:
    """Return the facts of each repository, in the same order; what could not be read says so in its ``state``.

    ``meanwhile`` is called once while the Hub's answers are on their way, if it is asked at all.
    """
    found: dict[SourceRequest, RepositoryFacts] = {}
    wanted: dict[SourceRequest, _Wanted] = {}
    for request in dict.fromkeys(requests):
        answer = _without_network(request, options)
        if isinstance(answer, RepositoryFacts):
            found[request] = answer
        else:
            wanted[request] = answer
    _report(options, found)
    if wanted:
        found |= _from_hub(wanted, options, meanwhile)
    return tuple(found[request] for request in requests)


def resolve_all(requests: Sequence[SourceRequest], options: SourceOptions) -> tuple[RepositoryFacts, ...]:
    """Return for each repository on the Hub the commit of its revision, in the same order, without reading its files.

    Locks are not looked at. What has no commit says so in its ``state``; folders and lock files are read as they are.
    """
    options = replace(options, locks=None)
    answers = {request: _without_network(request, options) for request in dict.fromkeys(requests)}
    found = {request: item for request, item in answers.items() if isinstance(item, RepositoryFacts)}
    wanted = {request: item for request, item in answers.items() if isinstance(item, _Wanted)}
    if wanted:
        found |= _from_hub(wanted, options, is_resolving=True)
    return tuple(found[request] for request in requests)


class _Wanted(Data):
    """A repository that the Hub has to be asked about, and the lock that stands in for it when it cannot be."""

    facts: RepositoryFacts
    locked: RepositoryFacts | None


def _without_network(request: SourceRequest, options: SourceOptions) -> RepositoryFacts | _Wanted:
    place = address(request.source, options.base)
    blank = RepositoryFacts(
        source=request.source, origin=Origin.HUB, repository=place.repository, revision=request.revision
    )
    if place.kind is Kind.INVALID:
        return replace(blank, state=RepositoryState.INVALID_ID, detail=place.problem)
    if place.kind is Kind.FOLDER:
        from validation.sources.folder import read_folder  # noqa: PLC0415 - only for folders

        return read_folder(place.path, request.source)
    if place.kind is Kind.LOCK:
        return _lock_file(place, blank)
    if request.revision and not is_revision(request.revision):
        return replace(blank, state=RepositoryState.REVISION_NOT_FOUND, detail="the revision is no valid name")
    return _hub(blank, options)


def _lock_file(place: Address, blank: RepositoryFacts) -> RepositoryFacts:
    from validation.sources.lock import LockError, read_lock, with_age  # noqa: PLC0415 - only for locks

    try:
        return with_age(read_lock(place.path))
    except LockError as error:
        return replace(
            blank, origin=Origin.LOCK, state=RepositoryState.INVALID_ID, detail=f"the lock file {error.reason}"
        )


def _hub(blank: RepositoryFacts, options: SourceOptions) -> RepositoryFacts | _Wanted:
    locked, notes = _find_lock(blank, options)
    blank = replace(blank, notes=notes)
    offline = options.offline or _is_offline()
    if locked is not None and is_commit(blank.revision) and (offline or not options.refresh):
        return replace(locked, source=blank.source, revision=blank.revision)
    if not offline:
        return _Wanted(facts=blank, locked=locked)
    blank = replace(blank, state=RepositoryState.UNREACHABLE, detail="offline mode")
    return _fallback(blank, locked or _find_cached(blank, options)) or replace(
        blank, detail="offline mode, and no lock has this revision"
    )


def _find_lock(blank: RepositoryFacts, options: SourceOptions) -> tuple[RepositoryFacts | None, tuple[str, ...]]:
    if options.locks is None:
        return None, ()
    from validation.sources.lock import LockError, find_lock, with_age  # noqa: PLC0415 - only for locks

    try:
        found = find_lock(options.locks, blank.repository, blank.revision)
    except LockError as error:
        return None, (f"the lock file was not used: it {error.reason}",)
    return (None if found is None else with_age(found)), ()


def _find_cached(blank: RepositoryFacts, options: SourceOptions) -> RepositoryFacts | None:
    """Return what the cache has of a pinned commit: for when the Hub cannot be asked."""
    if options.cache is None or not is_commit(blank.revision):
        return None
    from validation.sources.cache import Cache  # noqa: PLC0415 - only where a cache is in use
    from validation.sources.lock import with_age  # noqa: PLC0415 - as above

    found = Cache(folder=options.cache, endpoint=options.endpoint or "").find(blank.repository, blank.revision)
    return None if found is None else with_age(found, record="cache")


def _fallback(facts: RepositoryFacts, locked: RepositoryFacts | None) -> RepositoryFacts | None:
    """Return the recorded facts, saying that the Hub could not be reached."""
    if locked is None:
        return None
    moved = "" if is_commit(facts.revision) else "; the revision may point elsewhere by now"
    note = f"the Hub was not reached ({facts.detail}){moved}"
    return replace(locked, source=facts.source, revision=facts.revision, notes=(*locked.notes, *facts.notes, note))


def _from_hub(
    wanted: Mapping[SourceRequest, _Wanted],
    options: SourceOptions,
    meanwhile: Callable[[], object] | None = None,
    *,
    is_resolving: bool = False,
) -> dict[SourceRequest, RepositoryFacts]:
    end = time.monotonic() + options.deadline
    from validation.sources.session import Session  # noqa: PLC0415 - imports the HTTP client

    found = {}
    with Session(options, end) as session:
        futures = {
            request: session.resolve(item.facts) if is_resolving else session.read(item.facts, item.locked)
            for request, item in wanted.items()
        }
        if meanwhile is not None:
            meanwhile()
        for request, future in futures.items():
            found[request] = _bridged(_settled(future, wanted[request].facts, end), wanted[request].locked, options)
            _report(options, {request: found[request]})
    if options.cache is not None and not is_resolving:
        from validation.sources.cache import Cache  # noqa: PLC0415 - imported by now

        Cache(folder=options.cache).prune()
    return found


def _bridged(facts: RepositoryFacts, locked: RepositoryFacts | None, options: SourceOptions) -> RepositoryFacts:
    """Return the facts; where the Hub could not be reached, what a lock or the cache has of them."""
    if facts.state is not RepositoryState.UNREACHABLE:
        return facts
    return _fallback(facts, locked or _find_cached(facts, options)) or facts


def _settled(future: "Future[RepositoryFacts]", blank: RepositoryFacts, end: float) -> RepositoryFacts:
    try:
        return future.result(timeout=max(0.0, end - time.monotonic()) + GRACE)
    except TimeoutError:
        detail = "no complete answer before the deadline"
    except Exception:  # noqa: BLE001 - one repository's trouble, of whatever kind, is not the others'
        detail = "the Hub's answer could not be understood"
    return replace(blank, state=RepositoryState.UNREACHABLE, detail=detail)


def _report(options: SourceOptions, found: Mapping[SourceRequest, RepositoryFacts]) -> None:
    if options.progress is not None:
        for request, facts in found.items():
            options.progress(f"{request.source}: {facts.state} from {facts.origin}")


def _is_offline() -> bool:
    """Return whether huggingface_hub would be in offline mode, without importing it."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}
