"""One run's use of the Hub: its client, its account and its threads."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

from huggingface_hub import constants

from validation.facts import RepositoryFacts, RepositoryState
from validation.sources.account import Account, find_token
from validation.sources.api import HubApi
from validation.sources.cache import Cache
from validation.sources.client import Budget, connect, install, is_safe_endpoint
from validation.sources.crew import Crew
from validation.sources.hub import Bases, HubReader

if TYPE_CHECKING:
    from validation.sources.read import SourceOptions

READERS = 64  # repositories at the same time
REQUESTS = 64  # further requests at the same time


class Session:
    """Reads repositories from the Hub until the block ends; then nothing is waited for."""

    def __init__(self, options: "SourceOptions", end: float) -> None:
        """Prepare a run that ends at ``end``, in monotonic seconds."""
        self._options = options
        self._end = end
        self._stopped = Event()
        self._bases = Bases()
        self._readers = Crew(READERS)
        self._cache = Cache(folder=options.cache, endpoint=options.endpoint or "") if options.cache else None
        self._requests = Crew(REQUESTS)
        endpoint = (options.endpoint or constants.ENDPOINT).rstrip("/")
        self._problem = "" if is_safe_endpoint(endpoint) else "the Hub's endpoint is not https"
        install()
        self._requests.submit(connect)
        token, self._token_problem = find_token(options.token) if not self._problem else ("", "")
        self._api = HubApi(endpoint=endpoint, token=token, hosts=options.hosts)
        self._account = Account(api=self._api, crew=self._requests, budget=self._budget())

    def __enter__(self) -> Self:
        """Ask for the role of the token, while the listings are on their way."""
        if not self._problem:
            self._account.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let all threads end; those that wait for a server do so by themselves."""
        self._stopped.set()
        self._readers.stop()
        self._requests.stop()

    def read(self, facts: RepositoryFacts, locked: RepositoryFacts | None = None) -> "Future[RepositoryFacts]":
        """Return the future facts of one repository."""
        return self._readers.submit(self._run, lambda reader: reader.read(facts, locked), facts)

    def resolve(self, facts: RepositoryFacts) -> "Future[RepositoryFacts]":
        """Return the future facts of one listing alone, for its commit."""
        return self._readers.submit(self._run, lambda reader: reader.resolve(facts), facts)

    def _run(self, job: Callable[[HubReader], RepositoryFacts], facts: RepositoryFacts) -> RepositoryFacts:
        if self._problem:
            return replace(facts, state=RepositoryState.UNREACHABLE, detail=self._problem)
        if self._token_problem:
            return replace(facts, state=RepositoryState.BAD_TOKEN, detail=self._token_problem)
        return job(
            HubReader(
                api=self._api,
                account=self._account,
                crew=self._requests,
                budget=self._budget(),
                bases=self._bases,
                cache=self._cache,
            )
        )

    def _budget(self) -> Budget:
        return Budget(deadline=self._end, stopped=self._stopped)
