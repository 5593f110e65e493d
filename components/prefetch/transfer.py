"""Bringing files of the Hub: resumed, verified, and with the token for no other host."""

import concurrent.futures
import http
import http.client
import os
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from .folder import check_space, part, refuse_strangers, size_of, write_marker
from .manifest import CHUNK, Item, Manifest
from .problem import RETRY, InterruptedTransferError, PrefetchError, say

TIMEOUT = 60  # seconds without a byte
ATTEMPTS = 6  # in a row without a byte of progress
LONGEST_WAIT = 300  # seconds; the Hub's rate limit has windows of five minutes
WORKERS = 4
PARTIAL = http.HTTPStatus.PARTIAL_CONTENT
BROKEN = (ConnectionError, TimeoutError, ssl.SSLError)
REASONS = {
    401: "the token is missing or not valid",
    403: "the token may not read this repository: accept its licence, or use a token with read access",
    404: "not found at this commit, or private and the token may not read it",
    410: "removed from the Hub",
    451: "not available for legal reasons",
}


class SameHostRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but carry the token to no other host, and never from https to http."""

    def redirect_request(  # noqa: PLR0917 - the signature is urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request without the token when its host is another one."""
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is None:
            return None
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(following.full_url)
        if old.scheme == "https" and new.scheme != "https":
            raise PrefetchError(f"redirected from https to {new.scheme}")
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            following.remove_header("Authorization")
        return following


def read_token(environment: Mapping[str, str]) -> str:
    """Return the token of the file that HF_TOKEN_PATH names; nothing when there is no such file."""
    path = environment.get("HF_TOKEN_PATH", "")
    if not path or not Path(path).is_file():
        return ""
    token = Path(path).read_text(encoding="utf-8").strip()
    if any(each.isspace() or not each.isprintable() for each in token):
        raise PrefetchError("the Secret of the Hub token holds more than a token")
    return token


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Everything that bringing a file takes; ``stopped`` ends the others when one cannot be had."""

    manifest: Manifest
    target: Path
    token: str
    wait: Callable[[float], None]
    stopped: threading.Event = field(default_factory=threading.Event)
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(SameHostRedirects())
    )

    def bring(self, item: Item) -> None:
        """Bring one file, resuming what is there; after outages try again, and give up after six without a byte."""
        path = self.target / item.path
        if item.is_at(path):
            return
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        failures = 0
        while not self.stopped.is_set():
            before = size_of(part(path))
            try:
                self.download(item, path)
            except InterruptedTransferError as problem:
                failures = 1 if size_of(part(path)) > before else failures + 1
                if failures >= ATTEMPTS:
                    raise PrefetchError(f"`{item.path}`: {problem} ({ATTEMPTS} attempts)", RETRY) from None
                self.wait(min(LONGEST_WAIT, max(problem.after, 2.0**failures)))
            else:
                return

    def download(self, item: Item, path: Path) -> None:
        """Bring the rest of one file and verify the whole; raise InterruptedTransferError or PrefetchError."""
        unfinished = part(path)
        start = size_of(unfinished) if size_of(unfinished) <= item.size else 0
        if start < item.size or not unfinished.is_file():
            try:
                with self.opener.open(self.request(item, start), timeout=TIMEOUT) as answer:
                    self.append(answer, unfinished, item, start if answer.status == PARTIAL else 0)
            except urllib.error.HTTPError as problem:
                with problem:
                    raise self.refusal(problem, item, unfinished) from None
            except (urllib.error.URLError, http.client.HTTPException, *BROKEN) as problem:
                raise InterruptedTransferError(f"the transfer broke off: {type(problem).__name__}") from None
        if item.is_at(unfinished):
            unfinished.replace(path)
            return
        unfinished.unlink()
        if start:
            raise InterruptedTransferError("what an earlier try had left was damaged")
        raise PrefetchError(f"`{item.path}` is not the file that was checked: its hash is another one")

    def request(self, item: Item, start: int) -> urllib.request.Request:
        """Return the request for a file at the commit, from a byte on; raise PrefetchError for no http address."""
        manifest = self.manifest
        if not manifest.endpoint.startswith(("https://", "http://")):
            raise PrefetchError("the Hub's address is neither https nor http")
        where = "/".join(urllib.parse.quote(each, safe="") for each in PurePosixPath(item.source or item.path).parts)
        repository, commit = item.repository or manifest.repository, item.commit or manifest.commit
        url = f"{manifest.endpoint}/{repository}/resolve/{commit}/{where}"
        headers = {"User-Agent": "slipway-prefetch/1", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme is checked above

    def append(self, answer: Any, unfinished: Path, item: Item, start: int) -> None:  # noqa: ANN401 - urllib has no type
        """Write the answer's bytes behind the first ``start``; raise InterruptedTransferError when it ends early."""
        size = start
        with unfinished.open("ab" if start else "wb") as out:
            while (piece := answer.read(CHUNK)) and not self.stopped.is_set():
                size += len(piece)
                if size > item.size:
                    raise PrefetchError(f"`{item.path}` is larger than the {item.size} bytes that were checked")
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if size < item.size:
            raise InterruptedTransferError(f"the transfer ended after {size} of {item.size} bytes")

    def refusal(self, problem: urllib.error.HTTPError, item: Item, unfinished: Path) -> Exception:
        """Return what an HTTP error means; a refusal by the storage behind the Hub is an address that ran out."""
        hub = urllib.parse.urlsplit(self.manifest.endpoint).netloc == urllib.parse.urlsplit(problem.url).netloc
        if hub and (reason := REASONS.get(problem.code)):
            return PrefetchError(f"`{item.path}`: {reason} (HTTP {problem.code})")
        if problem.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            unfinished.unlink(missing_ok=True)
        after = problem.headers.get("Retry-After", "") if problem.headers else ""
        return InterruptedTransferError(f"the Hub answered {problem.code}", float(after) if after.isdecimal() else 0)


def fetch(transfer: Transfer) -> None:
    """Bring all files, four at a time, and leave the marker; raise PrefetchError for the first that cannot be had."""
    manifest, target = transfer.manifest, transfer.target
    target.mkdir(parents=True, exist_ok=True)
    refuse_strangers(manifest, target)
    check_space(manifest, target)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
        running = [workers.submit(transfer.bring, item) for item in manifest.items]
        try:
            for each in concurrent.futures.as_completed(running):
                each.result()
        except BaseException:
            transfer.stopped.set()
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    write_marker(manifest, target)
    say(f"{len(manifest.items)} files of commit {manifest.commit[:12]} are complete and verified")
