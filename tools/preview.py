"""How long a preview takes, and how much of that its checks: by the CLI where it is on PATH, with all locks warm.

The stack is staging, in a copy of the project whose models are pinned to the commits of stand-ins, and locked.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.engine.cli import Done, Engine, make_engine
from tests.hub.stacks import running_for_stacks
from tools.environment import ROOT, Environment
from tools.watch import FILE
from validation.sources.lock import write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

STACK = "staging"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A way to preview: its name, what runs it once, and the file where the checks' seconds are left."""

    name: str
    start: Callable[[], Done]
    file: Path

    @classmethod
    def best(cls, environment: Environment) -> "Preview":
        """Return the real engine where it is on PATH, else the embedded one."""
        folder = environment.home / "watch"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text("import tools.watch\n")
        file = folder / "seconds"
        watched = {FILE: str(file), "PYTHONPATH": f"{folder}:{ROOT}"}
        engine = make_engine(folder)
        _lock(engine)
        if shutil.which("pulumi") is None:
            name = "a preview by the embedded engine (no `pulumi` on PATH)"
            return cls(name=name, start=lambda: engine.embedded(STACK, **watched), file=file)
        engine.select(STACK)
        return cls(name="`pulumi preview`", start=lambda: engine.preview(STACK, **watched), file=file)

    def run(self) -> tuple[float, float]:
        """Preview once and return the seconds of the whole, and those of the checks."""
        with suppress(FileNotFoundError):
            self.file.unlink()
        begin = time.perf_counter()
        done = self.start()
        whole = time.perf_counter() - begin
        if done.code or not self.file.exists():
            raise SystemExit(f"the preview failed: {done.said[-500:]}")
        return whole, float(self.file.read_text())

    def share(self) -> float:
        """Preview once and return the checks' time as a share of all other."""
        whole, checks = self.run()
        return checks / (whole - checks)


def _lock(engine: Engine) -> None:
    """Pin the stack's models, and lock them."""
    file = engine.folder / "stacks" / f"Pulumi.{STACK}.yaml"
    text = file.read_text()
    with running_for_stacks() as hub:
        options = SourceOptions(endpoint=hub.url, token="")
        for identity, repository in hub.repositories.items():
            (facts,) = read_all([SourceRequest(f"hf://{identity}", repository.commit)], options)
            write_lock(facts, engine.folder / "stacks" / "locks")
            source = f"source: hf://{identity}\n      revision: "
            text = text.replace(f"{source}main", f"{source}{repository.commit}")
    file.write_text(text)
