"""Immutable data behaves as the standard library's frozen data classes do."""

import copy
import dataclasses
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from validation.data import Data, field


class Point(Data):
    """Two coordinates, a label and some secrets."""

    x: int
    y: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="none", repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The same by the standard library."""

    x: int
    y: int = 0
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    secret: str = dataclasses.field(default="none", repr=False)


class Nothing(Data):
    """No fields at all."""


def test_defaults_fill_what_is_left_out() -> None:
    """A factory makes a new one for each object."""
    first, second = Point(x=1), Point(x=1)

    assert (1, 0, {}, "none") == (first.x, first.y, first.labels, first.secret)
    assert first.labels is not second.labels


def test_all_fields_may_be_given() -> None:
    """Then no default is looked at."""
    assert (1, 2, {"a": "b"}, "s") == dataclasses.astuple(Point(x=1, y=2, labels={"a": "b"}, secret="s"))


def test_it_is_shown_as_a_data_class_is() -> None:
    """Without what is not to be shown."""
    assert repr(Twin(x=1, secret="hidden")).replace("Twin", "Point") == repr(Point(x=1, secret="hidden"))


def test_equal_fields_make_equal_objects() -> None:
    """Of the same class only."""
    assert Point(x=1) == Point(x=1, y=0)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Twin(x=1)
    assert Nothing() == Nothing()


def test_a_field_may_be_left_out_of_comparisons() -> None:
    """Neither equality nor the hash looks at it."""

    class Layer(Data):
        heads: int
        index: int = field(default=0, compare=False)

    assert Layer(heads=2, index=1) == Layer(heads=2, index=7)
    assert 1 == len({Layer(heads=2, index=1), Layer(heads=2, index=7)})
    assert [True, False] == [item.compare for item in dataclasses.fields(Layer)]


def test_equal_objects_have_equal_hashes() -> None:
    """Unless a field has none."""

    class Pair(Data):
        left: int
        right: str

    assert 1 == len({Pair(left=1, right="a"), Pair(left=1, right="a")})
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(x=1))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "Point lacks `x`"),
        ({"y": 1}, "Point lacks `x`"),
        ({"x": 1, "z": 2}, "Point has no `z`"),
        ({"x": 1, "y": 2, "labels": {}, "z": ""}, "Point has no `z`"),
        ({"y": 2, "labels": {}, "secret": "", "z": ""}, "Point has no `z`"),
    ],
)
def test_what_is_missing_or_unknown_is_an_error(given: dict[str, Any], problem: str) -> None:
    """As for any call."""
    with pytest.raises(TypeError, match=problem):
        Point(**given)


def test_fields_are_given_by_name() -> None:
    """Their order is nobody's business."""
    make: Any = Point

    with pytest.raises(TypeError, match="positional"):
        make(1)


def test_nothing_can_be_changed() -> None:
    """Neither a field nor anything else."""
    point = Point(x=1)

    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]  # the point of the test
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.other = 2
    assert not hasattr(point, "__dict__")


def test_the_standard_library_takes_it_for_a_data_class() -> None:
    """replace, fields, asdict and is_dataclass."""
    point = Point(x=1, labels={"a": "b"})

    assert Point(x=1, y=7, labels={"a": "b"}) == dataclasses.replace(point, y=7)
    assert ["x", "y", "labels", "secret"] == [item.name for item in dataclasses.fields(Point)]
    assert {"x": 1, "y": 0, "labels": {"a": "b"}, "secret": "none"} == dataclasses.asdict(point)
    assert dataclasses.is_dataclass(Point)
    assert [(item.name, item.default, item.repr) for item in dataclasses.fields(Twin)] == [
        (item.name, item.default, item.repr) for item in dataclasses.fields(point)
    ]


def test_a_copy_is_equal() -> None:
    """Also a deep one."""
    point = Point(x=1, labels={"a": "b"})

    assert point == copy.copy(point) == copy.deepcopy(point)
    assert point.labels is not copy.deepcopy(point).labels


def test_fields_are_inherited() -> None:
    """Those of the base come first."""

    class Named(Point):
        name: str

    named = Named(x=1, name="a")

    assert ("a", 1, 0) == (named.name, named.x, named.y)
    assert ["x", "y", "labels", "secret", "name"] == [item.name for item in dataclasses.fields(Named)]


def test_making_classes_imports_no_compiler() -> None:
    """That is what it is for."""
    program = "import sys, validation.facts; print(sorted({'dataclasses', 'inspect', 'ast'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - fixed

    assert "[]" == done.stdout.strip()
