"""``check`` where an earlier run has read the same commit."""

from pathlib import Path

import pytest

from tests.commands.command import validation
from tests.hub.fixtures import hub, tiny_chat
from tests.hub.server import Fault, Hub

__all__ = ["hub"]
SOURCE = "hf://acme/tiny-chat"


def files(hub: Hub) -> int:
    """Return how many files were asked for."""
    return sum("/resolve/" in path for path in hub.paths())


def test_a_second_check_asks_for_no_file(hub: Hub, tmp_path: Path) -> None:
    """And says the same."""
    hub.add(tiny_chat())
    first = validation("check", SOURCE, home=tmp_path, HF_ENDPOINT=hub.url)
    asked = files(hub)

    second = validation("check", SOURCE, home=tmp_path, HF_ENDPOINT=hub.url)

    assert (0, first.stdout, asked) == (second.returncode, second.stdout, files(hub))
    assert asked


def test_the_cache_can_be_left_out(hub: Hub, tmp_path: Path) -> None:
    """Then nothing is kept, and everything is asked for again."""
    hub.add(tiny_chat())
    for _ in range(2):
        assert 0 == validation("check", SOURCE, "--no-cache", home=tmp_path, HF_ENDPOINT=hub.url).returncode

    assert 6 == files(hub)
    assert not (tmp_path / ".cache" / "slipway").exists()


@pytest.mark.parametrize(("setting", "kept"), [("off", 0), ("elsewhere", 1)])
def test_a_variable_moves_the_cache_or_turns_it_off(hub: Hub, tmp_path: Path, setting: str, kept: int) -> None:
    """As on a machine whose home is not to be written."""
    hub.add(tiny_chat())
    folder = str(tmp_path / setting) if kept else setting
    validation("check", SOURCE, home=tmp_path, HF_ENDPOINT=hub.url, SLIPWAY_CACHE=folder)

    assert kept == len(list((tmp_path / setting).glob("*/*.json")))
    assert not (tmp_path / ".cache" / "slipway").exists()


def test_a_pinned_commit_is_checked_while_the_hub_is_down(hub: Hub, tmp_path: Path) -> None:
    """The verdict says how old its facts are."""
    commit = hub.add(tiny_chat()).commit
    validation("check", SOURCE, home=tmp_path, HF_ENDPOINT=hub.url)
    hub.fail("/", Fault(status=418))

    done = validation("check", SOURCE, "--revision", commit, home=tmp_path, HF_ENDPOINT=hub.url)

    assert 0 == done.returncode
    assert "note: facts from the cache of " in done.stdout
