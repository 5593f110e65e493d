"""The parser of safetensors headers."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub.fixtures import safetensors
from validation.facts import Tensor
from validation.sources.headers import (
    MAX_HEADER_BYTES,
    HeaderError,
    count_parameters,
    header_length,
    parse_header,
)


def parse(data: bytes, size: int | None = None) -> tuple[Tensor, ...]:
    """Parse the header of a whole file."""
    file_size = len(data) if size is None else size
    length = header_length(data, file_size)
    return parse_header("x.safetensors", data[8 : 8 + length], file_size)


def file_of(header: Any, data: bytes = b"") -> bytes:
    """Return a file with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: Any = "U8", shape: Any = (1,), offsets: Any = (0, 1)) -> dict[str, Any]:
    """Return one entry of a header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_tensors_are_read() -> None:
    """Names, dtypes, shapes and sizes come as the header states them."""
    data = safetensors(
        {"a": ("BF16", (2, 3), 12), "b": ("F8_E4M3", (5,), 5), "c": ("F4", (4, 2), 4), "d": ("I64", (), 8)}
    )

    found = parse(data)

    assert [("a", "BF16", (2, 3), 12), ("b", "F8_E4M3", (5,), 5), ("c", "F4", (4, 2), 4), ("d", "I64", (), 8)] == [
        (tensor.name, tensor.dtype, tensor.shape, tensor.size) for tensor in found
    ]
    assert {"BF16": 6, "F4": 8, "F8_E4M3": 5, "I64": 1} == count_parameters(found)


def test_the_reference_implementation_writes_what_is_read() -> None:
    """A file made by safetensors itself is read the same."""
    from numpy import float16, zeros  # noqa: PLC0415 - used here only
    from safetensors.numpy import save  # noqa: PLC0415 - as above

    found = parse(save({"w": zeros((3, 4), dtype=float16), "e": zeros((0,), dtype=float16)}))

    assert {("w", "F16", (3, 4), 24), ("e", "F16", (0,), 0)} == {
        (tensor.name, tensor.dtype, tensor.shape, tensor.size) for tensor in found
    }


@pytest.mark.parametrize(
    ("start", "size", "reason"),
    [
        (b"", 0, "ends within the length of its header"),
        (b"\0" * 7, 7, "ends within the length of its header"),
        (b"\0" * 8, 8, "says that its header is empty"),
        (struct.pack("<Q", 1 << 63), 1 << 62, "says that its header is larger than 100 MB"),
        (struct.pack("<Q", (1 << 64) - 1), None, "says that its header is larger than 100 MB"),
        (struct.pack("<Q", MAX_HEADER_BYTES + 1), None, "says that its header is larger than 100 MB"),
        (struct.pack("<Q", 100), 107, "says that its header is larger than the file"),
    ],
)
def test_a_length_that_cannot_be_is_refused(start: bytes, size: int | None, reason: str) -> None:
    """The first eight bytes are compared with the limit and the file."""
    with pytest.raises(HeaderError) as caught:
        header_length(start, size)
    assert reason == caught.value.reason


@pytest.mark.parametrize(
    ("header", "data", "reason"),
    [
        (b"[]", b"", "has a header that holds an array where an object belongs"),
        (b"{", b"", "has a header that is not JSON: expecting property name enclosed in double quotes"),
        (b"\xff", b"", "has a header that is not UTF-8 at byte 0"),
        (b'{"a":1,"a":2}', b"", "has a header that has the same key twice in one object"),
        ({"a": 7}, b"", "has an entry that is no tensor"),
        ({"a": entry(dtype=1)}, b"x", "has a tensor without a valid dtype and shape"),
        ({"a": entry(shape=[-1])}, b"x", "has a tensor without a valid dtype and shape"),
        ({"a": entry(shape=[True])}, b"x", "has a tensor without a valid dtype and shape"),
        ({"a": entry(shape=[1.0])}, b"x", "has a tensor without a valid dtype and shape"),
        ({"a": entry(shape=[1] * 17)}, b"x", "has a tensor without a valid dtype and shape"),
        ({"a": entry(shape=[1 << 63])}, b"x", "has a tensor without a valid dtype and shape"),
        ({"a": entry(shape=[1 << 40, 1 << 40])}, b"x", "has a tensor whose shape overflows"),
        ({"a": entry(dtype="Q8")}, b"x", "has a tensor of a dtype that the format does not have"),
        ({"a": entry(offsets=[1, 0])}, b"x", "has a tensor without valid offsets"),
        ({"a": entry(offsets=[0])}, b"x", "has a tensor without valid offsets"),
        ({"a": entry(offsets=[0, -1])}, b"x", "has a tensor without valid offsets"),
        ({"a": entry(offsets=[0, 2])}, b"xy", "has a tensor whose shape and offsets disagree"),
        ({"a": entry(dtype="F4", shape=[3], offsets=[0, 1])}, b"x", "has a tensor whose shape and offsets disagree"),
        ({"a": entry(), "b": entry()}, b"x", "has tensors that overlap"),
        ({"a": entry(), "b": entry(offsets=[2, 3])}, b"xyz", "has a gap between its tensors"),
        ({"a": entry(offsets=[1, 2])}, b"xy", "has a gap between its tensors"),
        ({"a": entry()}, b"", "is shorter than its tensors: a truncated upload"),
        ({"a": entry()}, b"xy", "is longer than its tensors"),
    ],
)
def test_a_header_that_lies_is_refused(header: Any, data: bytes, reason: str) -> None:
    """Each lie has its own words, and none of the file's."""
    with pytest.raises(HeaderError) as caught:
        parse(file_of(header, data))
    assert reason == caught.value.reason


@pytest.mark.fault("10^5 tensors", "read")
def test_a_hundred_thousand_tensors_are_read() -> None:
    """The largest real files are within the limits."""
    tensors = {f"model.layers.{number}.weight": ("BF16", (2,), 4) for number in range(100_000)}

    assert 100_000 == len(parse(safetensors(tensors)))


def test_padding_of_the_header_is_no_error() -> None:
    """Writers pad the JSON with spaces so that the data is aligned."""
    assert 1 == len(parse(file_of(json.dumps({"a": entry()}).encode() + b"     ", b"x")))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_tensors_or_an_error(data: bytes) -> None:
    """Nothing else is ever raised."""
    try:
        parse(data)
    except HeaderError as error:
        assert error.reason  # noqa: PT017 - either outcome is right, another exception is not


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F4", "U8", "BF16", "F64", "?"]) | json_values,
        "shape": st.lists(st.integers(-1, 1 << 64), max_size=3) | json_values,
        "data_offsets": st.lists(st.integers(-1, 1 << 64), min_size=2, max_size=2) | json_values,
    },
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), entries | json_values, max_size=4), st.binary(max_size=20))
def test_any_header_is_tensors_or_an_error(header: dict[str, Any], data: bytes) -> None:
    """Headers of nearly the right form neither crash the parser nor give sizes that the file does not have."""
    content = file_of(header, data)
    try:
        found = parse(content)
    except HeaderError:
        return
    assert len(data) == sum(tensor.size for tensor in found)


shapes = st.lists(
    st.tuples(st.sampled_from(["U8", "BF16", "F32", "I64"]), st.lists(st.integers(0, 5), max_size=3)), max_size=6
)


@settings(deadline=None)
@given(shapes)
def test_what_is_written_is_read(wanted: list[tuple[str, list[int]]]) -> None:
    """A round trip loses nothing."""
    widths = {"U8": 1, "BF16": 2, "F32": 4, "I64": 8}
    tensors = {}
    for number, (dtype, shape) in enumerate(wanted):
        size = widths[dtype]
        for length in shape:
            size *= length
        tensors[f"t{number}"] = (dtype, tuple(shape), size)

    found = parse(safetensors(tensors))

    assert tensors == {tensor.name: (tensor.dtype, tensor.shape, tensor.size) for tensor in found}
