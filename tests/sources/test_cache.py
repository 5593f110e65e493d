"""What is known of a commit is asked for once; what can change is asked again; a damaged entry harms nothing."""

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.hub.fixtures import tiny_chat, tiny_chat_files
from tests.hub.server import Fault, Hub
from tests.sources.reading import TOKEN, read
from validation.facts import Origin, RepositoryFacts, RepositoryState
from validation.sources.cache import Cache
from validation.sources.cache_folder import cache_folder
from validation.sources.read import SourceOptions, SourceRequest, read_all

LISTING = "/api/models/acme/tiny-chat"
COMMIT = "5" * 40


def entries(folder: Path) -> list[Path]:
    """Return the files of a cache."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def content(facts: RepositoryFacts) -> RepositoryFacts:
    """Return facts without the time of their reading."""
    return replace(facts, read_at=None)


def made(commit: str = COMMIT, tags: tuple[str, ...] = (), read_at: datetime | None = None) -> RepositoryFacts:
    """Return facts that can be kept."""
    return RepositoryFacts(
        source="hf://acme/x", origin=Origin.HUB, repository="acme/x", commit=commit, tags=tags, read_at=read_at
    )


def test_a_known_commit_costs_the_listing_alone(hub: Hub, tmp_path: Path) -> None:
    """The second reading says the same and asks for no file."""
    hub.add(tiny_chat(parameters=None))
    first = read(hub, cache=tmp_path)
    hub.requests.clear()

    second = read(hub, cache=tmp_path)

    assert [LISTING] == hub.paths()
    assert content(first) == content(second)
    assert ("LlamaForCausalLM",) == second.architectures


def test_a_new_commit_is_read(hub: Hub, tmp_path: Path) -> None:
    """A branch that moved is another entry."""
    hub.add(tiny_chat())
    read(hub, cache=tmp_path)
    hub.add(tiny_chat(files=tiny_chat_files(num_hidden_layers=3)))

    assert 3 == read(hub, cache=tmp_path).config["num_hidden_layers"]
    assert 2 == len(entries(tmp_path))


def test_what_can_change_is_asked_again(hub: Hub, tmp_path: Path) -> None:
    """The security scan and the gate are today's."""
    hub.tokens[TOKEN] = "read"
    hub.add(tiny_chat())
    read(hub, token=TOKEN, cache=tmp_path)
    hub.add(tiny_chat(flagged=(("model.safetensors", "unsafe"),)))
    flagged = read(hub, token=TOKEN, cache=tmp_path)
    hub.add(tiny_chat(gated="manual"))
    gated = read(hub, token=TOKEN, cache=tmp_path)

    assert flagged.security is not None
    assert (("model.safetensors", "unsafe"),) == flagged.security.flagged
    assert (RepositoryState.GATED, {}) == (gated.state, gated.documents)


def test_a_base_model_that_was_not_there_is_asked_for_again(hub: Hub, tmp_path: Path) -> None:
    """An outage of a base model is not remembered."""
    hub.add(tiny_chat(card={"base_model": "acme/base"}))
    read(hub, cache=tmp_path)
    hub.add(tiny_chat("acme/base"))

    (ancestor,) = read(hub, cache=tmp_path).ancestors

    assert ("LlamaForCausalLM",) == ancestor.architectures


def test_half_a_reading_is_not_kept(hub: Hub, tmp_path: Path) -> None:
    """A file that did not come is asked for next time."""
    hub.add(tiny_chat())
    hub.fail("/config.json", Fault(status=418, times=1))
    read(hub, cache=tmp_path)

    assert not entries(tmp_path)
    assert ("LlamaForCausalLM",) == read(hub, cache=tmp_path).architectures


@pytest.mark.fault("a damaged entry of the cache", "read anew")
@pytest.mark.parametrize(
    "damage",
    [b"", b"{}", b"\0" * 200, None],
    ids=["empty", "not an entry", "zeros", "one bit"],
)
def test_a_damaged_entry_is_noticed_and_read_anew(hub: Hub, tmp_path: Path, damage: bytes | None) -> None:
    """A checksum tells; the entry is whole again afterwards."""
    hub.add(tiny_chat())
    first = read(hub, cache=tmp_path)
    (entry,) = entries(tmp_path)
    good = entry.read_bytes()
    place = good.index(b"LlamaForCausalLM")
    entry.write_bytes(good[:place] + b"M" + good[place + 1 :] if damage is None else damage)

    second = read(hub, cache=tmp_path)

    assert content(first) == content(second)
    assert b"LlamaForCausalLM" in entry.read_bytes()


@pytest.mark.fault("an edited entry of the cache", "read anew")
def test_an_entry_that_contradicts_the_listing_is_not_used(hub: Hub, tmp_path: Path) -> None:
    """The listing of a commit is compared: another list of files is another content."""
    repository = hub.add(tiny_chat())
    read(hub, cache=tmp_path)
    hub.add(tiny_chat(files=tiny_chat_files(num_hidden_layers=3), commit=repository.commit))

    assert 3 == read(hub, cache=tmp_path).config["num_hidden_layers"]


@pytest.mark.fault("the Hub is down, and the cache has the commit", "a verdict with a note of its age")
@pytest.mark.parametrize("offline", [False, True])
def test_a_pinned_commit_survives_the_hub(hub: Hub, tmp_path: Path, offline: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The verdict is on what was kept, and its age is noted."""
    commit = hub.add(tiny_chat()).commit
    read(hub, cache=tmp_path)
    hub.fail("/", Fault(status=418))

    facts = read(hub, revision=commit, cache=tmp_path, offline=offline)

    assert (RepositoryState.READABLE, ("LlamaForCausalLM",)) == (facts.state, facts.architectures)
    assert [f"facts from the cache of {datetime.now(UTC):%Y-%m-%d} (today)"] == list(facts.notes[:1])
    assert "the Hub was not reached" in facts.notes[1]


def test_a_branch_does_not_survive_the_hub(hub: Hub, tmp_path: Path) -> None:
    """Nobody knows where it points by now."""
    hub.add(tiny_chat())
    read(hub, cache=tmp_path)
    hub.fail("/", Fault(status=418))

    assert RepositoryState.UNREACHABLE is read(hub, cache=tmp_path).state


def test_a_refusal_is_no_outage(hub: Hub, tmp_path: Path) -> None:
    """A repository that has gone is not brought back."""
    commit = hub.add(tiny_chat()).commit
    read(hub, cache=tmp_path)
    hub.repositories.clear()

    assert RepositoryState.NOT_FOUND is read(hub, revision=commit, cache=tmp_path).state


def test_another_hub_has_other_entries(hub: Hub, tmp_path: Path) -> None:
    """What a mirror says of a commit is not said of the Hub's."""
    commit = hub.add(tiny_chat()).commit
    read(hub, cache=tmp_path)

    assert Cache(folder=tmp_path, endpoint=f"{hub.url}/").find("acme/tiny-chat", commit) is not None
    assert Cache(folder=tmp_path).find("acme/tiny-chat", commit) is None


def test_no_token_is_kept(hub: Hub, tmp_path: Path) -> None:
    """Neither it nor its role; and nobody else may read the folder."""
    hub.tokens[TOKEN] = "write"
    hub.add(tiny_chat(private=True, readers=frozenset({TOKEN})))
    read(hub, token=TOKEN, cache=tmp_path / "cache")
    (entry,) = entries(tmp_path)

    assert TOKEN.encode() not in entry.read_bytes()
    assert b'"write"' not in entry.read_bytes()
    assert 0 == entry.stat().st_mode & 0o077


def test_the_oldest_entries_go_first(tmp_path: Path) -> None:
    """The folder stays below its limit; what was used is young again."""
    cache = Cache(folder=tmp_path)
    commits = [digit * 40 for digit in "123"]
    for age, commit in zip((300, 200, 100), commits, strict=True):
        before = set(entries(tmp_path))
        cache.keep(made(commit))
        (new,) = set(entries(tmp_path)) - before
        os.utime(new, (time.time() - age,) * 2)
    size = entries(tmp_path)[0].stat().st_size
    cache.find("acme/x", commits[0])

    replace(cache, max_bytes=2 * size).prune()

    assert [True, False, True] == [cache.find("acme/x", commit) is not None for commit in commits]


def test_what_was_never_finished_is_removed(tmp_path: Path) -> None:
    """A process that was killed leaves a file that a later one takes away, once it is old."""
    cache = Cache(folder=tmp_path)
    cache.keep(made())
    (entry,) = entries(tmp_path)
    old, new = entry.with_name(f".{entry.name}.old"), entry.with_name(f".{entry.name}.new")
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)

    cache.prune()

    assert (False, True, True) == (old.exists(), new.exists(), entry.exists())


def _write_for_ever(folder: Path, tags: tuple[str, ...]) -> None:
    while True:
        Cache(folder=folder).keep(made(tags=tags))


@pytest.mark.fault("kill -9 while the cache is written, in parallel runs", "whole entries")
def test_writers_that_are_killed_leave_whole_entries(tmp_path: Path) -> None:
    """Two processes write the same entry and are killed: what is read is one's or the other's, or nothing."""
    fork = multiprocessing.get_context("fork")
    cache = Cache(folder=tmp_path)
    wanted = [tuple(letter * 50 for _ in range(2000)) for letter in "ab"]
    seen = 0
    for _ in range(5):
        writers = [fork.Process(target=_write_for_ever, args=(tmp_path, tags), daemon=True) for tags in wanted]
        for writer in writers:
            writer.start()
        end = time.monotonic() + 5
        while cache.find("acme/x", COMMIT) is None and time.monotonic() < end:
            pass
        for writer in writers:
            os.kill(writer.pid or 0, signal.SIGKILL)
            writer.join()
        found = cache.find("acme/x", COMMIT)
        seen += found is not None and found.tags in wanted

    assert 5 == seen


def test_a_folder_that_cannot_be_written_is_no_error(hub: Hub, tmp_path: Path) -> None:
    """A cache is a convenience: without it everything is read."""
    hub.add(tiny_chat())
    (tmp_path / "file").write_text("in the way")

    assert RepositoryState.READABLE is read(hub, cache=tmp_path / "file" / "cache").state


def test_the_age_of_an_entry_is_told(tmp_path: Path) -> None:
    """An old entry says so."""
    Cache(folder=tmp_path).keep(made(read_at=datetime.now(UTC) - timedelta(days=3, hours=1)))

    (facts,) = read_all([SourceRequest("hf://acme/x", COMMIT)], SourceOptions(cache=tmp_path, offline=True))

    assert "(3 days ago)" in facts.notes[0]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOME": "/home/me"}, Path("/home/me/.cache/slipway/facts")),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "/var/cache/me"}, Path("/var/cache/me/slipway/facts")),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "relative"}, Path("/home/me/.cache/slipway/facts")),
        ({"HOME": "/home/me", "SLIPWAY_CACHE": "kept"}, Path("kept")),
        ({"HOME": "/home/me", "SLIPWAY_CACHE": "off"}, None),
        ({"HOME": "/home/me", "SLIPWAY_CACHE": ""}, None),
        ({}, None),
    ],
)
def test_the_folder_is_where_the_system_keeps_caches(environment: dict[str, str], expected: Path | None) -> None:
    """One variable moves it or turns it off."""
    assert expected == cache_folder(environment)
