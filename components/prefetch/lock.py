"""One process at a time in a folder, whatever else of the node or the cluster wants to fill it."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .problem import say

LOCK = ".slipway.lock"
PAUSE = 5.0  # seconds
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}  # file systems over a network that know none


@contextmanager
def exclusive(folder: Path, wait: Callable[[float], None]) -> Iterator[None]:
    """Hold the folder alone; another process that has it is waited for. The kernel frees it when a holder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, wait)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, wait: Callable[[float], None]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                say("another pod is at work in this folder; waiting for it")
            told = True
            wait(PAUSE)
        except OSError as problem:
            if problem.errno not in NO_LOCKS:
                raise
            say("the volume knows no locks; no other pod may fill this folder")
            return
        else:
            return
