"""``python -m validation lock`` and ``pin``."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hub.fixtures import tiny_chat
from tests.hub.server import Fault, Hub
from validation.commands import UsageError
from validation.commands.pin import pinned
from validation.commands.stack import read_stack
from validation.sources.lock import read_lock

Main = Callable[..., int]
STACK = """\
# yaml-language-server: $schema=schema.json
config:
  slipway:cluster: {platform: existing}
  slipway:models:
    - name: tiny   # the first
      source: hf://acme/tiny-chat  # ours
      revision: main  # moves
      pool: l4
    - {name: flow, source: hf://acme/tiny-chat, pool: l4}
    - name: bare
      source: "hf://acme/tiny-chat"
    - name: local
      source: examples/tiny-chat
    - name: pinned
      source: hf://acme/tiny-chat
      revision: 0123456789abcdef0123456789abcdef01234567
    - name: empty
      revision:
      source: hf://acme/tiny-chat
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a stack file with models written in many ways."""
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(STACK)
    return path


@pytest.fixture
def main(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Main:
    """Return the command line, pointed at the stand-in by the environment as a person would."""
    from huggingface_hub import constants  # noqa: PLC0415 - takes a third of a second

    from validation.__main__ import main as command  # noqa: PLC0415 - as above

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    return lambda *arguments: command([str(argument) for argument in arguments])


def test_a_stack_file_is_pinned_and_keeps_its_comments(
    hub: Hub, main: Main, stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only revisions change; a model that has a commit keeps it, a folder has none."""
    commit = hub.add(tiny_chat()).commit

    code = main("pin", stack)

    expected = (
        STACK.replace("revision: main  # moves", f"revision: {commit}  # moves")
        .replace("source: hf://acme/tiny-chat, pool", f"source: hf://acme/tiny-chat, revision: {commit}, pool")
        .replace('source: "hf://acme/tiny-chat"\n', f'source: "hf://acme/tiny-chat"\n      revision: {commit}\n')
        .replace("revision:\n", f"revision: {commit}\n")
    )
    assert 0 == code
    assert expected == stack.read_text()
    assert [
        f"{stack}:{line}: hf://acme/tiny-chat {commit}" for line in (5, 9, 10, 17)
    ] == capsys.readouterr().out.splitlines()


def test_pinning_twice_changes_nothing(hub: Hub, main: Main, stack: Path) -> None:
    """A pinned file is left alone, and nobody is asked."""
    hub.add(tiny_chat())
    main("pin", stack)
    before = stack.read_bytes()
    hub.requests.clear()

    assert 0 == main("pin", stack)
    assert (before, []) == (stack.read_bytes(), hub.paths())


def test_updating_moves_pinned_models(hub: Hub, main: Main, stack: Path) -> None:
    """--update asks for the default branch of what is pinned already."""
    commit = hub.add(tiny_chat()).commit

    main("pin", "--update", stack)

    assert "0123456789abcdef" not in stack.read_text()
    assert 5 == stack.read_text().count(commit)


def test_windows_lines_and_the_mode_of_the_file_stay(hub: Hub, main: Main, stack: Path) -> None:
    """The edit changes neither line ends nor the mark of the encoding nor permissions."""
    commit = hub.add(tiny_chat()).commit
    stack.write_bytes(b"\xef\xbb\xbf" + STACK.replace("\n", "\r\n").encode())
    stack.chmod(0o600)

    assert 0 == main("pin", stack)
    data = stack.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf# yaml")
    assert data.count(b"\r\n") == data.count(b"\n")
    assert 4 == data.count(commit.encode())
    assert 0o600 == stack.stat().st_mode & 0o777


@pytest.mark.parametrize(
    "case", [(Fault(status=418), 3), (Fault(status=404, headers={"X-Error-Code": "RevisionNotFound"}), 1)]
)
def test_what_cannot_be_resolved_is_told_and_left(
    hub: Hub, main: Main, stack: Path, case: tuple[Fault, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """An outage exits with 3, a missing revision with 1, and the file stays as it was."""
    fault, code = case
    hub.fail("/api/", fault)

    assert code == main("pin", stack)
    assert STACK == stack.read_text()
    assert "error: hf://acme/tiny-chat: " in capsys.readouterr().err


def test_the_commit_of_a_source_is_printed(hub: Hub, main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    """For a SOURCE the commit goes to the standard output, alone."""
    commit = hub.add(tiny_chat()).commit

    assert 0 == main("pin", "hf://acme/tiny-chat", "--revision", "main")
    assert f"{commit}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("config: {a: 1, a: 2}", "has the same key twice in one mapping"),
        ("config: {'slipway:models': [{name: x}]}", "has a model without a `source`"),
        ("config: {'slipway:models': [hf_secret]}", "has a model without a `source`"),
    ],
)
def test_a_stack_file_that_is_none_is_a_usage_error(tmp_path: Path, text: str, message: str) -> None:
    """The place is named, no value is."""
    path = tmp_path / "x.yaml"
    path.write_text(text)

    with pytest.raises(UsageError) as caught:
        read_stack(path)
    assert message in str(caught.value)
    assert "hf_secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "config: 7", "a: [1]", "config: {'slipway:models': 7}"])
def test_a_stack_without_models_has_none(tmp_path: Path, text: str) -> None:
    """Whatever else a YAML file holds, it names no models."""
    path = tmp_path / "x.yaml"
    path.write_text(text)

    assert () == read_stack(path).models


@pytest.mark.parametrize(
    "models",
    [
        "[{source: &s hf://a/b, revision: &r main}, {source: hf://a/c, revision: *r}]",
        "[{source: hf://a/b, revision: &r main}, {source: hf://a/c, x: *r}]",
    ],
)
def test_what_cannot_be_edited_safely_is_left(tmp_path: Path, models: str) -> None:
    """A revision behind an alias is not rewritten in another model's place."""
    path = tmp_path / "x.yaml"
    path.write_text(f"config: {{'slipway:models': {models}}}\n")
    stack = read_stack(path)

    with pytest.raises(UsageError) as caught:
        pinned(stack, [(model, f"{number}" * 40) for number, model in enumerate(stack.models, 1)])
    assert "cannot be edited safely" in str(caught.value)


def test_a_stack_is_locked(hub: Hub, main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each model on the Hub gets a file; the path is printed, a moving revision is noted."""
    commit = hub.add(tiny_chat()).commit
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(
        f"config:\n  models:\n    - {{source: hf://acme/tiny-chat, revision: {commit}}}\n    - source: {tmp_path}\n"
    )

    code = main("lock", path, "--dir", tmp_path / "locks")

    printed = capsys.readouterr()
    (lock,) = (tmp_path / "locks").iterdir()
    assert (0, f"{lock}\n") == (code, printed.out)
    assert f"{tmp_path}: a folder needs no lock\n" == printed.err
    assert commit == read_lock(lock).commit


def test_a_source_is_locked(hub: Hub, main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a pinned revision the commit to pin is named."""
    commit = hub.add(tiny_chat()).commit

    assert 0 == main("lock", "hf://acme/tiny-chat", "--dir", tmp_path)
    assert f"`python -m validation pin` writes {commit}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "case",
    [
        ("/api/", Fault(status=418), 3),
        ("/config.json", Fault(status=418), 3),
        ("/api/", Fault(status=404, headers={"X-Error-Code": "RepoNotFound"}), 1),
    ],
)
def test_half_a_model_is_not_locked(hub: Hub, main: Main, tmp_path: Path, case: tuple[str, Fault, int]) -> None:
    """Neither an outage nor a missing repository leaves a file."""
    part, fault, code = case
    hub.add(tiny_chat())
    hub.fail(part, fault)

    assert code == main("lock", "hf://acme/tiny-chat", "--dir", tmp_path / "locks")
    assert not (tmp_path / "locks").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("lock", "absent.yaml"),
        ("lock", "hf_secretSecretSecret"),
        ("pin", "org/name"),
        ("pin", "hf://a/b", "hf://a/c", "--revision", "main"),
        ("lock", "x.yaml", "--revision", "main"),
    ],
)
def test_wrong_usage_is_one_line(main: Main, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one line, no secret in it."""
    assert 2 == main(*arguments)
    printed = capsys.readouterr()
    assert ("", 1) == (printed.out, printed.err.count("\n"))
    assert "hf_secret" not in printed.err
