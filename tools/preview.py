"""How long a preview of the demo stack takes, and how much of that its checks: by the CLI where it is on PATH."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests.engine.cli import make_engine
from tools.environment import ROOT, Environment
from tools.watch import FILE

STACK = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A way to preview: its name, what runs it once, and the file where the checks' seconds are left."""

    name: str
    start: Callable[[], object]
    file: Path

    @classmethod
    def best(cls, environment: Environment) -> "Preview":
        """Return the real engine where it is on PATH, else the embedded one."""
        folder = environment.home / "watch"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text("import tools.watch\n")
        file = folder / "seconds"
        watched = {FILE: str(file), "PYTHONPATH": f"{folder}:{ROOT}"}
        if shutil.which("pulumi") is None:
            measured = replace(environment, more=watched)
            name = "a preview by the embedded engine (no `pulumi` on PATH)"
            return cls(name=name, start=lambda: measured.run("-m", "dryrun", "preview", STACK), file=file)
        engine = make_engine(folder)
        engine.select(STACK)
        return cls(name="`pulumi preview`", start=lambda: engine.preview(STACK, **watched), file=file)

    def run(self) -> tuple[float, float]:
        """Preview once and return the seconds of the whole, and those of the checks."""
        with suppress(FileNotFoundError):
            self.file.unlink()
        begin = time.perf_counter()
        self.start()
        whole = time.perf_counter() - begin
        return whole, float(self.file.read_text())

    def share(self) -> float:
        """Preview once and return the checks' time as a share of all other."""
        whole, checks = self.run()
        return checks / (whole - checks)
