"""Commands in an environment of their own, with what each took: by the clock, and of the processor."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one command took: seconds by the clock, and seconds of the processor in it and its children."""

    clock: float
    processor: float
    printed: str

    @property
    def found(self) -> Mapping[str, Any]:
        """Return the line of JSON that a script printed last; leave when it says that it is of no worth."""
        found: Mapping[str, Any] = json.loads(self.printed.splitlines()[-1])
        if not found["ok"]:
            raise SystemExit("a measured script did not get what it asked for")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where commands are run: nothing of the developer's is felt, nothing of theirs is left."""

    home: Path
    more: Mapping[str, str] = field(default_factory=dict)

    def variables(self, url: str) -> dict[str, str]:
        """Return the environment of a command that asks the Hub at ``url``."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
        own = {"HOME": str(self.home), "HF_HOME": str(self.home), "HF_ENDPOINT": url, "SLIPWAY_CACHE": "off"}
        return {**kept, **own, "PYTHONPATH": str(ROOT), "HF_TOKEN": "", "NO_PROXY": "127.0.0.1", **self.more}

    def run(self, *arguments: str, url: str = "", python: Path = Path(sys.executable)) -> Ran:
        """Run Python to its end; leave when it fails."""
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            start = time.perf_counter()
            process = subprocess.Popen(  # noqa: S603 - fixed commands
                [python, *arguments], env=self.variables(url), cwd=ROOT, stdout=output, stderr=errors
            )
            _, status, used = os.wait4(process.pid, 0)  # unlike times() of all children, it is of this one
            clock = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            if process.returncode not in {0, 1}:
                raise SystemExit(f"{' '.join(arguments[:4])} ended with {process.returncode}: {errors.read()[-500:]}")
            return Ran(clock=clock, processor=used.ru_utime + used.ru_stime, printed=output.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two commands that ran in turn, again and again: a machine that slows down slows both."""

    own: tuple[Ran, ...]
    other: tuple[Ran, ...]

    @classmethod
    def of(cls, own: Callable[[], Ran], other: Callable[[], Ran], repeats: int) -> "Pair":
        """Run both once unmeasured, and then in turn."""
        own()
        other()
        ran = [(own(), other()) for _ in range(repeats)]
        return cls(own=tuple(first for first, _ in ran), other=tuple(second for _, second in ran))

    def ratio(self, taken: Callable[[Ran], float]) -> float:
        """Return the median of the ratios of each run to the one beside it."""
        return statistics.median(taken(own) / taken(other) for own, other in zip(self.own, self.other, strict=True))

    @property
    def clock(self) -> float:
        """Return the ratio by the clock."""
        return self.ratio(lambda ran: ran.clock)

    @property
    def processor(self) -> float:
        """Return the ratio of the time of the processor."""
        return self.ratio(lambda ran: ran.processor)
