"""The judges themselves: installed once into build/judges, and asked without a network."""

import json
import os
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

import yaml

from tools.judges.verdict import (
    CRITICAL,
    WARNING,
    Answer,
    Verdict,
    checkov_report,
    kube_score_report,
    suppressions,
)
from tools.rendering import ROOT

JUDGES = ROOT / "build" / "judges"
CHECKOV = JUDGES / "checkov" / "bin" / "checkov"
CHECKOV_PACKAGE = "checkov==3.3.30"
KUBE_SCORE = JUDGES / "bin" / "kube-score"
KUBE_SCORE_MODULE = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"
KUBERNETES = "v1.35"


def install() -> None:
    """Install both judges unless they are there; raise RuntimeError without Go."""
    if not CHECKOV.exists():
        venv.create(JUDGES / "checkov", with_pip=True, clear=True)
        pip = [str(CHECKOV.parent / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, CHECKOV_PACKAGE], check=True)  # noqa: S603 - a pinned package
    if not KUBE_SCORE.exists():
        go = shutil.which("go")
        if go is None:
            raise RuntimeError("kube-score is built with Go, which is not on PATH")
        environment = {**os.environ, "GOBIN": str(KUBE_SCORE.parent), "CGO_ENABLED": "0"}
        subprocess.run([go, "install", KUBE_SCORE_MODULE], check=True, env=environment)  # noqa: S603 - a pinned module


def judge(name: str, folder: Path) -> Verdict:
    """Return what both judges say of the objects in a folder."""
    files = sorted(folder.glob("*.yaml"))
    passed, failed = checkov_report(_checkov(folder))
    scored = kube_score_report(_kube_score(files))
    return Verdict(
        name=name,
        passed=passed,
        checkov=failed,
        critical=scored[CRITICAL],
        warning=scored[WARNING],
        suppressed=sum(suppressions(each) for path in files for each in yaml.safe_load_all(path.read_text())),
    )


def _checkov(folder: Path) -> Answer:
    """Ask checkov; without downloads and the search for updates it calls nobody, and no configuration is found."""
    options = ["--framework", "kubernetes", "--skip-download", "--compact", "--soft-fail", "--output", "json"]
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(  # noqa: S603 - installed above
            [str(CHECKOV), "--directory", str(folder), *options],
            cwd=empty,
            env={**os.environ, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "True", "HOME": empty},
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


def _kube_score(files: Sequence[Path]) -> Answer:
    options = ["--output-format", "json", "--kubernetes-version", KUBERNETES]
    done = subprocess.run(  # noqa: S603 - installed above
        [str(KUBE_SCORE), "score", *options, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(f"kube-score did not answer: {done.stderr}")
    return json.loads(done.stdout)
