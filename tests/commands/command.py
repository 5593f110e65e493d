"""Runs ``python -m validation`` as a user would: in a process of its own, with no setting of this machine."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CLOSED = "http://127.0.0.1:9"  # the discard port: nobody listens
TIMEOUT = 60  # seconds; a command takes less than one


def environment(home: Path, **settings: str) -> Mapping[str, str]:
    """Return the environment of a command; the Hub is a closed port unless HF_ENDPOINT says otherwise."""
    kept = {
        name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT", "NO_PROXY", "no_proxy") if name in os.environ
    }
    return {
        **kept,
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": CLOSED,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }


def validation(*arguments: str, home: Path, cwd: Path = ROOT, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and return its exit code and what it wrote."""
    return subprocess.run(  # noqa: S603 - the arguments are the tests' own
        [sys.executable, "-m", "validation", *arguments],
        env=environment(home, **settings),
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )
