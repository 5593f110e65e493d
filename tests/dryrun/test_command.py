"""The command as a person meets it: a process of its own, its exit codes, and what goes to which stream."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dryrun.conftest import MakeProject

ROOT = Path(__file__).parents[2]


def line(project: Path, *arguments: str) -> list[str]:
    """Return the command line of a preview."""
    return [sys.executable, "-m", "dryrun", "preview", "--project", str(project), *arguments]


def command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m dryrun preview`` for a project."""
    return subprocess.run(  # noqa: S603 - this project's own command
        line(project, *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_json_is_all_that_standard_output_has(make_project: MakeProject) -> None:
    """Whatever the program prints."""
    done = command(make_project('print("noise")').folder, "dev", "--format", "json")
    assert (0, "passed", "") == (done.returncode, json.loads(done.stdout)["result"], done.stderr)


def test_a_failed_preview_exits_1(make_project: MakeProject) -> None:
    """With the program's message under the stack, and no traceback."""
    done = command(make_project('raise pulumi.RunError("1 of 2 models failed")').folder, "dev")
    assert (1, True, False) == (
        done.returncode,
        "error: 1 of 2 models failed" in done.stdout,
        "Traceback" in done.stdout + done.stderr,
    )


def test_debug_shows_the_traceback(make_project: MakeProject) -> None:
    """On standard error."""
    done = command(make_project("1 / 0").folder, "dev", "--debug")
    assert (1, True) == (done.returncode, "Traceback (most recent call last)" in done.stderr)


def test_colours_and_progress_are_for_terminals(make_project: MakeProject) -> None:
    """A pipe gets plain text."""
    done = command(make_project().folder, "dev")
    assert ("", False) == (done.stderr, "\x1b" in done.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dve"], "error: unknown stack `dve`: did you mean `dev`? (stacks: dev)\n"),
        (["x\x1b[31m"], "error: unknown stack `x\\x1b[31m` (stacks: dev)\n"),
    ],
)
def test_usage_errors_exit_2(make_project: MakeProject, arguments: list[str], message: str) -> None:
    """One line on standard error, nothing on standard output."""
    done = command(make_project().folder, *arguments, "--format", "json")
    assert (2, "", message) == (done.returncode, done.stdout, done.stderr)


def test_a_folder_that_cannot_be_used_exits_2(make_project: MakeProject) -> None:
    """The project's own folder is foreign, too."""
    folder = make_project().folder
    done = command(folder, "dev", "--out", str(folder))
    assert (2, True) == (done.returncode, "holds files that no rendering wrote" in done.stderr)


def test_wrong_settings_exit_2_with_their_place(make_project: MakeProject) -> None:
    """In this project's own stacks; every problem at once, and never a value."""
    stack = "config:\n  slipway:clustr: {platform: canary}\n  slipway:models: [{nam: canary}]\n"
    done = command(make_project(name="slipway", dev=stack).folder, "dev")
    assert (2, True, True, False) == (
        done.returncode,
        "Pulumi.dev.yaml:2:3" in done.stderr,
        "did you mean" in done.stderr,
        "canary" in done.stderr + done.stdout,
    )


def test_stacks_may_be_in_another_folder(make_project: MakeProject, tmp_path: Path) -> None:
    """Names are looked up there, and only there."""
    (tmp_path / "Pulumi.elsewhere.yaml").write_text("config: {}")
    folder = make_project().folder
    codes = [command(folder, name, "--stack-dir", str(tmp_path)).returncode for name in ("elsewhere", "dev")]
    assert [0, 2] == codes


def test_a_reader_that_stops_early_is_no_error(make_project: MakeProject) -> None:
    """``| head`` sees no traceback, and the exit code is that of the preview."""
    done = subprocess.run(  # noqa: S603 - this project's own command
        ["/bin/bash", "-c", '"$@" | true; exit "${PIPESTATUS[0]}"', "-", *line(make_project().folder, "dev")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_an_old_terminal_s_encoding_is_no_error(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of the tree are spelled out."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = command(make_project('k8s.core.v1.Namespace("a", metadata={"name": "a"})').folder, "dev")
    assert (0, True) == (done.returncode, "\\u2500 kubernetes:core/v1:Namespace" in done.stdout)
