"""Speed, bytes and memory, as ratios measured in the same run on the same machine (``make bench``).

With ``--peers`` hf-mem is asked for the same repository; it is installed into build/peers, never into this project's
own environment. The table is written to docs/benchmarks.md, and the exit code is 1 when a goal was missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.accuracy import PACKAGES, PEERS
from tools.growth import picture
from tools.stage import ROUND_TRIP, Traffic, one_file, slow_hub, thousand_shards, traffic
from validation.sources.lock import write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "pictures" / "growth.svg"
REPEATS = 5
MIB = 1 << 20
MODEL = "acme/tiny-chat"
SOURCE = f"hf://{MODEL}"
CHECK = ("-m", "validation", "check")
MODELS = (1, 10, 100, 1000)
MISSES = """
A warm lock imports no HTTP client; what is left of its time is a third each for Python's own modules (data classes,
regular expressions), for reading the contract's YAML and the chat template's parser, and for the rules themselves. The
preview is the embedded engine's (`python -m dryrun preview demo`, local folders); `pulumi preview` takes longer, so
that the checks are a smaller share of it. Round trips are the network phase over the time of one answer: the work of
the processor is in it too.
"""
FINDINGS = (1, 10, 100, 1_000, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; ``goal`` is the most that ``value`` may be, None where there is nothing to reach."""

    what: str
    value: float
    shown: str
    goal: float | None = None
    goal_shown: str = ""

    @property
    def met(self) -> bool:
        """Return whether the goal was reached."""
        return self.goal is None or self.value <= self.goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where commands are run: nothing of the developer's is felt, nothing of theirs is left."""

    home: Path

    def variables(self, url: str) -> dict[str, str]:
        """Return the environment of a command that asks the Hub at ``url``."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
        own = {"HOME": str(self.home), "HF_HOME": str(self.home), "HF_ENDPOINT": url, "SLIPWAY_CACHE": "off"}
        return {**kept, **own, "PYTHONPATH": str(ROOT), "HF_TOKEN": "", "NO_PROXY": "127.0.0.1"}

    def run(self, *arguments: str, url: str = "", python: Path = Path(sys.executable)) -> tuple[float, str]:
        """Run Python to its end and return its seconds and what it printed."""
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - fixed commands
            [python, *arguments], env=self.variables(url), cwd=ROOT, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode not in {0, 1}:
            raise SystemExit(f"{' '.join(arguments[:4])} ended with {done.returncode}: {done.stderr[-500:]}")
        return seconds, done.stdout

    def measure(self, *arguments: str, url: str = "", python: Path = Path(sys.executable)) -> Mapping[str, float]:
        """Run a script that prints a line of JSON, and return it with the seconds of the ``whole`` process."""
        whole, printed = self.run(*arguments, url=url, python=python)
        found: dict[str, float] = json.loads(printed.splitlines()[-1])
        if not found["ok"]:
            raise SystemExit(f"{' '.join(arguments[:4])} did not get what it asked for")
        return {**found, "whole": whole}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everything, write the page and print it."""
    parser = argparse.ArgumentParser(description="Measure speed, bytes and memory as ratios.")
    parser.add_argument("--peers", action="store_true", help="install hf-mem, and ask it too")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        environment = Environment(home=Path(folder))
        lines = [
            *one_model(environment, install=wanted.peers),
            *warm_lock(environment),
            *trillion(environment),
            *preview(environment),
            *growth(environment),
        ]
    text = page(lines)
    PAGE.write_text(text)
    print(text)
    return 0 if all(line.met for line in lines) else 1


def one_model(environment: Environment, *, install: bool) -> list[Line]:
    """Return what one model over the network costs, beside hf-mem on the same repository."""
    with slow_hub() as hub:
        hub.add(one_file(MODEL))
        own = _median(lambda: environment.measure("-m", "tools.measured", "network", hub.url, SOURCE))
        traffic(hub)
        whole = _seconds(lambda: environment.run(*CHECK, SOURCE, url=hub.url)[0])
        found = _each(traffic(hub))
        trips = own["seconds"] / ROUND_TRIP
        lines = [
            _most("round trips in sequence, one model", trips, 3.9, "listing and 2 more: below 4", digits=1),
            _fact("requests and bytes of one model", f"{found.requests} and {found.sent / 1024:.0f} KiB"),
        ]
        python = _peer(install=install)
        if python is None:
            return [*lines, _fact("hf-mem", "not installed (`make bench PEERS=--peers` installs it)")]
        asked = ("-P", "tools/peer_memory.py", hub.url, MODEL)
        peer = _median(lambda: environment.measure(*asked, python=python))
        theirs = _each(traffic(hub))
        return [
            *lines,
            _fact("requests and bytes of hf-mem", f"{theirs.requests} and {theirs.sent / 1024:.0f} KiB"),
            _most("network phase, of hf-mem's", own["seconds"] / peer["seconds"], 1.0, "at most 1.0"),
            _most("whole process, of hf-mem's", whole / peer["whole"], 1.5, "at most 1.5"),
        ]


def warm_lock(environment: Environment) -> list[Line]:
    """Return what a check from a lock costs, of what importing huggingface_hub's client does."""
    with slow_hub() as hub:
        hub.add(one_file(MODEL))
        (facts,) = read_all([SourceRequest(SOURCE)], SourceOptions(endpoint=hub.url, token=""))
        traffic(hub)
        lock = write_lock(facts, environment.home / "locks")
        arguments = (*CHECK, SOURCE, "--revision", facts.commit, "--lock", str(lock.parent))
        pairs = [
            (environment.run(*arguments, url=hub.url)[0], environment.run("-c", "from huggingface_hub import HfApi")[0])
            for _ in range(2 * REPEATS)
        ]
        asked = traffic(hub).requests
    ratio = statistics.median(own for own, _ in pairs) / statistics.median(other for _, other in pairs)
    return [
        _most("requests with a warm lock", asked, 0, "none", digits=0),
        _most("warm lock, of `from huggingface_hub import HfApi`", ratio, 0.6, "below 0.6"),
    ]


def trillion(environment: Environment) -> list[Line]:
    """Return memory and bytes for 1,000 shards and 10^5 tensors."""
    with slow_hub(compress=True) as hub:
        hub.add(thousand_shards(MODEL))
        found = environment.measure("-m", "tools.measured", "huge", hub.url, SOURCE)
        packed = traffic(hub).sent / MIB
    return [
        _most("resident at most, 1,000 shards and 10^5 tensors", found["peak"] / MIB, 150, "below 150", unit=" MiB"),
        _most("transferred for it, with gzip", packed, 2, "below 2", unit=" MiB", digits=2),
    ]


def preview(environment: Environment) -> list[Line]:
    """Return how much longer the demo stack's preview takes for its checks."""
    found = [environment.measure("-m", "tools.measured", "preview", "demo") for _ in range(REPEATS)]
    share = statistics.median(item["checks"] / (item["whole"] - item["checks"]) for item in found)
    return [_most("a preview with its checks, beyond the same without", 100 * share, 20, "below 20", unit=" %")]


def growth(environment: Environment) -> list[Line]:
    """Return how the cost grows with models and with findings, and draw it."""
    with slow_hub() as hub:
        sources = [f"hf://{hub.add(one_file(f'acme/model-{number}')).id}" for number in range(max(MODELS))]
        models = {count: _many(environment, hub.url, sources[:count]) for count in MODELS}
    findings = {count: _render(environment, count) for count in FINDINGS}
    PICTURE.write_text(picture({"models": models, "findings": findings}))
    return [
        _most("100 models, of the time of one", models[100] / models[1], 3.0, "at most 3"),
        _most("1,000 models, of the time of 100", models[1000] / models[100], 10.0, "linear: at most 10"),
        _most(
            "10,000 findings in all formats, of the time of 1,000",
            findings[10_000] / findings[1_000],
            11.0,
            "linear: about 10",
        ),
    ]


def _many(environment: Environment, url: str, sources: Sequence[str]) -> float:
    repeats = 1 if len(sources) > MODELS[1] else REPEATS
    return _seconds(lambda: environment.run(*CHECK, *sources, "--timeout", "300", url=url)[0], repeats)


def _render(environment: Environment, count: int) -> float:
    asked = ("-m", "tools.measured", "findings", str(count))
    return min(
        environment.measure(*asked)["seconds"] for _ in range(REPEATS)
    )  # least disturbed: it is compared over count


def page(lines: Sequence[Line]) -> str:
    """Return docs/benchmarks.md."""
    rows = [
        f"| {line.what} | {line.shown} | {line.goal_shown or '-'} | {'yes' if line.met else '**no**'} |"
        for line in lines
    ]
    head = f"""# Benchmarks

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}, with Python {sys.version_info.major}.{sys.version_info.minor} on \
{os.cpu_count()} cores; do not edit. Every ratio is of two things that were
measured in the same run, so that they hold on other machines too. The Hub is the tests' stand-in on loopback,
{1000 * ROUND_TRIP:.0f} ms an answer, in a process of its own; connections cost nothing there.
Medians of {REPEATS}; the cache is off.

| what | measured | goal | met |
|---|---|---|---|
"""
    return head + "\n".join(rows) + f"\n\n![Cost as models and findings grow](pictures/growth.svg)\n{MISSES}"


def _peer(*, install: bool) -> Path | None:
    python = PEERS / "bin" / "python"
    if install and not python.exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)  # noqa: S603 - fixed names
    return python if python.exists() else None


def _median(measure: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
    found = [measure() for _ in range(REPEATS)]
    return {name: statistics.median(item[name] for item in found) for name in found[0]}


def _seconds(run: Callable[[], float], repeats: int = REPEATS) -> float:
    return statistics.median(run() for _ in range(repeats))


def _each(found: Traffic) -> Traffic:
    return Traffic(requests=found.requests // REPEATS, sent=found.sent // REPEATS)


def _most(what: str, value: float, goal: float, shown: str, *, unit: str = "", digits: int = -1) -> Line:
    places = digits if digits >= 0 else 0 if unit else 2
    return Line(what=what, value=value, shown=f"{value:.{places}f}{unit}", goal=goal, goal_shown=f"{shown}{unit}")


def _fact(what: str, shown: str) -> Line:
    return Line(what=what, value=0, shown=shown)


if __name__ == "__main__":
    sys.exit(main())
