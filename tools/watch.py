"""Times the checks of a program that knows nothing of it: imported first, as its ``sitecustomize``.

``SLIPWAY_BENCH`` names the file that gets the seconds which ``validation.check`` took to import and to run.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

FILE = "SLIPWAY_BENCH"
PROGRAMS = ("pulumi-language-python-exec", "dryrun")


def watch(file: Path) -> None:
    """Import the checks, and put a clock around them."""
    start = time.perf_counter()
    import validation.check  # noqa: PLC0415 - measured

    taken = time.perf_counter() - start
    check_models = validation.check.check_models

    def timed(*arguments: Any) -> Any:  # noqa: ANN401 - handed on
        before = time.perf_counter()
        try:
            return check_models(*arguments)
        finally:
            file.write_text(str(taken + time.perf_counter() - before))

    validation.check.check_models = timed  # type: ignore[assignment]  # the same function with a clock


if FILE in os.environ and any(name in part for name in PROGRAMS for part in sys.orig_argv):
    watch(Path(os.environ[FILE]))
