"""What changed between two renderings is named by its path."""

import pytest

from dryrun.difference import Change, changes


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1}, {"a": 2}, (Change(op="~", path="a"),)),
        ({}, {"a": {"b": 1}}, (Change(op="+", path="a"),)),
        ({"a": 1}, {}, (Change(op="-", path="a"),)),
        ({"a": [1, 2]}, {"a": [1]}, (Change(op="-", path="a[1]"),)),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, (Change(op="~", path="a[0].b"),)),
        ({"a": {"b": 1}}, {"a": [1]}, (Change(op="~", path="a"),)),
    ],
)
def test_changes_are_named(old: dict[str, object], new: dict[str, object], expected: tuple[Change, ...]) -> None:
    """Added, updated and deleted, at the place where the two part."""
    assert expected == changes(old, new)
