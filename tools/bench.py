"""Speed, bytes and memory, as ratios measured in the same run on the same machine (``make bench``).

With ``--peers`` hf-mem is asked for the same repository; it is installed into build/peers, never into this project's
own environment. The table is written to docs/benchmarks.md, and the exit code is 1 when a goal was missed.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from tools.accuracy import PACKAGES, PEERS
from tools.environment import ROOT, Environment, Pair, Ran
from tools.growth import picture
from tools.preview import Preview
from tools.stage import one_file, slow_hub, thousand_shards, traffic
from tools.table import Line, fact, most, page, pair
from validation.sources.lock import write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "pictures" / "growth.svg"
REPEATS = 9
MIB = 1 << 20
MODEL = "acme/tiny-chat"
SOURCE = f"hf://{MODEL}"
CHECK = ("-m", "validation", "check")
FINDINGS = (1, 10, 100)


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
    text = page(lines, REPEATS)
    PAGE.write_text(text)
    print(text)
    return 0 if all(line.met for line in lines) else 1


def one_model(environment: Environment, *, install: bool) -> list[Line]:
    """Return what one model over the network costs, beside hf-mem on the same repository."""
    with slow_hub() as hub:
        hub.add(one_file(MODEL))
        traffic(hub)
        environment.run(*CHECK, SOURCE, url=hub.url)
        found = traffic(hub)
        lines = [
            most("answers waited for one after the other, one model", found.depth, 3, "the listing and 2", digits=0),
            fact("requests and bytes of one model", f"{found.requests} and {found.sent / 1024:.0f} KiB"),
        ]
        python = _peer(install=install)
        if python is None:
            return [*lines, fact("hf-mem", "not installed (`make bench PEERS=--peers` installs it)")]

        def theirs() -> Ran:
            return environment.run("-P", "tools/peer_memory.py", hub.url, MODEL, python=python)

        theirs()
        other = traffic(hub)
        read = ("-m", "tools.measured", "network", hub.url, SOURCE)
        phase = Pair.of(lambda: environment.run(*read, url=hub.url), theirs, REPEATS)
        whole = Pair.of(lambda: environment.run(*CHECK, SOURCE, url=hub.url), theirs, REPEATS)
    return [
        *lines,
        fact("answers that hf-mem waits for one after the other", str(other.depth)),
        fact("requests and bytes of hf-mem", f"{other.requests} and {other.sent / 1024:.0f} KiB"),
        most("network phase, of hf-mem's", phase.ratio(_seconds), 1.0, "at most 1.0"),
        pair("whole process, of hf-mem's", whole, 1.5, "at most 1.5"),
    ]


def warm_lock(environment: Environment) -> list[Line]:
    """Return what a check from a lock costs, of what importing huggingface_hub's client does."""
    with slow_hub() as hub:
        hub.add(one_file(MODEL))
        (facts,) = read_all([SourceRequest(SOURCE)], SourceOptions(endpoint=hub.url, token=""))
        traffic(hub)
        lock = write_lock(facts, environment.home / "locks")
        arguments = (*CHECK, SOURCE, "--revision", facts.commit, "--lock", str(lock.parent))
        beside = Pair.of(
            lambda: environment.run(*arguments, url=hub.url),
            lambda: environment.run("-c", "from huggingface_hub import HfApi"),
            2 * REPEATS,
        )
        asked = traffic(hub).requests
    return [
        most("requests with a warm lock", asked, 0, "none", digits=0),
        pair("warm lock, of `from huggingface_hub import HfApi`", beside, 0.6, "below 0.6"),
    ]


def trillion(environment: Environment) -> list[Line]:
    """Return memory and bytes for 1,000 shards and 10^5 tensors."""
    with slow_hub(compress=True) as hub:
        hub.add(thousand_shards(MODEL))
        found = environment.run("-m", "tools.measured", "huge", hub.url, SOURCE).found
        packed = traffic(hub).sent / MIB
    return [
        most("resident at most, 1,000 shards and 10^5 tensors", found["peak"] / MIB, 150, "below 150", unit=" MiB"),
        most("transferred for it, with gzip", packed, 2, "below 2", unit=" MiB", digits=2),
    ]


def preview(environment: Environment) -> list[Line]:
    """Return how much longer the staging stack's preview takes for its checks, all locks warm."""
    way = Preview.best(environment)
    way.run()  # unmeasured: the first one makes what later ones find
    share = statistics.median(way.share() for _ in range(5))
    return [
        most(
            f"{way.name} with its checks and warm locks, beyond the same without",
            100 * share,
            20,
            "below 20",
            unit=" %",
        )
    ]


def growth(environment: Environment) -> list[Line]:
    """Return how the cost grows with models and with findings, and draw it."""
    with slow_hub() as hub:
        sources = [f"hf://{hub.add(one_file(f'acme/model-{number}')).id}" for number in range(1000)]

        def check(count: int) -> Ran:
            return environment.run(*CHECK, *sources[:count], "--timeout", "300", url=hub.url)

        hundred = Pair.of(lambda: check(100), lambda: check(1), REPEATS)
        ran = {1: hundred.other, 10: [check(10) for _ in range(REPEATS)], 100: hundred.own, 1000: [check(1000)]}
    models = {count: statistics.median(item.clock for item in found) for count, found in ran.items()}
    grown = Pair.of(lambda: _render(environment, 10_000), lambda: _render(environment, 1_000), REPEATS)
    rendered = {count: [_render(environment, count) for _ in range(5)] for count in FINDINGS}
    rendered |= {1_000: [*grown.other], 10_000: [*grown.own]}
    findings = {count: statistics.median(_seconds(item) for item in found) for count, found in rendered.items()}
    PICTURE.write_text(picture({"models": models, "findings": findings}))
    ratio = grown.ratio(_seconds)
    return [
        pair("100 models, of the time of one", hundred, 3.0, "at most 3"),
        most("1,000 models, of the time of 100", models[1000] / models[100], 10.0, "linear: at most 10"),
        most("10,000 findings in all formats, of the processor's time for 1,000", ratio, 11.0, "linear: about 10"),
    ]


def _render(environment: Environment, count: int) -> Ran:
    return environment.run("-m", "tools.measured", "findings", str(count))


def _seconds(ran: Ran) -> float:
    seconds: float = ran.found["seconds"]
    return seconds


def _peer(*, install: bool) -> Path | None:
    python = PEERS / "bin" / "python"
    if install and not python.exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)  # noqa: S603 - fixed names
    return python if python.exists() else None


if __name__ == "__main__":
    sys.exit(main())
