"""The header of a safetensors file, read under limits: what tensors the file holds, without their data.

Format: 8 bytes of length N (little endian), N bytes of JSON, then the data the offsets point into. N is at most 100 MB,
as in the reference implementation (https://github.com/huggingface/safetensors, format section of its README).
"""

from itertools import pairwise
from math import prod

from validation.facts import HeaderProblem, Tensor
from validation.jsontext import JsonError, JsonObject, JsonValue, parse_object

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000  # the reference implementation's own limit
MAX_TENSORS = 1_000_000  # a file of the largest real models has some 10^5
MAX_DIMENSIONS = 16
_MAX_SIZE = 1 << 63
_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}


class HeaderError(ValueError):
    """The header is not what the format says; ``reason`` holds nothing of the file."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def header_length(start: bytes, file_size: int | None, limit: int = MAX_HEADER_BYTES) -> int:
    """Return the length of the JSON from the first eight bytes of a file; raise HeaderError when it cannot be."""
    if len(start) < LENGTH_BYTES:
        raise HeaderError("ends within the length of its header")
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if length == 0:
        raise HeaderError("says that its header is empty")
    if length > limit:
        raise HeaderError(f"says that its header is larger than {limit // 1_000_000} MB")
    if file_size is not None and LENGTH_BYTES + length > file_size:
        raise HeaderError("says that its header is larger than the file")
    return length


def parse_header(path: str, data: bytes, file_size: int | None) -> tuple[Tensor, ...]:
    """Return the tensors that a header (the JSON alone) states; raise HeaderError for anything else.

    ``file_size`` is the size of the whole file in bytes: the tensors have to fill it exactly. None skips that.
    """
    try:
        header = parse_object(data.rstrip(b" \0"), MAX_HEADER_BYTES)
    except JsonError as error:
        raise HeaderError(f"has a header that {error.reason}") from None
    if len(header) > MAX_TENSORS:
        raise HeaderError(f"states more than {MAX_TENSORS} tensors")
    spans: list[tuple[int, int]] = []
    tensors = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not isinstance(entry, dict):
            raise HeaderError("has an entry that is no tensor")
        tensor, span = _tensor(path, name, entry)
        tensors.append(tensor)
        spans.append(span)
    _refuse_gaps(spans, None if file_size is None else file_size - LENGTH_BYTES - len(data))
    return tuple(tensors)


def problem(path: str, reason: str, *, unread: bool = False) -> HeaderProblem:
    """Return what is wrong with one file."""
    return HeaderProblem(path=path, problem=reason, unread=unread)


def count_parameters(tensors: tuple[Tensor, ...]) -> dict[str, int]:
    """Return the elements of the tensors by dtype, as the Hub counts them."""
    found: dict[str, int] = {}
    for tensor in tensors:
        found[tensor.dtype] = found.get(tensor.dtype, 0) + prod(tensor.shape)
    return dict(sorted(found.items()))


def _tensor(path: str, name: str, entry: JsonObject) -> tuple[Tensor, tuple[int, int]]:
    dtype, shape, offsets = entry.get("dtype"), _integers(entry.get("shape")), _integers(entry.get("data_offsets"))
    if not isinstance(dtype, str) or shape is None or len(shape) > MAX_DIMENSIONS:
        raise HeaderError("has a tensor without a valid dtype and shape")
    if offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:  # noqa: PLR2004 - begin and end
        raise HeaderError("has a tensor without valid offsets")
    begin, end = offsets
    bits = _BITS.get(dtype)
    if bits is None:
        raise HeaderError("has a tensor of a dtype that the format does not have")
    if prod(shape) * bits > _MAX_SIZE:
        raise HeaderError("has a tensor whose shape overflows")
    if prod(shape) * bits != (end - begin) * 8:
        raise HeaderError("has a tensor whose shape and offsets disagree")
    return Tensor(name=name, dtype=dtype, shape=shape, size=end - begin, file=path), (begin, end)


def _integers(value: JsonValue) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    found = tuple(item for item in value if type(item) is int and 0 <= item < _MAX_SIZE)
    return found if len(found) == len(value) else None


def _refuse_gaps(spans: list[tuple[int, int]], data_size: int | None) -> None:
    spans.sort()
    if any(right[0] < left[1] for left, right in pairwise(spans)):
        raise HeaderError("has tensors that overlap")
    if any(right[0] > left[1] for left, right in pairwise(spans)) or (spans and spans[0][0] != 0):
        raise HeaderError("has a gap between its tensors")
    end = spans[-1][1] if spans else 0
    if data_size is not None and end > data_size:
        raise HeaderError("is shorter than its tensors: a truncated upload")
    if data_size is not None and end < data_size:
        raise HeaderError("is longer than its tensors")
