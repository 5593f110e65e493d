"""The bounded YAML reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.yamltext import Limits, Position, YamlError, YamlValue, parse_yaml

STACK = b"""\
# comment
config:
  slipway:models:
    - name: granite
      revision: 0123456789012345678901234567890123456789
    - name: phi
  slipway:engine: {version: 0.33.0}
"""


def refused(text: str | bytes, limits: Limits | None = None) -> YamlError:
    """Return the error that a text is refused with."""
    with pytest.raises(YamlError) as caught:
        parse_yaml(text.encode() if isinstance(text, str) else text, limits)
    return caught.value


def test_values_come_as_plain_python() -> None:
    """Mappings, lists and scalars arrive as dict, list and their types."""
    expected = {
        "config": {
            "slipway:models": [
                {"name": "granite", "revision": "0123456789012345678901234567890123456789"},
                {"name": "phi"},
            ],
            "slipway:engine": {"version": "0.33.0"},
        }
    }

    assert expected == parse_yaml(STACK).value


def test_every_key_has_its_place() -> None:
    """A key is found at its own line and column, a list item where its value begins."""
    places = parse_yaml(STACK).places

    assert Position(4, 7) == places["config", "slipway:models", 0]
    assert Position(5, 7) == places["config", "slipway:models", 0, "revision"]
    assert Position(7, 20) == places["config", "slipway:engine", "version"]


def test_a_span_cuts_the_value_out_of_the_text() -> None:
    """The characters of a span are the value as written."""
    start, end = parse_yaml(STACK).spans["config", "slipway:engine", "version"]

    assert "0.33.0" == STACK.decode()[start:end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("'true'", "true"),
        ("~", None),
        ("12", 12),
        ("-3", -3),
        ("0x1f", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("2026-11-23", "2026-11-23"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        (".nan", ".nan"),
        ("", None),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, expected: YamlValue) -> None:
    """Only what looks like a number, a boolean or null in YAML 1.2 becomes one."""
    assert {"a": expected} == parse_yaml(f"a: {text}".encode()).value


def test_an_alias_repeats_its_anchor() -> None:
    """Anchors and aliases work, with the place of the alias."""
    found = parse_yaml(b"a: &x {n: 1}\nb:\n  - *x\n")

    assert {"a": {"n": 1}, "b": [{"n": 1}]} == found.value
    assert Position(3, 5) == found.places["b", 0]


@pytest.mark.fault("YAML tags, merges and duplicate keys", "one error with its place")
@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("a: 1\na: 2", "has the same key twice in one mapping", 2, 1),
        ("a: !!python/object/apply:os.system [ls]", "has a tag, which is not supported", 1, 4),
        ("a: !!str 1", "has a tag, which is not supported", 1, 4),
        ("!!set {a}", "has a tag, which is not supported", 1, 1),
        ("a: {<<: {b: 1}}", "has a merge key (`<<`), which is not supported", 1, 5),
        ("? [a]\n: 1", "has a key that is no plain string", 1, 3),
        ("a: *x", "has an alias without an anchor before it", 1, 4),
        ("a: &x [*x]", "has an alias without an anchor before it", 1, 8),
        ("a: 1\n---\nb: 2", "holds more than one document", 2, 1),
        ("a: \x07", "holds a control character", 1, 4),
        ("a: 1\n\tb: 2", "is not YAML: found character '\\t' that cannot start any token", 2, 1),
        ("a: [1, 2", "is not YAML: expected ',' or ']', but got '<stream end>'", 1, 9),
    ],
)
def test_what_is_refused_has_a_reason_and_a_place(text: str, reason: str, line: int, column: int) -> None:
    """Each refusal says why and where, and never repeats a value."""
    error = refused(text)

    assert (reason, line, column) == (error.reason, error.line, error.column)


def test_a_secret_is_not_echoed() -> None:
    """A malformed line with a token gives an error without it."""
    assert "hf_secret" not in str(refused("a: %hf_secret\nb: 'hf_secret\n"))
    assert "hf_secret" not in str(refused("a: !hf_secret!x 1\n"))


@pytest.mark.fault("YAML of great depth", "one error with its place")
def test_deep_nesting_is_refused() -> None:
    """Depth is limited, without the recursion limit of Python."""
    assert "nests deeper than 32 levels" == refused("[" * 100_000).reason
    assert "nests deeper than 32 levels" == refused("\n".join(" " * n + "a:" for n in range(300))).reason


@pytest.mark.fault("YAML bombs", "one error with its place")
def test_a_bomb_of_aliases_is_refused() -> None:
    """A billion laughs end at the limit of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 7) + "]" for n in range(1, 9)]

    assert "holds more than 50000 values" == refused("\n".join(lines)).reason


def test_many_aliases_are_refused() -> None:
    """The number of aliases is limited too."""
    assert "has more than 64 aliases" == refused("a: &x 1\nb: [" + "*x, " * 70 + "]").reason


def test_a_large_text_is_refused_unread() -> None:
    """Size is looked at before anything else."""
    assert "is larger than 1 KiB" == refused(b"[" * 1025, Limits(size=1024)).reason


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    """Bad encoding is named with its place in bytes."""
    assert "is not UTF-8 at byte 3" == refused(b"a: \xff").reason


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_value_or_an_error(text: str) -> None:
    """No text makes the reader fail in another way."""
    try:
        parse_yaml(text.encode("utf-8", "surrogatepass"))
    except YamlError as error:
        assert error.reason  # noqa: PT017 - either outcome is right, another exception is not


scalars = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text() | st.floats(allow_nan=False)


@settings(deadline=None)
@given(st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_json_reads_as_it_is(value: YamlValue) -> None:
    """What JSON writes is read back, except numbers too large for a double's usual form."""
    import json  # noqa: PLC0415 - used here only

    if '"' not in (text := json.dumps(value)) and "Infinity" not in text and "e" not in text.replace("true", ""):
        assert value == parse_yaml(text.encode()).value
