"""Run a command that ends when whoever started it ends, however that happens: standard input is the leash.

Usage: ``python leash.py COMMAND...`` with a pipe at standard input. When its other end is closed (by hand, or by the
kernel because the process that held it was killed), the command is asked to end, and killed ten seconds later.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

GRACE = 10.0  # seconds between SIGTERM and SIGKILL


def main(command: Sequence[str]) -> int:
    """Run the command; return its exit code, or 128 and the signal that ended it."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - what the tests start
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_hold, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _hold(child: subprocess.Popen[bytes]) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)
    child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
