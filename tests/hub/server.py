"""The HTTP side of the stand-in: what huggingface_hub asks, answered on two ports of loopback."""

import contextlib
import gzip
import hashlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.repository import Repository, blob_id, is_lfs

_INFO = re.compile(r"/api/models/([^/]+/[^/]+|[^/]+)(?:/revision/([^/]+))?")
_TREE = re.compile(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)")
_AUTH_CHECK = re.compile(r"/api/models/([^/]+/[^/]+)/auth-check")
_RESOLVE = re.compile(r"/([^/]+/[^/]+|[^/]+)/resolve/([^/]+)/(.+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
BAD_CREDENTIALS = "Invalid credentials in Authorization header"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One request as it arrived; header names in lower case; ``port`` tells the Hub from its file store."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    port: int

    @property
    def token(self) -> str | None:
        """Return the bearer token that came with the request."""
        return _token(self.headers)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fault:
    """What to do instead of, or with, the right answer.

    ``status`` with ``headers`` and ``body`` replace it. ``redirect`` answers 302 to that address. ``delay`` waits so
    many seconds before the answer and ``drip`` between its bytes (both end when the server closes). ``cut`` sends only
    so many bytes of the body and closes, ``reset`` resets the connection. ``compress`` sends the body with gzip.
    ``together`` waits until so many such requests have arrived: who asks one after the other gets no answer.
    ``times`` is how often it happens.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    redirect: str = ""
    delay: float = 0
    drip: float = 0
    cut: int | None = None
    reset: bool = False
    compress: bool = False
    ignore_range: bool = False
    together: int = 0
    times: int = 1_000_000


@dataclass(kw_only=True)
class _Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Hub:
    """A running stand-in: ``url`` is the endpoint, ``store_url`` the other host that large files redirect to."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Start to listen on two free ports of loopback, with TLS where a certificate is given."""
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, str] = {}
        self.requests: list[Recorded] = []
        self.redirect_large = True
        self.sent = 0  # bytes of bodies
        self.depth = 0  # answers that were waited for one after the other: each request follows all answers before it
        self.connections = 0
        self.released = threading.Event()
        self.arrived = threading.Event()
        self._faults: list[tuple[str, Fault, list[int]]] = []
        self._barriers: dict[Fault, threading.Barrier] = {}
        self._lock = threading.Lock()
        self._servers = [_Server(self, name, tls) for name in ("hub", "store")]
        scheme = "https" if tls else "http"
        self.url, self.store_url = (f"{scheme}://127.0.0.1:{server.server_port}" for server in self._servers)

    def add(self, repository: Repository) -> Repository:
        """Publish a repository and return it."""
        self.repositories[repository.id] = repository
        return repository

    def fail(self, part: str, fault: Fault) -> None:
        """Let requests whose path holds ``part`` meet this fault; earlier ones come first."""
        self._faults.append((part, fault, [fault.times]))
        if fault.together:
            self._barriers[fault] = threading.Barrier(fault.together)

    def await_others(self, fault: Fault) -> None:
        """Wait for the requests that this fault wants together, or for the end."""
        if fault in self._barriers:
            with contextlib.suppress(threading.BrokenBarrierError):
                self._barriers[fault].wait()

    def answered(self, depth: int) -> None:
        """Note that a request that followed ``depth - 1`` answers got its own."""
        with self._lock:
            self.depth = max(self.depth, depth)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order of arrival."""
        return [request.path for request in self.requests]

    def close(self) -> None:
        """Stop, and let every waiting answer go."""
        self.released.set()
        for barrier in self._barriers.values():
            barrier.abort()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fault(self, path: str) -> Fault | None:
        """Return the fault that this request meets, and count it."""
        with self._lock:
            for part, fault, left in self._faults:
                if part in path and left[0] > 0:
                    left[0] -= 1
                    return fault
        return None

    def answer(self, recorded: Recorded) -> _Answer:
        """Return what the Hub would answer."""
        self.requests.append(recorded)
        token = recorded.token
        if token is not None and token not in self.tokens:
            return _error(401, "", BAD_CREDENTIALS)
        if recorded.path == "/api/whoami-v2":
            return self._whoami(token)
        if match := _AUTH_CHECK.fullmatch(recorded.path):
            return self._auth_check(match[1], token)
        return self._model(recorded, token)

    def _model(self, recorded: Recorded, token: str | None) -> _Answer:
        if match := _INFO.fullmatch(recorded.path):
            return self._info(match[1], unquote(match[2] or "main"), token, recorded.query)
        if match := _TREE.fullmatch(recorded.path):
            return self._tree(match[1], token)
        if match := _RESOLVE.fullmatch(recorded.path):
            return self._resolve(match[1], unquote(match[2]), unquote(match[3]), recorded)
        return _error(404, "", "Not found")

    def stored(self, recorded: Recorded) -> _Answer:
        """Return what the file store answers: any content by its sha256."""
        self.requests.append(recorded)
        digest = recorded.path.rpartition("/")[2]
        for repository in self.repositories.values():
            for content in repository.files.values():
                if hashlib.sha256(content).hexdigest() == digest:
                    return _Answer(body=content)
        return _error(404, "", "Not found")

    def _whoami(self, token: str | None) -> _Answer:
        if token is None:
            return _error(401, "", "Invalid username or password.")
        role = {"displayName": "test", "role": self.tokens[token]}
        return _json({"type": "user", "name": "tester", "auth": {"type": "access_token", "accessToken": role}})

    def _hidden(self, identity: str, token: str | None) -> Repository | _Answer:
        repository = self.repositories.get(identity)
        if repository is None or (repository.private and token not in repository.readers):
            return _error(401 if token is None else 404, "RepoNotFound", "Repository not found")
        if repository.disabled:
            return _error(403, "", "Access to this resource is disabled.")
        return repository

    def _auth_check(self, identity: str, token: str | None) -> _Answer:
        found = self._hidden(identity, token)
        if isinstance(found, _Answer):
            return found
        return _Answer(body=b"OK") if found.is_open_to(token) else _gated(token)

    def _info(self, identity: str, revision: str, token: str | None, query: Mapping[str, list[str]]) -> _Answer:
        found = self._hidden(identity, token)
        if isinstance(found, _Answer):
            return found
        if not found.knows(revision):
            return _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        info = found.info()
        if "blobs" not in query:
            info["siblings"] = [{"rfilename": sibling["rfilename"]} for sibling in info["siblings"]]
        if "securityStatus" not in query:
            info.pop("securityRepoStatus", None)
        return _json(info)

    def _tree(self, identity: str, token: str | None) -> _Answer:
        found = self._hidden(identity, token)
        if isinstance(found, _Answer):
            return found
        return _json([{"type": "file", "path": path, "size": len(data)} for path, data in found.files.items()])

    def _resolve(self, identity: str, revision: str, path: str, recorded: Recorded) -> _Answer:
        found = self._hidden(identity, recorded.token)
        if isinstance(found, _Answer):
            return found
        if not found.is_open_to(recorded.token):
            return _gated(recorded.token)
        if not found.knows(revision):
            return _error(404, "RevisionNotFound", "Invalid rev id")
        commit = {"X-Repo-Commit": found.commit}
        content = found.files.get(path)
        if content is None or path in found.gone:
            answer = _error(404, "EntryNotFound", "Entry not found")
            return _Answer(status=404, headers=answer.headers | commit, body=answer.body)
        digest = hashlib.sha256(content).hexdigest()
        etag = f'"{digest if is_lfs(path) else blob_id(content)}"'
        if is_lfs(path) and self.redirect_large:
            linked = {"X-Linked-Etag": etag, "X-Linked-Size": str(len(content))}
            location = {"Location": f"{self.store_url}/xet/{digest}"}
            return _Answer(status=302, headers=commit | linked | location)
        return _Answer(headers=commit | {"ETag": etag}, body=content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, hub: Hub, name: str, tls: ssl.SSLContext | None) -> None:
        handler = type("Handler", (_Handler,), {"hub": hub, "stores": name == "store"})
        super().__init__(("127.0.0.1", 0), handler)
        self._hub = hub
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Count the connections that are made."""
        accepted = super().get_request()
        self._hub.connections += 1
        return accepted

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent when a client went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: ClassVar[Hub]
    stores: ClassVar[bool]

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def _serve(self) -> None:
        depth = self.hub.depth + 1
        url = urlsplit(self.path)
        recorded = Recorded(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query),
            headers={name.lower(): value for name, value in self.headers.items()},
            port=self.connection.getsockname()[1],
        )
        self.hub.arrived.set()
        fault = self.hub.fault(url.path) or Fault()
        if fault.status or fault.redirect:
            self.hub.requests.append(recorded)
            location = {"Location": fault.redirect} if fault.redirect else {}
            answer = _Answer(status=fault.status or 302, headers={**fault.headers, **location}, body=fault.body)
        else:
            answer = self.hub.stored(recorded) if self.stores else self.hub.answer(recorded)
            answer.headers.update(fault.headers)
        self.hub.await_others(fault)
        self._send(answer, fault, depth)

    def _send(self, answer: _Answer, fault: Fault, depth: int) -> None:
        self.hub.released.wait(fault.delay)
        self.hub.answered(depth)
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        match = None if fault.ignore_range else _RANGE.fullmatch(self.headers.get("Range", ""))
        status, body = answer.status, answer.body
        if match and status == 200:
            start, end = int(match[1]), int(match[2] or len(body))
            answer.headers["Content-Range"] = f"bytes {start}-{min(end, len(body) - 1)}/{len(body)}"
            status, body = 206, body[start : end + 1]
        if fault.compress:
            body = gzip.compress(body)
            answer.headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault.cut is not None:
            body = body[: fault.cut]
            self.close_connection = True
        self._write(body, fault.drip)

    def _write(self, body: bytes, drip: float) -> None:
        with contextlib.suppress(OSError):
            if not drip:
                self.hub.sent += len(body)
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                if self.hub.released.wait(drip):
                    return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        """Print nothing."""


def _token(headers: Mapping[str, str]) -> str | None:
    value = headers.get("authorization", "")
    return value.removeprefix("Bearer ") if value.startswith("Bearer ") else None


def _json(value: object) -> _Answer:
    return _Answer(headers={"Content-Type": "application/json; charset=utf-8"}, body=json.dumps(value).encode())


def _error(status: int, code: str, message: str) -> _Answer:
    answer = _json({"error": message})
    answer.status = status
    answer.headers["X-Error-Message"] = message
    if code:
        answer.headers["X-Error-Code"] = code
    return answer


def _gated(token: str | None) -> _Answer:
    message = "Access to this model is restricted. You must have access to it and be authenticated to access it."
    return _error(401 if token is None else 403, "GatedRepo", message)


@contextlib.contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Hub]:
    """Run a stand-in for the time of a ``with`` block."""
    hub = Hub(tls)
    try:
        yield hub
    finally:
        hub.close()
