"""``tools/preview.sh``: the CLI where it is on PATH, else the embedded engine; nothing is downloaded."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "preview.sh"
STUB = """#!/bin/sh
echo "pulumi $*" >> calls
echo "$PULUMI_BACKEND_URL|$PULUMI_CONFIG_PASSPHRASE" >> environment
"""
PYTHON_STUB = """#!/bin/sh
echo "python $*" >> calls
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that has the script, and a ``.venv`` whose Python only notes its arguments."""
    folder = tmp_path / "with space"
    for path, text in ((".venv/bin/python", PYTHON_STUB), ("bin/pulumi", STUB), ("tools/preview.sh", "")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text or SCRIPT.read_text())
        (folder / path).chmod(0o755)
    return folder


def call(project: Path, *arguments: str, cli: bool, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script from another folder, with or without the stand-in for the CLI on PATH."""
    path = [str(project / "bin")] if cli else []
    system = {str(Path(found).parent) for name in ("sh", "dirname", "mkdir") if (found := shutil.which(name))}
    return subprocess.run(  # noqa: S603 - this project's own script
        [str(project / "tools" / "preview.sh"), *arguments],
        cwd=project.parent,
        env={"PATH": ":".join([*path, *sorted(system)]), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )


@pytest.mark.skipif(shutil.which("pulumi", path="/usr/bin:/bin") is not None, reason="the CLI is in a system folder")
def test_without_the_cli_the_embedded_engine_runs(project: Path) -> None:
    """One line says how to install the CLI."""
    done = call(project, "dev", cli=False)
    assert ("python -m dryrun preview dev --out out/preview/dev\n", 1, True) == (
        (project / "calls").read_text(),
        done.stderr.count("\n"),
        "https://www.pulumi.com/docs/" in done.stderr,
    )


def test_with_the_cli_the_state_stays_in_the_folder(project: Path) -> None:
    """A stack is made where there is none, with an empty passphrase, and previewed."""
    call(project, cli=True)
    expected = [
        "pulumi stack select demo --create --non-interactive",
        "pulumi preview --stack demo --non-interactive",
    ]
    backend = f"file://{project}/build/pulumi-state|"
    assert (expected, {backend}, True) == (
        (project / "calls").read_text().splitlines(),
        set((project / "environment").read_text().splitlines()),
        (project / "build" / "pulumi-state").is_dir(),
    )


def test_a_chosen_backend_and_passphrase_are_kept(project: Path) -> None:
    """Nothing of a team's own set-up is overridden."""
    chosen = {"PULUMI_BACKEND_URL": "s3://state", "PULUMI_CONFIG_PASSPHRASE": "own"}
    call(project, "prod", cli=True, **chosen)
    assert ({"s3://state|own"}, False) == (
        set((project / "environment").read_text().splitlines()),
        (project / "build").exists(),
    )
