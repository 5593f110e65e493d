"""Run in the prefetch pod: bring exactly the listed files of one commit onto the volume, and verify every one.

Exit 0: all files are there and verified, and a marker says so, so that a repeat costs nothing. Exit 1: try again later
(the network, a busy Hub). Exit 2: trying again cannot help (no access, a wrong hash, a full disk).
It needs nothing but Python's standard library, and never prints the token or a signed address.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import shutil
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

OK, RETRY, GIVE_UP = 0, 1, 2
CHUNK = 4 << 20
TIMEOUT = 60  # seconds without a byte
ATTEMPTS = 6  # in a row without a byte of progress
LONGEST_WAIT = 300  # seconds; the Hub's rate limit has windows of five minutes
WORKERS = 4
PARTIAL = http.HTTPStatus.PARTIAL_CONTENT
BROKEN = (ConnectionError, TimeoutError, ssl.SSLError)
STATE = ".slipway"
MARKER = f"{STATE}/complete.json"
REASONS = {
    401: "the token is missing or not valid",
    403: "the token may not read this repository: accept its licence, or use a token with read access",
    404: "not found at this commit, or private and the token may not read it",
    410: "removed from the Hub",
    451: "not available for legal reasons",
}


class PrefetchError(Exception):
    """The files cannot be had; ``code`` is the exit status, the message is safe to show."""

    def __init__(self, message: str, code: int = GIVE_UP) -> None:
        """Keep the message and the exit status."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of the manifest: size in bytes, and its sha256 or git blob id where known."""

    path: str
    size: int
    sha256: str = ""
    blob_id: str = ""

    def is_at(self, path: Path) -> bool:
        """Return whether the file is there with the stated size and hash; git's hash has the size in front."""
        if not path.is_file() or path.stat().st_size != self.size:
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
    """What has to be on the volume; ``digest`` is the sha256 of the manifest file itself."""

    repository: str
    commit: str
    endpoint: str
    items: tuple[Item, ...]
    digest: str


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


def main(environment: Mapping[str, str], wait: Callable[[float], None] = time.sleep) -> int:
    """Fetch or verify as the environment says; return the exit status."""
    try:
        manifest = read_manifest(Path(environment["SLIPWAY_MANIFEST"]))
        target = Path(environment["SLIPWAY_TARGET"])
        if is_complete(manifest, target):
            say(f"{len(manifest.items)} files of commit {manifest.commit[:12]} are there already")
            return OK
        if environment.get("SLIPWAY_MODE", "fetch") == "verify":
            verify(manifest, target)
            return OK
        fetch(Transfer(manifest=manifest, target=target, token=read_token(environment), wait=wait))
    except PrefetchError as problem:
        say(str(problem))
        return problem.code
    except OSError as problem:
        say(f"the volume cannot be used: {problem.strerror or type(problem).__name__}")
        return RETRY
    return OK


def say(text: str) -> None:
    """Print a line to the pod's log at once."""
    print(f"slipway: {text}", flush=True)  # noqa: T201 - the pod's log is its output


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
    for item in items:
        pure = PurePosixPath(item.path)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in item.path or pure.parts[0] == STATE:
            raise PrefetchError("the manifest names a path outside the model's folder")
    return manifest


def read_token(environment: Mapping[str, str]) -> str:
    """Return the token of the file that HF_TOKEN_PATH names; nothing when there is no such file."""
    path = environment.get("HF_TOKEN_PATH", "")
    if not path or not Path(path).is_file():
        return ""
    token = Path(path).read_text(encoding="utf-8").strip()
    if any(each.isspace() or not each.isprintable() for each in token):
        raise PrefetchError("the Secret of the Hub token holds more than a token")
    return token


def is_complete(manifest: Manifest, target: Path) -> bool:
    """Return whether the marker is of this manifest and every file has its size."""
    try:
        marker = json.loads((target / MARKER).read_text(encoding="utf-8"))
        same = isinstance(marker, dict) and marker.get("manifest") == manifest.digest
        return same and all((target / item.path).stat().st_size == item.size for item in manifest.items)
    except (OSError, ValueError):
        return False


def verify(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError unless every file is there as stated."""
    for item in manifest.items:
        if not item.is_at(target / item.path):
            raise PrefetchError(f"`{item.path}` is missing or not the file that was checked")
    say(f"{len(manifest.items)} files are as they were checked")


def fetch(transfer: "Transfer") -> None:
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


def refuse_strangers(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError when the folder holds weights that are not of this commit: vLLM would load them too."""
    known = {item.path for item in manifest.items}
    for path in sorted(target.rglob("*.safetensors")):
        name = path.relative_to(target).as_posix()
        if name not in known:
            raise PrefetchError(f"the folder holds `{name}`, which is not part of the commit")


def check_space(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError when the volume cannot hold what is still missing."""
    paths = [(item.size, target / item.path) for item in manifest.items]
    missing = sum(max(0, size - (size_of(path) or size_of(part(path)))) for size, path in paths)
    free = shutil.disk_usage(target).free
    if missing > free:
        raise PrefetchError(f"{missing} bytes are missing, the volume has {free} left: enlarge it")


def size_of(path: Path) -> int:
    """Return the size of a file; 0 when there is none."""
    return path.stat().st_size if path.is_file() else 0


def part(path: Path) -> Path:
    """Return where a file lies until it is complete."""
    return path.with_name(f"{path.name}.part")


class InterruptedTransferError(Exception):
    """A transfer that may succeed when it is tried again, ``after`` seconds later."""

    def __init__(self, message: str, after: float = 0) -> None:
        """Keep the message and the wished wait."""
        super().__init__(message)
        self.after = after


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
        where = "/".join(urllib.parse.quote(each, safe="") for each in PurePosixPath(item.path).parts)
        url = f"{manifest.endpoint}/{manifest.repository}/resolve/{manifest.commit}/{where}"
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


def write_marker(manifest: Manifest, target: Path) -> None:
    """Say that everything is there, in one step that cannot be seen half done."""
    (target / STATE).mkdir(exist_ok=True)
    unfinished = target / f"{MARKER}.part"
    unfinished.write_text(json.dumps({"manifest": manifest.digest, "commit": manifest.commit}), encoding="utf-8")
    unfinished.replace(target / MARKER)


if __name__ == "__main__":
    sys.exit(main(os.environ))
