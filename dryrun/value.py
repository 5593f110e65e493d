"""Values as the engine sees them: JSON, and besides it what is secret and what is not known yet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

SIGNATURE: Final = rpc._special_sig_key  # noqa: SLF001 - the wire format's own marks, which the SDK keeps private
SECRET_SIGNATURE: Final = rpc._special_secret_sig  # noqa: SLF001 - the same
RESOURCE_SIGNATURE: Final = rpc._special_resource_sig  # noqa: SLF001 - the same
SECRET_TEXT: Final = "[secret]"  # noqa: S105 - the mark, no secret
UNKNOWN_TEXT: Final = "[unknown]"
MAX_EXACT_INTEGER: Final = 1 << 53  # the wire has doubles only: integers above are not exact

Value = Any  # JSON, Secret or Unknown, nested


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value that must not be shown; never the repr of what it holds."""

    value: Value

    def __repr__(self) -> str:
        """Return the mark that stands for every secret."""
        return SECRET_TEXT


class Unknown:
    """A value that only a real deployment knows; use the instance ``UNKNOWN``."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the mark that stands for every unknown value."""
        return UNKNOWN_TEXT


UNKNOWN: Final = Unknown()


def decode(wire: struct_pb2.Struct) -> dict[str, Value]:
    """Return the properties that a message of the SDK carries, secrets and unknowns marked where they stand."""
    return {
        key: _decode(value) for key, value in sorted(wire.fields.items()) if value.WhichOneof("kind") != "null_value"
    }


def _decode(value: struct_pb2.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < MAX_EXACT_INTEGER else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _decode_struct(wire: struct_pb2.Struct) -> Value:
    signature = wire.fields[SIGNATURE].string_value if SIGNATURE in wire.fields else ""
    if signature == SECRET_SIGNATURE:
        return Secret(value=_decode(wire.fields["value"]))
    if signature == RESOURCE_SIGNATURE:
        return wire.fields["urn"].string_value
    return decode(wire)


def replaced(value: Value, replace: Callable[[Secret | Unknown], Value]) -> Value:
    """Return a copy of the value in which every secret and unknown is what ``replace`` makes of it."""
    if isinstance(value, Secret | Unknown):
        return replace(value)
    if isinstance(value, Mapping):
        return {key: replaced(item, replace) for key, item in value.items()}
    return [replaced(item, replace) for item in value] if isinstance(value, list) else value


def shown(value: Value) -> Value:
    """Return the value as JSON that may be printed: ``[secret]`` and ``[unknown]`` stand for what is not shown."""
    return replaced(value, repr)


def bare(value: Value) -> Value:
    """Return the value without its outer marks of secrecy, so that its keys can be read."""
    while isinstance(value, Secret):
        value = value.value
    return value


def withheld(value: Value, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every secret and every unknown in the value."""
    if isinstance(value, Secret | Unknown):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from withheld(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from withheld(item, (*path, index))


def withholds(value: Value) -> bool:
    """Return whether anything in the value is secret or unknown."""
    return next(withheld(value), None) is not None


def path_text(path: tuple[str | int, ...]) -> str:
    """Return a path as people write it: ``spec.containers[0].image``, keys with dots in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "." in part or "/" in part:
            text += f'["{part}"]'
        else:
            text += f".{part}" if text else part
    return text
