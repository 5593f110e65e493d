"""Fuzz the readers by coverage, with atheris (``make fuzz``): one target or all, each for a number of seconds.

atheris is installed into build/fuzz, never into this project's own environment; where it cannot be installed, the
run says so and ends with 2. An input that breaks something is written to build/fuzz/found/TARGET: put it into
tests/fuzz/past/TARGET under a name that says what it was, and mend the reader.
"""

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "fuzz"
PACKAGES = FOLDER / "packages"
ATHERIS = "atheris==3.0.0"
SECONDS = 60
LIMITS = ("-timeout=20", "-rss_limit_mb=2048", "-max_len=65536", "-verbosity=0", "-print_final_stats=1")
CHOSEN = "SLIPWAY_FUZZ"  # the target, in the process that atheris takes over


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz each target in a process of its own; return 1 when one broke, 2 when atheris cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them when none is named")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"for each target (default: {SECONDS})")
    wanted = parser.parse_args(arguments)
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - the fuzzing process imports it under instruments

    unknown = set(wanted.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; choose {', '.join(TARGETS)}")
    if not install():
        print(f"not fuzzed: {ATHERIS} cannot be installed here", file=sys.stderr)
        return 2
    broken = [target for target in wanted.targets or TARGETS if not fuzz(target, wanted.seconds)]
    print(f"broken: {', '.join(broken)}; see {FOLDER / 'found'}" if broken else "nothing broke")
    return int(bool(broken))


def install() -> bool:
    """Install atheris into build/fuzz unless it is there; return whether it is."""
    if not (PACKAGES / "atheris").is_dir():
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--target",
            str(PACKAGES),
        ]
        return subprocess.run([*pip, ATHERIS], check=False).returncode == 0  # noqa: S603 - a pinned package
    return True


def fuzz(target: str, seconds: int) -> bool:
    """Fuzz one target, beginning where the last run ended; return whether nothing broke."""
    from tests.fuzz.corpus import TOKENS, past, starts  # noqa: PLC0415 - as above

    corpus, found = FOLDER / "corpus" / target, FOLDER / "found" / target
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate([*starts(target), *past(target).values()]):
        (corpus / f"start-{number}").write_bytes(data)
    words = FOLDER / "words"
    words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in TOKENS if token))
    print(f"{target}: {seconds} s", flush=True)
    paths = os.pathsep.join([str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])])
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", f"-dict={words}", *LIMITS, str(corpus)]
    done = subprocess.run(  # noqa: S603 - this module
        [sys.executable, "-m", "tools.fuzz", *options],
        env={**os.environ, "PYTHONPATH": paths, CHOSEN: target},
        cwd=ROOT,
        check=False,
    )
    return done.returncode == 0


def run(target: str) -> None:
    """Hand the target to atheris, which ends the process."""
    atheris: ModuleType = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["validation", "stacks"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - under atheris' instruments
    atheris.Setup(sys.argv, TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    if chosen := os.environ.get(CHOSEN):
        run(chosen)
    sys.exit(main())
