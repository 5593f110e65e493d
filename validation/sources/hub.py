"""Facts from the Hub: one listing, then the small files, the access check and the base models at the same time."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from validation.data import Data
from validation.facts import (
    Ancestor,
    Document,
    File,
    Gating,
    HeaderProblem,
    Origin,
    RepositoryFacts,
    RepositoryState,
    Tensor,
    Text,
)
from validation.jsontext import JsonObject
from validation.sources import headers
from validation.sources.api import HubApi, address_of
from validation.sources.cache import Cache
from validation.sources.client import Budget, TransferError
from validation.sources.crew import Crew
from validation.sources.document import (
    ADAPTER,
    INDEX,
    TEXTS,
    is_shard,
    max_bytes,
    read_document,
    read_text,
    too_large,
    wanted,
    weight_files,
)
from validation.sources.listing import Parent, ancestor, card_of, parents, read_listing, tags_of
from validation.sources.refusal import Refusal, refusal

if TYPE_CHECKING:
    from validation.sources.account import Account

MAX_ANCESTORS = 8
MAX_GENERATIONS = 3
MAX_HEADER_FILES = 64
HEADER_START = 100_000  # bytes; most headers are shorter, so that one request is enough
MAX_REMOTE_HEADER = 8 << 20
T = TypeVar("T")


class Bases:
    """The listings of base models, each asked for once in a run: many models come from the same one."""

    def __init__(self) -> None:
        """Know none yet."""
        self._found: dict[str, Future[JsonObject]] = {}
        self._lock = Lock()

    def listing(self, repository: str, start: "Callable[[str], Future[JsonObject]]") -> "Future[JsonObject]":
        """Return the future listing of a base model, starting it when nobody did."""
        with self._lock:
            if repository not in self._found:
                self._found[repository] = start(repository)
            return self._found[repository]


class HubReader(Data):
    """Reads one repository after the other, or several at the same time, with one account and one crew."""

    api: HubApi
    account: "Account"
    crew: Crew
    budget: Budget
    bases: "Bases"
    cache: Cache | None = None

    def read(self, facts: RepositoryFacts, locked: RepositoryFacts | None = None) -> RepositoryFacts:
        """Return the facts of ``facts.repository`` at ``facts.revision``, or why there are none.

        When the revision is the commit of ``locked``, its files are not asked for again.
        """
        found, info = self._listed(facts)
        if info is not None and locked is not None and locked.commit == found.commit:
            found = self._renewed(locked, found)
        elif info is not None:
            found = self._cached(found, parents(card_of(info), found.tags))
        return replace(found, token_role=self.account.settled())

    def resolve(self, facts: RepositoryFacts) -> RepositoryFacts:
        """Return the facts of the listing alone: the commit of the revision, or why there is none."""
        return self._listed(facts)[0]

    def _listed(self, facts: RepositoryFacts) -> tuple[RepositoryFacts, JsonObject | None]:
        try:
            info = self._info(facts.repository, facts.revision)
            found = read_listing(info, replace(facts, origin=Origin.HUB, read_at=datetime.now(UTC)))
        except Exception as error:  # noqa: BLE001 - whatever a hostile listing does to its parser, it is no listing
            return self._refused(facts, refusal(error, facts.revision, has_token=self.account.has_token)), None
        if not _is_wanted(facts.revision, found.commit):
            detail = "the Hub answered with another commit than the wished one"
            return replace(facts, state=RepositoryState.UNREACHABLE, detail=detail), None
        if info.get("disabled") is True:
            return replace(found, state=RepositoryState.DISABLED, detail="the Hub has disabled the repository"), None
        return found, info

    def _cached(self, listed: RepositoryFacts, bases: tuple[Parent, ...]) -> RepositoryFacts:
        """Return the facts with what the files hold: from the cache when it has this commit, else from the Hub."""
        kept = None if self.cache is None else self.cache.complete(listed)
        if kept is not None:
            if bases and not kept.ancestors:
                kept = replace(kept, ancestors=self._ancestors(listed.repository, bases))
            found = self._renewed(kept, listed)
            if found.readable:
                return found
            return replace(listed, state=found.state, detail=found.detail, ancestors=kept.ancestors)
        found = self._fill(listed, bases)
        if self.cache is not None:
            self.cache.keep(found)
        return found

    def _renewed(self, locked: RepositoryFacts, now: RepositoryFacts) -> RepositoryFacts:
        """Return locked facts with what can change since they were recorded: access, gating, the security scan."""
        access = self.crew.submit(self._check_access, now.repository) if now.gating is not Gating.NONE else None
        denied = _failure(access, self.budget)
        found = replace(
            locked,
            source=now.source,
            revision=now.revision,
            private=now.private,
            gating=now.gating,
            security=now.security,
        )
        if denied is None:
            return found
        answer = refusal(denied, now.revision, has_token=self.account.has_token)
        if answer.state is RepositoryState.UNREACHABLE:
            return replace(found, notes=(*found.notes, f"access was not looked at: {answer.detail}"))
        return self._refused(found, answer)

    def _refused(self, facts: RepositoryFacts, answer: Refusal) -> RepositoryFacts:
        state = answer.state
        if answer.is_about_token and self.account.is_bad():
            return replace(facts, state=RepositoryState.BAD_TOKEN, detail="the Hub does not know the token")
        return replace(facts, state=state, detail=answer.detail)

    def _fill(self, facts: RepositoryFacts, bases: tuple[Parent, ...]) -> RepositoryFacts:
        access = self.crew.submit(self._check_access, facts.repository) if facts.gating is not Gating.NONE else None
        files = {path: self._start(facts, path) for path in wanted(file.path for file in facts.files)}
        early = {} if _is_counted(facts) else self._start_headers(facts)
        ancestors = self._ancestors(facts.repository, bases)
        denied = _failure(access, self.budget)
        found = {path: self._finish(path, future) for path, future in files.items()}
        denied = denied or next((error for _, error in found.values() if _is_gate(error)), None)
        if denied is not None and not isinstance(denied, TransferError):
            answer = refusal(denied, facts.revision, has_token=self.account.has_token)
            return replace(self._refused(facts, answer), ancestors=ancestors)
        facts = replace(
            facts,
            documents={path: item for path, (item, _) in found.items() if isinstance(item, Document)},
            texts={path: item for path, (item, _) in found.items() if isinstance(item, Text)},
            ancestors=ancestors,
        )
        return self._with_headers(facts, early)

    def _start(self, facts: RepositoryFacts, path: str) -> "Future[bytes] | None":
        file = facts.file(path)
        if file is None or (file.size or 0) > max_bytes(path):
            return None
        return self.crew.submit(self._file, facts, file)

    def _finish(self, path: str, future: "Future[bytes] | None") -> "tuple[Document | Text, Exception | None]":
        kind = Text if path in TEXTS else Document
        if future is None:
            return kind(path=path, problem=too_large(path)), None
        try:
            data = _result(future, self.budget)
        except TransferError as error:
            return kind(path=path, problem=error.reason, unread=True), error
        except Exception as error:  # noqa: BLE001 - the client's own errors, and what a hostile answer makes of it
            answer = refusal(error, "", has_token=self.account.has_token)
            return kind(path=path, problem=f"was listed and not given: {answer.detail}", unread=True), error
        return (read_text(path, data) if path in TEXTS else read_document(path, data)), None

    def _file(self, facts: RepositoryFacts, file: File) -> bytes:
        address = address_of(facts.repository, facts.commit, file.path)
        response = self.api.file(address, self.budget, max_bytes(file.path))
        answered = response.headers.get("x-repo-commit", facts.commit)
        if answered != facts.commit:
            raise TransferError("it came from another commit than its listing")
        if not is_content(file, response.content):
            raise TransferError("it differs from what the listing says of it")
        return response.content

    def _info(self, repository: str, revision: str) -> JsonObject:
        return self.api.listing(repository, revision, self.budget)

    def _start_info(self, repository: str) -> "Future[JsonObject]":
        return self.crew.submit(self._info, repository, "")

    def _check_access(self, repository: str) -> None:
        self.api.check_access(repository, self.budget)

    def _ancestors(self, repository: str, bases: tuple[Parent, ...]) -> tuple[Ancestor, ...]:
        found: list[Ancestor] = []
        seen = {repository}
        for _ in range(MAX_GENERATIONS):
            new = [base for base in bases if base.repository not in seen][: MAX_ANCESTORS - len(found)]
            seen.update(base.repository for base in new)
            answers = [self.bases.listing(base.repository, self._start_info) for base in new]
            following: list[Parent] = []
            for base, answer in zip(new, answers, strict=True):
                try:
                    info = _result(answer, self.budget)
                    found.append(ancestor(info, base))
                    following += parents(card_of(info), tags_of(info))
                except Exception:  # noqa: BLE001 - a base model that cannot be read is one of which nothing is known
                    found.append(Ancestor(repository=base.repository, relation=base.relation))
            bases = tuple(following)
        return tuple(found)

    def _start_headers(self, facts: RepositoryFacts) -> "Headers":
        """Ask for the headers that are needed whatever an index says: all without one, else those of its shards."""
        files = weight_files(facts.files, None)
        if facts.has(INDEX):
            files = tuple(file for file in files if is_shard(file.path))
        return {file.path: self.crew.submit(self._header, facts, file) for file in files[:MAX_HEADER_FILES]}

    def _with_headers(self, facts: RepositoryFacts, early: "Headers") -> RepositoryFacts:
        """Return the facts with tensors, where the Hub's counts do not say enough.

        ``early`` were asked for before the index was known: what it does not name is left alone.
        """
        if _is_counted(facts):
            return facts
        files = weight_files(facts.files, facts.documents.get(INDEX))
        started = {
            file.path: early.get(file.path) or self.crew.submit(self._header, facts, file)
            for file in files[:MAX_HEADER_FILES]
        }
        tensors: list[Tensor] = []
        problems: list[HeaderProblem] = []
        for path, future in started.items():
            try:
                read = _result(future, self.budget)
                tensors += read
            except headers.HeaderError as error:
                problems.append(headers.problem(path, error.reason))
            except Exception as error:  # noqa: BLE001 - as above
                reason = error.reason if isinstance(error, TransferError) else "was not given"
                problems.append(headers.problem(path, reason, unread=True))
        whole = not problems and len(started) == len(files)
        return replace(
            facts,
            tensors=tuple(tensors),
            header_problems=tuple(problems),
            parameters=headers.count_parameters(tuple(tensors)) if whole else {},
        )

    def _header(self, facts: RepositoryFacts, file: File) -> tuple[Tensor, ...]:
        start = self._range(facts, file, 0, HEADER_START)
        length = headers.header_length(start, file.size, MAX_REMOTE_HEADER)
        end = headers.LENGTH_BYTES + length
        if end > len(start):
            if len(start) < HEADER_START:
                raise headers.HeaderError("ends within its header")
            start += self._range(facts, file, len(start), end - len(start))
        return headers.parse_header(file.path, start[headers.LENGTH_BYTES : end], file.size)

    def _range(self, facts: RepositoryFacts, file: File, first: int, size: int) -> bytes:
        return self.api.part(address_of(facts.repository, facts.commit, file.path), self.budget, first, size)


Headers = dict[str, "Future[tuple[Tensor, ...]]"]


def is_content(file: File, data: bytes) -> bool:
    """Return whether these bytes are the file that a listing describes, as far as it does."""
    if file.size is not None and len(data) != file.size:
        return False
    if file.sha256 is not None:
        return hashlib.sha256(data).hexdigest() == file.sha256
    if file.blob_id is not None and len(file.blob_id) == 40:  # noqa: PLR2004 - git's sha1
        return git_blob_id(data) == file.blob_id
    return True


def git_blob_id(data: bytes) -> str:
    """Return git's id of a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_counted(facts: RepositoryFacts) -> bool:
    """Return whether the Hub's own counts say enough; of an adapter the shapes are wanted too."""
    return bool(facts.parameters) and not facts.has(ADAPTER)


def _is_wanted(revision: str, commit: str) -> bool:
    return len(revision) != len(commit) or revision == commit


def _result(future: "Future[T]", budget: Budget) -> T:
    try:
        return future.result(timeout=budget.seconds)
    except TimeoutError:
        raise TransferError("no complete answer before the deadline") from None


def _failure(future: "Future[None] | None", budget: Budget) -> Exception | None:
    if future is None:
        return None
    try:
        _result(future, budget)
    except Exception as error:  # noqa: BLE001 - returned to the caller, which sorts it
        return error
    return None


def _is_gate(error: Exception | None) -> bool:
    from huggingface_hub.errors import GatedRepoError  # noqa: PLC0415 - imported by now

    return isinstance(error, GatedRepoError)
