"""Run in the pod before vLLM: look for the weights, make the caches, write vLLM's config file with the API keys in it.

It needs nothing but Python's standard library, and prints neither a key nor anything made from one.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PERIOD = 10  # seconds between two looks for what is not there yet
LEAST_DIGITS = 16  # of an API key; shorter ones can be guessed


class ComposeError(Exception):
    """The server may not start; the message says why and holds no secret."""


def main(environment: Mapping[str, str]) -> int:
    """Write the config file; return 0, or 1 with one line on standard error."""
    try:
        seconds = int(environment.get("SLIPWAY_WAIT", "0"))
        marker, digest = environment.get("SLIPWAY_MARKER", ""), environment.get("SLIPWAY_DIGEST", "")
        wait(lambda: check_marker(marker, digest), seconds)
        wait(lambda: check_leader(environment.get("SLIPWAY_LEADER", "")), seconds)
        for cache in environment.get("SLIPWAY_FOLDERS", "").split():
            Path(cache).mkdir(parents=True, exist_ok=True)
        folder = environment.get("SLIPWAY_KEYS", "")
        keys = read_keys(Path(folder)) if folder else []
        base = Path(environment["SLIPWAY_ARGUMENTS"]).read_text(encoding="utf-8")
        write_config(Path(environment["SLIPWAY_CONFIG"]), base, keys)
    except (ComposeError, OSError, KeyError, ValueError) as problem:
        reason = str(problem) if isinstance(problem, ComposeError) else type(problem).__name__
        print(f"slipway: {reason}", file=sys.stderr)  # noqa: T201 - the pod's log is its output
        return 1
    return 0


def wait(check: Callable[[], None], seconds: int, pause: Callable[[float], None] = time.sleep) -> None:
    """Check until nothing is raised, for so many seconds at most, then raise what the last check raised.

    A pod of a replica that spans nodes waits here: if it ended, the pods on all other nodes would be made anew. And one
    on a node that is being filled: each time it ended, the kubelet would let it wait longer.
    """
    for left in range(seconds // PERIOD, -1, -1):
        try:
            check()
        except ComposeError:
            if not left:
                raise
            pause(PERIOD)
        else:
            return


def check_leader(name: str) -> None:
    """Raise ComposeError while the leader of a replica that spans nodes has no address."""
    if not name:
        return
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        raise ComposeError("the leader of this replica has no address yet: its pod is not scheduled") from None


def check_marker(marker: str, digest: str) -> None:
    """Raise ComposeError unless the prefetch has left its marker for exactly this list of files."""
    if not digest:
        return
    try:
        found = json.loads(Path(marker).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ComposeError("the weights are not complete yet: the prefetch has not finished") from None
    if not isinstance(found, dict) or found.get("manifest") != digest:
        raise ComposeError("the volume holds the weights of another commit: the prefetch has not finished")


def read_keys(folder: Path) -> list[str]:
    """Return the API keys of a mounted Secret, one a file; raise ComposeError for none, or one that is not usable."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    keys = [path.read_text(encoding="utf-8").strip() for path in files]
    if not keys:
        raise ComposeError("the Secret of the API key is empty")
    for path, key in zip(files, keys, strict=True):
        if (
            len(key) < LEAST_DIGITS
            or key.startswith("-")
            or any(each.isspace() or not each.isprintable() for each in key)
        ):
            raise ComposeError(
                f"API key `{path.name}` is not usable: at least {LEAST_DIGITS} characters, no spaces, no leading `-`"
            )
    return keys


def write_config(target: Path, base: str, keys: list[str]) -> None:
    """Write the arguments and the keys; a JSON list of strings is YAML too. Only this user may read the file."""
    text = base if base.endswith("\n") else f"{base}\n"
    if keys:
        text += f"api-key: {json.dumps(keys)}\n"
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)


if __name__ == "__main__":
    sys.exit(main(os.environ))
