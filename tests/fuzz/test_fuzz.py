"""Whatever bytes a stranger sends, every reader ends in an answer: no crash, no hang, bounded memory."""

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.corpus import TOKENS, past, starts
from tests.fuzz.targets import TARGETS, RuleFailedError

MOST = 64 << 20  # bytes, over what the input itself takes
FOUND = [(target, name) for target in sorted(TARGETS) for name in past(target)]


def edits(length: int) -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    """Return changes of a text: from where, how many bytes go, and what comes instead."""
    inserted = st.sampled_from(TOKENS) | st.binary(max_size=8)
    return st.lists(st.tuples(st.integers(0, length), st.integers(0, 40), inserted), min_size=1, max_size=6)


def edited(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Return the text with the changes."""
    for start, gone, new in changes:
        data = data[:start] + new + data[start + gone :]
    return data


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_is_good_is_read(target: str) -> None:
    """The beginnings are good, so that their changes get deep into the readers."""
    for data in starts(target):
        TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_whatever_is_changed_gets_an_answer(target: str) -> None:
    """Bytes of a good input are replaced, removed and added."""

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def hold(data: st.DataObject) -> None:
        begun = data.draw(st.sampled_from(starts(target)))
        TARGETS[target](edited(begun, data.draw(edits(len(begun)))))

    hold()


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_any_bytes_get_an_answer(target: str) -> None:
    """Also those that begin like nothing at all."""

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=300))
    def hold(data: bytes) -> None:
        TARGETS[target](data)

    hold()


@pytest.mark.parametrize(("target", "name"), FOUND)
def test_what_once_broke_something_does_not_again(target: str, name: str) -> None:
    """Inputs that fuzzing found stay here for ever."""
    TARGETS[target](past(target)[name])


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize(
    "make",
    [
        lambda: b"[" * 200_000,
        lambda: b'{"a":' * 100_000,
        lambda: b"{{ (" * 50_000,
        lambda: b"a: &a [x, x]\n" + b"".join(b"b%d: [*a, *a]\n" % number for number in range(5_000)),
        lambda: (1 << 40).to_bytes(8, "little") + b"x" * 1_000,
        lambda: b'{"a": "' + b"\\u0041" * 200_000 + b'"}',
    ],
    ids=["brackets", "objects", "template", "aliases", "length", "escapes"],
)
def test_a_bomb_takes_no_memory(target: str, make: Callable[[], bytes]) -> None:
    """What a few bytes ask for is not given."""
    data = make()
    tracemalloc.start()
    TARGETS[target](data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert MOST > peak


def test_a_rule_that_fails_by_itself_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The targets would see what they are for."""
    monkeypatch.setattr("tests.fuzz.targets.check_facts", _broken)

    with pytest.raises(RuleFailedError):
        TARGETS["config"](b"{}")


def _broken(*_: object) -> object:
    """Return a report in which a rule failed by itself."""

    class Finding:
        message = "the rule itself failed (KeyError), so this was not checked"

    class Report:
        findings = (Finding(),)

    return Report()
