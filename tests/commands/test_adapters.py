"""``check --adapter``, and ``pin`` and ``lock`` of stacks with adapters."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hub.adapters import adapter
from tests.hub.fixtures import tiny_chat
from tests.hub.server import Hub
from validation.__main__ import main as command
from validation.sources.lock import find_lock

Main = Callable[..., int]
MODEL = "examples/good/tiny-chat"
STACK = """\
config:
  slipway:models:
    - name: tiny
      adapters:  # before the source of their model
        - {name: sql, source: hf://acme/sql}
        - name: main
          source: hf://acme/sql  # again
          revision: main
        - name: local
          source: models/local
      source: hf://acme/tiny-chat
"""


@pytest.fixture
def main(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Main:
    """Return the command line, pointed at the stand-in by the environment as a person would."""
    from huggingface_hub import constants  # noqa: PLC0415 - takes a third of a second

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    return lambda *arguments: command([str(argument) for argument in arguments])


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a stack file with adapters written in several ways."""
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(STACK)
    return path


@pytest.mark.parametrize(
    ("name", "code", "rules"),
    [
        ("tiny-sql", 0, []),
        ("bad-dora", 1, ["adapter-feature-unsupported"]),
        ("bad-size", 1, ["adapter-shape-mismatch"]),
    ],
)
def test_an_adapter_is_checked_beside_its_model(
    name: str, code: int, rules: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The examples pass, or fail for their own reason."""
    done = command(["check", MODEL, "--contract", "vllm", "--adapter", f"examples/adapters/{name}", "--format", "json"])
    report = json.loads(capsys.readouterr().out)

    assert (code, rules) == (done, [finding["rule"] for finding in report["findings"]])
    assert [
        {
            "name": name,
            "source": f"examples/adapters/{name}",
            "revision": None,
            "rank": 8,
            "base": MODEL,
        }
    ] == report["adapters"]


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_people_are_shown_the_adapter(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In every format, with its rank."""
    command(["check", MODEL, "--contract", "vllm", "--adapter", "examples/adapters/tiny-sql", "--format", form])

    assert "tiny-sql (examples/adapters/tiny-sql, rank 8)" in capsys.readouterr().out


def test_two_adapters_of_one_name_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """The last part of the source names it, with a number where another has that name."""
    both = ["--adapter", "examples/adapters/tiny-sql", "--adapter", "examples/adapters/tiny-sql/"]
    command(["check", MODEL, "--contract", "vllm", *both, "--format", "json"])

    names = [each["name"] for each in json.loads(capsys.readouterr().out)["adapters"]]
    assert ["tiny-sql", "tiny-sql-2"] == names


def test_a_revision_stands_behind_the_name(hub: Hub, main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    """Since the model's own has the option of that name."""
    model, own = hub.add(tiny_chat()), hub.add(adapter())
    arguments = ["check", f"hf://{model.id}", "--revision", model.commit, "--contract", "vllm", "--no-cache"]

    assert 0 == main(*arguments, "--adapter", f"hf://acme/sql@{own.commit}", "--format", "json")
    assert [own.commit] == [each["revision"] for each in json.loads(capsys.readouterr().out)["adapters"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((MODEL, MODEL, "--adapter", "examples/adapters/tiny-sql"), "--adapter goes with one SOURCE"),
        ((MODEL, "--adapter", "acme/sql"), "did you mean `hf://acme/sql`?"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to type."""
    assert 2 == command(["check", *arguments])
    assert message in capsys.readouterr().err


def test_adapters_are_pinned_with_their_models(hub: Hub, main: Main, stack: Path) -> None:
    """Each at its own commit, comments kept, wherever the model's source stands."""
    model, own = hub.add(tiny_chat()).commit, hub.add(adapter()).commit

    assert 0 == main("pin", stack)
    assert (
        STACK.replace("source: hf://acme/sql}", f"source: hf://acme/sql, revision: {own}}}")
        .replace("revision: main", f"revision: {own}")
        .replace("source: hf://acme/tiny-chat\n", f"source: hf://acme/tiny-chat\n      revision: {model}\n")
    ) == stack.read_text()


def test_adapters_are_locked_with_their_models(hub: Hub, main: Main, stack: Path, tmp_path: Path) -> None:
    """Then a preview needs neither network nor token for them."""
    own = hub.add(adapter()).commit
    hub.add(tiny_chat())
    stack.write_text(STACK.replace("        - name: local\n          source: models/local\n", ""))

    assert 0 == main("lock", stack, "--dir", tmp_path / "locks")
    assert find_lock(tmp_path / "locks", "acme/sql", own) is not None


def test_an_adapter_without_a_source_is_told_with_its_line(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a model without one is."""
    stack.write_text(STACK.replace("source: hf://acme/sql  # again", "note: none"))

    assert 2 == command(["pin", str(stack)])
    assert f"`{stack}:6` has an adapter without a `source`" in capsys.readouterr().err
