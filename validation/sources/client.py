"""The one place of HTTP: huggingface_hub's client under a deadline, a budget of bytes, and a short list of hosts.

Nothing else in this project opens a connection. ``install`` hands the client to huggingface_hub, which shares it among
all its calls; what a call may take is set around it with ``asking``. Calls outside of ``asking`` behave as before.
"""

import random
import re
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from logging import ERROR, WARNING
from typing import Any

import httpx2

from validation.data import Data
from validation.jsontext import JsonError, parse_object

MAX_MODEL_BYTES = 32 << 20  # transferred and unpacked, for one model
MAX_ERROR_BYTES = 64 << 10  # the body of an error answer
MAX_REDIRECTS = 5
ATTEMPTS = 3
STEP_TIMEOUT = 10.0  # seconds without a byte; less where the deadline is nearer
FIRST_WAIT = 0.2  # seconds before the second attempt, doubled for each further one
_NOT_ASKED = "/api/agent-harnesses"  # huggingface_hub's statistics, for which it would wait a round trip
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_RETRIED_ERRORS = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_HUB_HOSTS = ("huggingface.co", "hf.co")  # and their subdomains, where the Hub keeps large files
_KEPT_HEADERS = ("content-type", "content-range", "etag", "x-repo-commit", "x-error-code", "x-error-message")


class TransferError(Exception):
    """An answer did not come, or was refused; ``reason`` is safe to show and holds nothing that the server sent."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Budget:
    """What one model may take: until ``deadline`` (monotonic seconds), and ``left`` bytes in all its answers."""

    deadline: float
    left: int = MAX_MODEL_BYTES
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def seconds(self) -> float:
        """Return the seconds that are left, at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def spend(self, size: int) -> None:
        """Take bytes; raise TransferError when they, or the time, are used up."""
        with self._lock:
            self.left -= size
        if self.left < 0:
            raise TransferError(f"the repository's small files exceed {MAX_MODEL_BYTES >> 20} MiB")
        if not self.seconds or self.stopped.is_set():
            raise TransferError("no complete answer before the deadline")


class _Ask(Data):
    budget: Budget
    endpoint: httpx2.URL
    hosts: tuple[str, ...]
    limit: int
    cut: bool


_ASK: ContextVar[_Ask | None] = ContextVar("slipway_ask", default=None)


@contextmanager
def asking(
    budget: Budget, endpoint: str, limit: int, *, hosts: tuple[str, ...] = (), cut: bool = False
) -> Iterator[None]:
    """Put the calls of this thread under a budget: answers have at most ``limit`` bytes after unpacking.

    ``cut`` takes the first ``limit`` bytes of a longer answer instead of refusing it (a server that ignores Range).
    """
    ask = _Ask(budget=budget, endpoint=_url(endpoint), hosts=hosts, limit=limit, cut=cut)
    token = _ASK.set(ask)
    try:
        yield
    finally:
        _ASK.reset(token)


@cache
def _url(endpoint: str) -> httpx2.URL:
    return httpx2.URL(endpoint)


@cache
def install() -> None:
    """Make huggingface_hub use this client, and keep its log from repeating what a server sent."""
    from huggingface_hub import set_client_factory  # noqa: PLC0415 - only where the Hub is asked
    from huggingface_hub.utils import logging  # noqa: PLC0415 - as above

    set_client_factory(_make)
    if logging.get_verbosity() == WARNING:
        logging.set_verbosity(ERROR)


def connect() -> None:
    """Make the client now: it reads the machine's certificates for 30 ms, in which other threads can run."""
    from huggingface_hub import get_session  # noqa: PLC0415 - as above

    get_session()


def is_safe_endpoint(endpoint: str) -> bool:
    """Return whether an endpoint is https, or http on loopback, and holds no credentials."""
    try:
        url = httpx2.URL(endpoint)
    except (httpx2.InvalidURL, TypeError):
        return False
    return _HOST.fullmatch(url.host) is not None and not url.userinfo and (url.scheme == "https" or _is_local(url))


def _make() -> "HubClient":
    from huggingface_hub.utils._http import (  # noqa: PLC0415 - offline mode lives in this hook only
        hf_request_event_hook,
    )

    return HubClient(
        event_hooks={"request": [hf_request_event_hook]},
        follow_redirects=True,
        headers={"accept-encoding": "gzip"},
        timeout=STEP_TIMEOUT,
        limits=httpx2.Limits(max_connections=64, max_keepalive_connections=64),
    )


class HubClient(httpx2.Client):
    """huggingface_hub's client, which reads every answer of an ``asking`` block itself: bounded, retried, unpacked."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401 - httpx2's own options
        """Send under the budget of ``asking``; raise TransferError for what has no answer worth having."""
        ask = _ASK.get()
        if ask is None:
            return super().send(request, **options)
        if request.url.path.endswith(_NOT_ASKED):
            raise TransferError("it is not asked for")
        attempt = 0
        while True:
            attempt += 1
            response, reason = self._try(request, ask)
            if response is not None and response.status_code not in _RETRIED:
                return response
            wait = _wait(attempt, response)
            if attempt == ATTEMPTS or wait >= ask.budget.seconds or ask.budget.stopped.wait(wait):
                break
        if response is None:
            raise TransferError(reason)
        raise TransferError(f"the Hub answered {response.status_code}{_asked_to_wait(response)}")

    def _try(self, request: httpx2.Request, ask: _Ask) -> tuple[httpx2.Response | None, str]:
        try:
            return self._exchange(request, ask), ""
        except httpx2.TimeoutException:
            return None, "no answer in time"
        except httpx2.ConnectError:
            return None, "no connection to the Hub"
        except _RETRIED_ERRORS:
            return None, "the connection broke"
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.CookieConflict, ValueError):
            raise TransferError("the Hub's answer is not valid HTTP") from None

    def _exchange(self, request: httpx2.Request, ask: _Ask) -> httpx2.Response:
        for _ in range(MAX_REDIRECTS + 1):
            _refuse_elsewhere(request, ask)
            step = min(STEP_TIMEOUT, max(ask.budget.seconds, 0.001))
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), step)
            response = super().send(request, stream=True, follow_redirects=False)
            try:
                if response.next_request is None:
                    return _whole(response, ask)
                _read(response, ask, MAX_ERROR_BYTES, cut=True)
                request = response.next_request
            finally:
                response.close()
        raise TransferError(f"more than {MAX_REDIRECTS} redirects")


def _whole(response: httpx2.Response, ask: _Ask) -> httpx2.Response:
    """Return the answer with its body read, unpacked and checked, and without headers that nobody needs."""
    if response.is_success:
        content = _read(response, ask, ask.limit, cut=ask.cut)
    else:
        content = _harmless(_read(response, ask, MAX_ERROR_BYTES, cut=True))
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    if "retry-after" in response.headers:
        headers["retry-after"] = response.headers["retry-after"]
    return httpx2.Response(response.status_code, headers=headers, content=content, request=response.request)


def _read(response: httpx2.Response, ask: _Ask, limit: int, *, cut: bool) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise TransferError("the Hub's answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    found = bytearray()
    for chunk in response.iter_raw():
        try:
            data = unpacker.decompress(chunk, limit + 1 - len(found)) if unpacker else chunk
        except zlib.error:
            raise TransferError("the Hub's answer cannot be unpacked") from None
        ask.budget.spend(max(len(chunk), len(data)))
        found += data
        if len(found) > limit:
            if cut:
                return bytes(found[:limit])
            raise TransferError(f"an answer is larger than {limit >> 20} MiB")
    if unpacker and not unpacker.eof and not cut:
        raise TransferError("the Hub's answer cannot be unpacked")
    return bytes(found)


def _harmless(content: bytes) -> bytes:
    try:
        parse_object(content)
    except JsonError:
        return b"{}"
    return content


def _refuse_elsewhere(request: httpx2.Request, ask: _Ask) -> None:
    """Raise TransferError unless the address is the Hub's; take the token off where it is not the endpoint itself."""
    url, endpoint = request.url, ask.endpoint
    if url.origin == endpoint.origin:
        return
    request.headers.pop("authorization", None)
    if _is_local(endpoint) and _is_local(url):
        return
    if url.scheme != "https":
        raise TransferError("the Hub redirects to an address without https")
    hosts = (*_HUB_HOSTS, endpoint.host, *ask.hosts)
    if not any(url.host == host or url.host.endswith(f".{host}") for host in hosts):
        raise TransferError("the Hub redirects to a host that is not its own")


def _is_local(url: httpx2.URL) -> bool:
    if url.scheme not in {"http", "https"}:
        return False
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"


def _wait(attempt: int, response: httpx2.Response | None) -> float:
    asked = _retry_after(response) if response is not None else None
    if asked is not None:
        return asked
    return FIRST_WAIT * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, guards nothing


def _retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds that the answer asks to wait for; None when it does not say, or says nonsense."""
    value = str(response.headers.get("retry-after", "")).strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        moment: datetime = parsedate_to_datetime(value)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, seconds)


def _asked_to_wait(response: httpx2.Response) -> str:
    seconds = _retry_after(response)
    return "" if seconds is None else f" and asks to wait {seconds:.0f} s"
