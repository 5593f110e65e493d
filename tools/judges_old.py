"""What checkov and kube-score say of every stack's rendered objects, beside what they say of others (``make judges``).

The stacks are rendered as tests/cluster applies them (tools/rendering.py), so no network is needed but the package
indexes that checkov and kube-score are installed from, once, into build/judges. No check is suppressed.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.hub.server import running
from tests.hub.stacks import stack_repositories
from tools.rendering import FAULTLESS, judged, render, stack_files

ROOT = Path(__file__).parent.parent
JUDGES = ROOT / "build" / "judges"
CHECKOV = "checkov==3.3.30"
KUBE_SCORE = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"
KUBERNETES = "v1.35"
PEERS = ROOT / "tests" / "fixtures" / "peer_scan.csv"  # measured 2026-11-23, by the same tools over defaults
CRITICAL, WARNING = 1, 5  # kube-score's grades
Answer: TypeAlias = Any  # a judge's JSON; a key that lacks is an error of the judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judges found in one stack: how often each check failed, by its name."""

    stack: str
    passed: int
    checkov: Mapping[str, int] = field(default_factory=dict)
    critical: Mapping[str, int] = field(default_factory=dict)
    warning: Mapping[str, int] = field(default_factory=dict)

    @property
    def faultless(self) -> bool:
        """Return whether no check failed."""
        return not (self.checkov or self.critical or self.warning)

    def __str__(self) -> str:
        """Return the line of the table, and one for each check that failed."""
        counts = [sum(each.values()) for each in (self.checkov, self.critical, self.warning)]
        named = [*self.checkov.items(), *self.critical.items(), *self.warning.items()]
        return "\n".join([line(self.stack, self.passed, *counts), *(f"    {name}: {count}" for name, count in named)])


def line(name: str, passed: int, failed: int, critical: int, warning: int) -> str:
    """Return a line of the table."""
    return f"  {name:<36} {failed:>6} {passed:>6} {critical:>9} {warning:>8}"


def main() -> int:
    """Print the table; return 1 when a check fails on prod, 2 when a judge or a rendering is not to be had."""
    try:
        install()
        with tempfile.TemporaryDirectory() as folder:
            verdicts = [judge(stack, objects) for stack, objects in rendered(Path(folder)).items()]
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"could not judge: {error}", file=sys.stderr)
        return 2
    print(f"  {'':<36} {'checkov':^13} {'kube-score':^18}\n  {'':<36} failed passed  critical warnings")
    for verdict in verdicts:
        print(verdict)
    print("  others' defaults (tests/fixtures/peer_scan.csv)")
    for peer in peers():
        print(peer)
    return int(not all(verdict.faultless for verdict in verdicts if verdict.stack == FAULTLESS))


def install() -> None:
    """Install both judges into build/judges unless they are there; raise RuntimeError without Go."""
    if not (JUDGES / "bin" / "checkov").exists():
        venv.create(JUDGES, with_pip=True, clear=True)
        pip = [str(JUDGES / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, CHECKOV], check=True)  # noqa: S603 - a pinned package
    if not (JUDGES / "bin" / "kube-score").exists():
        go = shutil.which("go")
        if go is None:
            raise RuntimeError("kube-score is built with Go, which is not on PATH")
        environment = {**os.environ, "GOBIN": str(JUDGES / "bin"), "CGO_ENABLED": "0"}
        subprocess.run([go, "install", KUBE_SCORE], check=True, env=environment)  # noqa: S603 - a pinned module


def rendered(folder: Path) -> dict[str, Path]:
    """Return each stack's folder of objects, rendered against stand-ins for the repositories."""
    with running() as hub:
        for repository in stack_repositories():
            hub.add(repository)
        return {
            stack: render(judged(stack, path.read_text(encoding="utf-8")), stack, folder, hub.url)
            for stack, path in stack_files().items()
        }


def judge(stack: str, folder: Path) -> Verdict:
    """Return what both judges say of the objects in a folder."""
    checkov = checkov_report(_checkov(folder))
    scored = kube_score_report(_kube_score(folder))
    return Verdict(
        stack=stack,
        passed=checkov[0],
        checkov=checkov[1],
        critical=scored[CRITICAL],
        warning=scored[WARNING],
    )


def _checkov(folder: Path) -> Answer:
    """Ask checkov; without downloads and the search for updates it calls nobody."""
    options = ["--framework", "kubernetes", "--skip-download", "--compact", "--soft-fail", "--output", "json"]
    done = subprocess.run(  # noqa: S603 - installed above
        [str(JUDGES / "bin" / "checkov"), "--directory", str(folder), *options],
        env={**os.environ, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "True"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _kube_score(folder: Path) -> Answer:
    options = ["--output-format", "json", "--kubernetes-version", KUBERNETES]
    files = [str(path) for path in sorted(folder.glob("*.yaml"))]
    done = subprocess.run(  # noqa: S603 - installed above
        [str(JUDGES / "bin" / "kube-score"), "score", *options, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(f"kube-score did not answer: {done.stderr}")
    return json.loads(done.stdout)


def checkov_report(report: Answer) -> tuple[int, Mapping[str, int]]:
    """Return how many checks passed, and how often each of the others failed."""
    failed = Counter(f"{each['check_id']} {each['check_name']}" for each in report["results"]["failed_checks"])
    return int(report["summary"]["passed"]), failed


def kube_score_report(report: Answer) -> Mapping[int, Mapping[str, int]]:
    """Return how often each check failed, by grade."""
    found: dict[int, Counter[str]] = {CRITICAL: Counter(), WARNING: Counter()}
    for scored in report:
        for each in scored["checks"] or ():
            if not each["skipped"] and each["grade"] in found:
                found[each["grade"]][each["check"]["id"]] += 1
    return found


def peers() -> Iterator[str]:
    """Yield the lines of the others."""
    with PEERS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keys = ("checkov_passed", "checkov_failed", "kube_score_critical", "kube_score_warning")
            passed, failed, critical, warning = (int(row[key]) for key in keys)
            yield line(row["manifest"].removesuffix(".yaml"), passed, failed, critical, warning)


if __name__ == "__main__":
    sys.exit(main())
