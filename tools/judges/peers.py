"""The others: as they were measured once, or judged in the same run where a folder of their manifests is given."""

import csv
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.judges.bench import judge
from tools.judges.verdict import Verdict, line
from tools.rendering import ROOT

MEASURED = ROOT / "tests" / "fixtures" / "peer_scan.csv"  # 2026-11-23, by the same tools over defaults


def measured() -> Iterator[str]:
    """Yield the lines of the others as they were measured."""
    with MEASURED.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keys = ("checkov_passed", "checkov_failed", "kube_score_critical", "kube_score_warning")
            passed, failed, critical, warning = (int(row[key]) for key in keys)
            yield line(row["manifest"].removesuffix(".yaml"), passed, failed, critical, warning)


def judged_now(folder: Path) -> Iterator[Verdict]:
    """Yield the verdict of each YAML file in a folder; each file is one peer's objects."""
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        with tempfile.TemporaryDirectory() as alone:
            shutil.copy(path, Path(alone) / f"{path.stem}.yaml")
            yield judge(path.stem, Path(alone))
