"""What a pod is told to do with one model's folder, by its environment."""

import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .cache import fill, ready
from .folder import glance, is_complete, refuse_settings, refuse_strangers, verify
from .lock import exclusive
from .manifest import Manifest, read_manifest
from .problem import OK, RETRY, PrefetchError, say
from .transfer import Transfer, fetch, read_token

Wait = Callable[[float], None]


def main(environment: Mapping[str, str], wait: Wait = time.sleep) -> int:
    """Do what SLIPWAY_MODE says; return the exit status: 0 done, 1 try again later, 2 trying again cannot help."""
    try:
        MODES[environment.get("SLIPWAY_MODE", "fetch")](environment, wait)
    except PrefetchError as problem:
        say(str(problem))
        return problem.code
    except OSError as problem:
        say(f"the volume cannot be used: {problem.strerror or type(problem).__name__}")
        return RETRY
    return OK


def bring(environment: Mapping[str, str], wait: Wait) -> None:
    """Fetch what is missing, verify everything and leave a marker, so that a repeat costs nothing."""
    manifest, target = _task(environment)
    if is_complete(manifest, target):
        _say_complete(manifest)
        return
    with exclusive(target, wait):
        if is_complete(manifest, target):
            _say_complete(manifest)
        else:
            fetch(Transfer(manifest=manifest, target=target, token=read_token(environment), wait=wait))


def look(environment: Mapping[str, str], _: Wait) -> None:
    """Verify every file of a claim that somebody else has filled, unless a marker says that it was done."""
    manifest, target = _task(environment)
    if is_complete(manifest, target):
        _say_complete(manifest)
    else:
        verify(manifest, target)


def prove(environment: Mapping[str, str], _: Wait) -> None:
    """Verify every file of an image; a marker in it proves nothing, and neither may it hold more."""
    manifest, target = _task(environment)
    refuse_strangers(manifest, target)
    refuse_settings(manifest, target)
    verify(manifest, target)


def compare(environment: Mapping[str, str], _: Wait) -> None:
    """Compare an image with what was checked as far as a start of a server allows: small files and all sizes."""
    manifest, target = _task(environment)
    refuse_strangers(manifest, target)
    refuse_settings(manifest, target)
    glance(manifest, target)


def hold(_: Mapping[str, str], __: Wait) -> None:
    """Do nothing until the pod is told to stop, so that a DaemonSet has something that runs."""
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    say("this node has its models")
    signal.sigwait(stops)


def alive(environment: Mapping[str, str], _: Wait) -> None:
    """Raise OSError when the node's disk does not answer any more."""
    Path(environment["SLIPWAY_CACHE"]).stat()


MODES: Mapping[str, Callable[[Mapping[str, str], Wait], None]] = {
    "fetch": bring,
    "verify": look,
    "prove": prove,
    "glance": compare,
    "fill": fill,
    "hold": hold,
    "ready": ready,
    "alive": alive,
}


def _task(environment: Mapping[str, str]) -> tuple[Manifest, Path]:
    return read_manifest(Path(environment["SLIPWAY_MANIFEST"])), Path(environment["SLIPWAY_TARGET"])


def _say_complete(manifest: Manifest) -> None:
    say(f"{len(manifest.items)} files of commit {manifest.commit[:12]} are there already")
