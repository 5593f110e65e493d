"""What the command line answers to what it does not understand: one line, exit 2, and no value repeated."""

from pathlib import Path

import pytest

from tests.commands.command import ROOT, validation
from validation.__main__ import main

GOOD = str(ROOT / "examples/good/tiny-chat")
TOKEN = "hf_canarycanarycanarycanarycanarycana"


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run a command in this process and return its exit code and its complaint."""
    try:
        code = main(arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    written = capsys.readouterr()
    assert "" == written.out
    return code, written.err


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("COMMAND", []),
        ("did you mean `check`", ["chekc"]),
        ("SOURCE", ["check"]),
        ("unknown option `--formt`; did you mean `--format`", ["check", GOOD, "--formt", "json"]),
        ("choose from text, json", ["check", GOOD, "--format", "yaml"]),
        ("did you mean `markdown`", ["check", GOOD, "--format", "markdwon"]),
        ("did you mean `hf://acme/tiny`", ["check", "acme/tiny"]),
        ("type `hf://org/name`", ["check", "https://example.com/acme/tiny"]),
        ("is no folder and no lock file", ["check", "no such folder"]),
        ("is no folder and no lock file", ["check", "nul\0byte"]),
        ("--revision goes with one SOURCE", ["check", GOOD, GOOD, "--revision", "main"]),
        ("--timeout: takes seconds", ["check", GOOD, "--timeout", "nan"]),
        ("--timeout: takes seconds", ["check", GOOD, "--timeout", "-1"]),
        ("--gpus: takes a whole number", ["check", GOOD, "--gpus", "two"]),
        ("--gpus needs --gpu", ["check", GOOD, "--gpus", "2"]),
        ("did you mean `H100-SXM`", ["check", GOOD, "--gpu", "H100-SMX"]),
        ("did you mean `managed-inference`", ["check", GOOD, "--contract", "managed-inferense"]),
        ("the engine version is no vLLM version", ["check", GOOD, "--engine", "latest"]),
        ("the engine version is older", ["check", GOOD, "--engine", "0.0.1"]),
        ("--offline: takes no value", ["check", GOOD, "--offline=yes"]),
        ("`/no/such/folder/report` cannot be written", ["check", GOOD, "-o", "/no/such/folder/report"]),
        ("did you mean `config-missing`", ["explain", "config-mising"]),
        ("`python -m validation rules` lists all", ["explain", "zzzzzz"]),
        ("more arguments than the command takes", ["rules", "config-missing"]),
    ],
)
def test_a_mistake_is_answered_in_one_line(
    capsys: pytest.CaptureFixture[str], expected: str, arguments: list[str]
) -> None:
    """The line says what to type instead."""
    code, complaint = answer(capsys, *arguments)

    assert 2 == code
    assert complaint.startswith("error: ")
    assert 1 == complaint.count("\n")
    assert expected in complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", TOKEN],
        ["check", f"hf://user:{TOKEN}@host/name"],
        ["check", GOOD, "--token", TOKEN],
        ["check", GOOD, f"--token={TOKEN}"],
        ["check", GOOD, f"--offline={TOKEN}"],
        ["check", GOOD, "--format", TOKEN],
        ["check", GOOD, "--timeout", TOKEN],
        ["check", GOOD, "--gpu", TOKEN],
        ["check", GOOD, "--contract", TOKEN],
        ["check", GOOD, "--engine", TOKEN],
        ["check", GOOD, "--revision", TOKEN],
        ["explain", TOKEN],
        [TOKEN],
        [f"--{TOKEN}"],
    ],
)
def test_no_complaint_repeats_a_token(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """A token typed in the wrong place stays out of the logs of a pipeline."""
    code, complaint = answer(capsys, *arguments)

    assert 2 == code
    assert TOKEN not in complaint


def test_a_complaint_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Names of files from a repository may come with escapes."""
    _, complaint = answer(capsys, "check", "evil\x1b[2J/\u202ename")

    assert "\x1b" not in complaint
    assert "\u202e" not in complaint


def test_an_internal_error_is_one_line_without_what_it_stumbled_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug says its kind and place, and counts as not checked."""

    def broken(*_: object) -> None:
        raise KeyError(TOKEN)

    monkeypatch.setattr("validation.commands.check.check_models", broken)
    code, complaint = answer(capsys, "check", GOOD)

    assert 3 == code
    assert complaint.startswith("error: KeyError at test_usage.py:")
    assert TOKEN not in complaint


def test_an_internal_error_shows_its_traceback_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """SLIPWAY_DEBUG is for those who repair it."""

    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("validation.commands.check.check_models", broken)
    monkeypatch.setenv("SLIPWAY_DEBUG", "1")

    with pytest.raises(KeyError):
        main(["check", GOOD])


def test_usage_mistakes_leave_with_2_as_a_process(tmp_path: Path) -> None:
    """The exit code reaches the shell."""
    assert 2 == validation("check", home=tmp_path).returncode


@pytest.mark.parametrize("command", ["check", "rules", "explain"])
def test_help_is_given_without_complaint(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Each command says how it is used."""
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])

    assert 0 == left.value.code
    assert capsys.readouterr().out.startswith(f"usage: python -m validation {command}")
