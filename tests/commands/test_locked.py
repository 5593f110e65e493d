"""``check`` where the facts come from a lock: no network, no token, and it says so."""

import json
from pathlib import Path

import pytest

from tests.commands.command import validation
from tests.commands.test_imports import NETWORK, PLANNING, imported, started
from tests.hub.fixtures import tiny_chat
from tests.hub.server import running
from validation.sources.lock import write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

SOURCE = "hf://acme/tiny-chat"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Return the lock file of a small model whose Hub has gone."""
    with running() as hub:
        hub.add(tiny_chat("acme/tiny-chat", card={"license": "apache-2.0"}))
        (facts,) = read_all([SourceRequest(SOURCE)], SourceOptions(endpoint=hub.url, token=""))
    return write_lock(facts, tmp_path / "locks")


def commit(lock: Path) -> str:
    """Return the commit that a lock was written for."""
    return str(json.loads(lock.read_text())["commit"])


def test_a_lock_file_is_a_source(tmp_path: Path, lock: Path) -> None:
    """The report is on the model, not on the file."""
    done = validation("check", str(lock), "--format", "json", home=tmp_path)
    document = json.loads(done.stdout)

    assert (0, "compatible", commit(lock)) == (done.returncode, document["verdict"], document["revision"])


def test_a_lock_of_the_wanted_commit_is_used_and_says_so(tmp_path: Path, lock: Path) -> None:
    """A closed Hub is not missed."""
    done = validation(
        "check", SOURCE, "--revision", commit(lock), "--lock", str(lock.parent), home=tmp_path, HF_HUB_OFFLINE="0"
    )

    assert 0 == done.returncode
    assert "  note: facts from the lock of " in done.stdout


def test_a_lock_stands_in_for_a_hub_that_cannot_be_reached(tmp_path: Path, lock: Path) -> None:
    """Without a revision the report says that the branch may have moved."""
    done = validation("check", SOURCE, "--lock", str(lock.parent), "--timeout", "5", home=tmp_path)

    assert 0 == done.returncode
    assert "may point elsewhere by now" in done.stdout


def test_a_damaged_lock_is_refused_without_a_traceback(tmp_path: Path, lock: Path) -> None:
    """Half a file says nothing about the model."""
    lock.write_text(lock.read_text()[:200])
    done = validation("check", str(lock), home=tmp_path)

    assert (1, "") == (done.returncode, done.stderr)


def test_a_warm_lock_imports_no_client(tmp_path: Path, lock: Path) -> None:
    """A pull request is checked in the time that Python takes to start."""
    found = imported(tmp_path, "check", SOURCE, "--revision", commit(lock), "--lock", str(lock.parent))

    assert set() == found & (NETWORK | {"rich", "pydantic"})


def test_a_warm_lock_starts_with_what_its_checks_need(tmp_path: Path, lock: Path) -> None:
    """Neither YAML, nor the planning of memory, nor the cache; no data class is compiled (validation/data.py)."""
    found = started(tmp_path, "check", SOURCE, "--revision", commit(lock), "--lock", str(lock.parent))
    unneeded = {"yaml", "validation.yamltext", "validation.sources.cache", "difflib"} | PLANNING

    assert set() == unneeded & set(found["modules"])
    assert [] == found["compiled"]
