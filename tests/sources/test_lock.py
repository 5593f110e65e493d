"""Lock files: written once, read without a network, believed never."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hub.fixtures import tiny_chat
from tests.hub.server import Fault, Hub
from tests.sources.reading import TOKEN, options, read
from validation.facts import (
    Ancestor,
    Document,
    File,
    Gating,
    HeaderProblem,
    Origin,
    RepositoryFacts,
    RepositoryState,
    SecurityScan,
    Tensor,
    Text,
)
from validation.sources.lock import LockError, find_lock, lock_name, read_lock, with_age, write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FACTS = RepositoryFacts(
    source="hf://acme/x",
    origin=Origin.LOCK,
    repository="acme/x",
    revision="main",
    commit=COMMIT,
    files=(File(path="config.json", size=2, blob_id="a" * 40), File(path="m.safetensors", size=0, sha256="b" * 64)),
    documents={"config.json": Document(path="config.json", value={})},
    read_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
)


def test_what_was_read_is_found_again(hub: Hub, tmp_path: Path) -> None:
    """A lock gives back the facts of the Hub, and says how old they are."""
    hub.add(tiny_chat(card={"license": "mit", "base_model": "acme/base"}, parameters=None, tags=("x",)))
    hub.add(tiny_chat("acme/base"))
    facts = read(hub)

    path = write_lock(facts, tmp_path / "locks")

    assert facts.read_at is not None
    assert replace(facts, origin=Origin.LOCK, read_at=facts.read_at.replace(microsecond=0)) == read_lock(path)
    assert f"acme--tiny-chat@{facts.commit[:12]}.json" == path.name


def test_a_pinned_lock_needs_no_request(hub: Hub, tmp_path: Path) -> None:
    """With the wished commit locked, nobody is asked."""
    facts = read(hub, hub.add(tiny_chat()).id)
    write_lock(facts, tmp_path)
    hub.requests.clear()

    found = read(hub, revision=facts.commit, locks=tmp_path)

    assert (Origin.LOCK, RepositoryState.READABLE, []) == (found.origin, found.state, hub.paths())
    assert facts.documents == found.documents
    assert found.notes[0].startswith("facts from the lock of 20")


def test_a_pinned_lock_imports_no_http_client(tmp_path: Path) -> None:
    """A warm lock is fast: neither huggingface_hub nor httpx2 nor YAML is loaded."""
    write_lock(FACTS, tmp_path)
    program = (
        "import sys; from pathlib import Path; from validation.sources.read import *;"
        f"(f,) = read_all([SourceRequest('hf://acme/x', '{COMMIT}')], SourceOptions(locks=Path(sys.argv[1])));"
        "print(f.state, [n for n in ('huggingface_hub', 'httpx2', 'yaml', 'asyncio') if n in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True)  # noqa: S603 - our own program

    assert "readable []\n" == found.stdout


def test_a_branch_is_resolved_and_its_files_come_from_the_lock(hub: Hub, tmp_path: Path) -> None:
    """A branch costs the listing; files at the locked commit are not asked for again."""
    facts = read(hub, hub.add(tiny_chat()).id, "main")
    write_lock(facts, tmp_path)
    hub.requests.clear()

    found = read(hub, revision="main", locks=tmp_path)

    assert (Origin.LOCK, ["/api/models/acme/tiny-chat/revision/main"]) == (found.origin, hub.paths())


def test_a_branch_that_moved_is_read_anew(hub: Hub, tmp_path: Path) -> None:
    """A lock of another commit is not used."""
    write_lock(read(hub, hub.add(tiny_chat()).id, "main"), tmp_path)
    moved = hub.add(tiny_chat(commit="f" * 40))

    found = read(hub, revision="main", locks=tmp_path)

    assert (Origin.HUB, moved.commit, ()) == (found.origin, found.commit, found.notes)


@pytest.mark.parametrize("changes", [{"offline": True}, {}])
def test_an_outage_is_bridged_by_the_lock_of_the_branch(hub: Hub, tmp_path: Path, changes: dict[str, Any]) -> None:
    """When the branch cannot be resolved, the last lock of it stands in, and says so."""
    write_lock(read(hub, hub.add(tiny_chat()).id, "main"), tmp_path)
    hub.fail("/api/", Fault(status=418))

    found = read(hub, revision="main", locks=tmp_path, **changes)

    reason = "offline mode" if changes else "the Hub answered 418"
    assert (RepositoryState.READABLE, Origin.LOCK) == (found.state, found.origin)
    assert f"the Hub was not reached ({reason}); the revision may point elsewhere by now" == found.notes[1]


def test_refreshing_looks_again_at_what_can_change(hub: Hub, tmp_path: Path) -> None:
    """Access and the security scan are today's, everything else the lock's."""
    facts = read(hub, hub.add(tiny_chat()).id)
    write_lock(facts, tmp_path)
    hub.add(tiny_chat(flagged=(("x.bin", "unsafe"),), gated="manual", readers=frozenset({TOKEN})))
    hub.tokens[TOKEN] = "read"

    found = read(hub, revision=facts.commit, locks=tmp_path, refresh=True, token=TOKEN)
    denied = read(hub, revision=facts.commit, locks=tmp_path, refresh=True)

    assert (SecurityScan(finished=True, flagged=(("x.bin", "unsafe"),)), Gating.MANUAL) == (
        found.security,
        found.gating,
    )
    assert (Origin.LOCK, facts.documents, "read") == (found.origin, found.documents, found.token_role)
    assert RepositoryState.GATED is denied.state
    assert not [path for path in hub.paths()[4:] if "/resolve/" in path]


def test_refreshing_during_an_outage_keeps_the_lock(hub: Hub, tmp_path: Path) -> None:
    """An outage never makes a locked model worse."""
    facts = read(hub, hub.add(tiny_chat()).id)
    write_lock(facts, tmp_path)
    hub.fail("/", Fault(status=418))

    found = read(hub, revision=facts.commit, locks=tmp_path, refresh=True)

    assert (RepositoryState.READABLE, facts.documents) == (found.state, found.documents)
    assert "the Hub was not reached (the Hub answered 418)" == found.notes[1]


def test_a_lock_file_is_a_source(tmp_path: Path) -> None:
    """A lock may be checked by itself."""
    path = write_lock(FACTS, tmp_path)

    (found,) = read_all([SourceRequest(path.name)], SourceOptions(base=tmp_path))

    assert (RepositoryState.READABLE, "acme/x", "hf://acme/x") == (found.state, found.repository, found.source)


def test_a_broken_lock_is_told_and_the_hub_is_asked(hub: Hub, tmp_path: Path) -> None:
    """A lock that cannot be used is a note, not an end."""
    facts = read(hub, hub.add(tiny_chat()).id)
    write_lock(facts, tmp_path).write_bytes(b"{")

    found = read(hub, revision=facts.commit, locks=tmp_path)

    assert (RepositoryState.READABLE, Origin.HUB) == (found.state, found.origin)
    assert "the lock file was not used: it is not JSON" in found.notes[0]


def test_a_lock_does_not_change_when_nothing_did(tmp_path: Path) -> None:
    """Locking again keeps the date, so that version control shows no difference."""
    first = write_lock(FACTS, tmp_path).read_bytes()
    later = write_lock(replace(FACTS, read_at=datetime(2027, 1, 1, tzinfo=UTC)), tmp_path)

    assert first == later.read_bytes()
    assert first != write_lock(replace(FACTS, licence="mit"), tmp_path).read_bytes()


def test_a_lock_is_found_by_its_branch_the_latest_first(tmp_path: Path) -> None:
    """Several commits of a branch may be locked; a commit is found by itself."""
    newer = replace(FACTS, commit="f" * 40, read_at=datetime(2026, 11, 21, tzinfo=UTC))
    for facts in (FACTS, newer, replace(FACTS, commit="e" * 40, revision="dev")):
        write_lock(facts, tmp_path)

    assert newer == find_lock(tmp_path, "acme/x", "main")
    assert FACTS == find_lock(tmp_path, "acme/x", COMMIT)
    assert find_lock(tmp_path, "acme/x", "d" * 40) is None
    assert find_lock(tmp_path, "acme/absent", "main") is None
    assert find_lock(tmp_path / "absent", "acme/x", "main") is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            replace(FACTS, state=RepositoryState.GATED),
            "is only written for a repository that could be read at a commit",
        ),
        (replace(FACTS, commit=""), "is only written for a repository that could be read at a commit"),
        (
            replace(FACTS, documents={"config.json": Document(path="config.json", unread=True)}),
            "is only written when all small files could be read",
        ),
        (
            replace(FACTS, texts={"chat_template.jinja": Text(path="chat_template.jinja", unread=True)}),
            "is only written when all small files could be read",
        ),
        (
            replace(FACTS, header_problems=(HeaderProblem(path="a", problem="b", unread=True),)),
            "is only written when all headers could be read",
        ),
    ],
)
def test_half_a_reading_is_not_locked(tmp_path: Path, facts: RepositoryFacts, reason: str) -> None:
    """Only what is wholly known may be kept."""
    with pytest.raises(LockError) as caught:
        write_lock(facts, tmp_path)

    assert reason == caught.value.reason
    assert [] == list(tmp_path.iterdir())


@pytest.mark.fault("a damaged or edited lock", "refused")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "is of a version other than 1; record it anew with `python -m validation lock`"),
        ({"version": True}, "is of a version other than 1; record it anew with `python -m validation lock`"),
        ({"version": None}, "is of a version other than 1; record it anew with `python -m validation lock`"),
        ({"repository": "../../etc"}, "has no valid `repository`"),
        ({"repository": 7}, "has no valid `repository`"),
        ({"commit": "main"}, "has no valid `commit`"),
        ({"revision": "../x"}, "has no valid `revision`"),
        ({"files": 7}, "has no valid `files`"),
        ({"files": [7]}, "has no valid `files`"),
        ({"files": [{"path": "../x"}]}, "has a file whose path is unsafe"),
        ({"files": [{"path": "x", "size": -1}]}, "has no valid `size`"),
        ({"files": [{"path": "x", "size": True}]}, "has no valid `size`"),
        ({"documents": []}, "has no valid `documents`"),
        ({"documents": {"config.json": 7}}, "has no valid `documents`"),
        ({"documents": {"../x": {}}}, "has an unsafe path under `documents`"),
        ({"texts": {"a": {"value": 7}}}, "has no valid `texts`"),
        ({"tensors": [["a"]]}, "has no valid `tensors`"),
        ({"tensors": [["../x", "n", "F16", [1], 2]]}, "has no valid `tensors`"),
        ({"tensors": [["x", "n", "F16", ["1"], 2]]}, "has no valid `tensors`"),
        ({"parameters": {"F16": "many"}}, "has no valid `parameters`"),
        ({"gating": "odd"}, "has no valid `gating`"),
        ({"private": 1}, "has no valid `private`"),
        ({"read_at": "yesterday"}, "has no valid `read_at`"),
        ({"security": {"flagged": [["x"]]}}, "has no valid `security`"),
        ({"ancestors": [{"repository": "../x"}]}, "has an ancestor without a valid `repository`"),
        ({"ancestors": [{"repository": "a/b", "architectures": [1]}]}, "has no valid `architectures`"),
        ({"header_problems": {"x": 1}}, "has no valid `header_problems`"),
        ({"tags": ["a", 1]}, "has no valid `tags`"),
    ],
)
def test_a_lock_is_not_believed(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    """Whoever edits a lock meets one clear error, never a traceback."""
    path = write_lock(FACTS, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    with pytest.raises(LockError) as caught:
        read_lock(path)
    assert reason == caught.value.reason


def test_a_lock_under_a_wrong_name_is_refused(tmp_path: Path) -> None:
    """A file that was renamed does not stand in for another model."""
    write_lock(FACTS, tmp_path).rename(tmp_path / lock_name("acme/y", COMMIT))

    with pytest.raises(LockError) as caught:
        find_lock(tmp_path, "acme/y", COMMIT)
    assert "holds the facts of another repository or commit than its name says" == caught.value.reason


def test_a_lock_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder in its place, or nothing."""
    with pytest.raises(LockError) as caught:
        read_lock(tmp_path)
    assert "cannot be read: is a directory" == caught.value.reason


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), "facts from the lock of 2026-11-20 (today)"),
        (timedelta(days=1), "facts from the lock of 2026-11-20 (1 day ago)"),
        (timedelta(days=40), "facts from the lock of 2026-11-20 (40 days ago)"),
        (timedelta(days=-3), "facts from the lock of 2026-11-20 (today)"),
    ],
)
def test_the_age_of_a_lock_is_noted(age: timedelta, expected: str) -> None:
    """A reader sees how old the facts are."""
    assert FACTS.read_at is not None
    assert (expected,) == with_age(FACTS, FACTS.read_at + age).notes


names = st.text("abcXYZ019_-. é", min_size=1, max_size=8).filter(lambda name: name.strip(".") and name.isprintable())
numbers = st.integers(0, 1 << 60)
words = st.text(max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(words, values, max_size=4)
files = st.builds(
    File,
    path=names,
    size=st.none() | numbers,
    sha256=st.none() | st.just("a" * 64),
    blob_id=st.none() | st.just("b" * 40),
)
documents = st.builds(Document, path=st.just("x"), value=objects) | st.builds(
    Document, path=st.just("x"), problem=words.filter(bool), line=st.none() | numbers, column=st.none() | numbers
)
texts = st.builds(Text, path=st.just("x"), value=words) | st.builds(Text, path=st.just("x"), problem=words.filter(bool))
tensors = st.builds(
    Tensor, name=words, dtype=words, shape=st.lists(numbers, max_size=3).map(tuple), size=numbers, file=names
)
scans = st.builds(
    SecurityScan, finished=st.booleans(), flagged=st.lists(st.tuples(words, words), max_size=3).map(tuple)
)
ancestors = st.builds(
    Ancestor,
    repository=st.just("acme/base"),
    architectures=st.lists(words, max_size=2).map(tuple),
    tokenizer=st.none() | st.just("c" * 64),
    relation=words,
)
every = st.builds(
    RepositoryFacts,
    source=words.filter(bool),
    origin=st.just(Origin.LOCK),
    repository=st.just("acme/x"),
    revision=st.sampled_from(["", "main", COMMIT]),
    commit=st.just(COMMIT),
    private=st.booleans(),
    gating=st.sampled_from(Gating),
    licence=words,
    licence_name=words,
    licence_link=words,
    pipeline_tag=words,
    library=words,
    tags=st.lists(words, max_size=3).map(tuple),
    files=st.lists(files, max_size=4).map(tuple),
    documents=st.dictionaries(names, documents, max_size=3),
    texts=st.dictionaries(names, texts, max_size=2),
    parameters=st.dictionaries(words, numbers, max_size=3),
    tensors=st.lists(tensors, max_size=3).map(tuple),
    header_problems=st.dictionaries(names, words, max_size=2).map(
        lambda found: tuple(HeaderProblem(path=path, problem=problem) for path, problem in sorted(found.items()))
    ),
    security=st.none() | scans,
    ancestors=st.lists(ancestors, max_size=2).map(tuple),
    read_at=st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)),
)


@given(every)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_facts_survive_their_lock(tmp_path: Path, facts: RepositoryFacts) -> None:
    """Writing and reading is the identity, whatever the facts."""
    facts = replace(
        facts,
        documents={path: replace(item, path=path) for path, item in facts.documents.items()},
        texts={path: replace(item, path=path) for path, item in facts.texts.items()},
    )

    assert facts == read_lock(write_lock(facts, tmp_path))


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "version",
                "repository",
                "commit",
                "files",
                "documents",
                "texts",
                "tensors",
                "security",
                "ancestors",
                "read_at",
                "parameters",
                "tags",
            ]
        ),
        values,
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_lock_is_facts_or_an_error(tmp_path: Path, changes: dict[str, Any]) -> None:
    """A lock of nearly the right form never fails in another way."""
    path = write_lock(FACTS, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    try:
        found = read_lock(path)
    except LockError as error:
        assert error.reason  # noqa: PT017 - either outcome is right, another exception is not
    else:
        assert COMMIT == found.commit
    finally:
        path.unlink()


def test_no_token_is_in_a_lock(hub: Hub, tmp_path: Path) -> None:
    """A canary is looked for in the bytes."""
    hub.tokens[TOKEN] = "read"
    hub.add(tiny_chat(private=True, readers=frozenset({TOKEN})))
    (facts,) = read_all([SourceRequest("hf://acme/tiny-chat")], options(hub, token=TOKEN))

    assert TOKEN.encode() not in write_lock(facts, tmp_path).read_bytes()
