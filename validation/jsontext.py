"""JSON from strangers: parsed under limits of bytes, depth and numbers, with duplicate keys refused."""

import json
import re
from typing import TypeAlias

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
JsonObject: TypeAlias = dict[str, JsonValue]

MAX_BYTES = 8 << 20  # the largest real tokenizer_config.json and index seen stay under 7 MiB
MAX_DEPTH = 64  # real files nest less than 12 deep
MAX_INTEGER_DIGITS = 40  # transformers writes int(1e30), 31 digits, for "no limit"; Python's own 4300 are already slow
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # a string without end reaches to the end: linear
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")


class JsonError(ValueError):
    """The text is not JSON that this project accepts; ``line`` and ``column`` count from 1 where known."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        """Keep the reason, which never holds any of the text itself."""
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


def parse_object(data: bytes, max_bytes: int = MAX_BYTES) -> JsonObject:
    """Parse UTF-8 JSON that holds one object; raise JsonError for anything else."""
    value = parse(data, max_bytes)
    if not isinstance(value, dict):
        reason = f"holds {_kind(value)} where an object belongs"
        raise JsonError(reason)
    return value


def parse(data: bytes, max_bytes: int = MAX_BYTES) -> JsonValue:
    """Parse UTF-8 JSON under the limits of this module; raise JsonError for anything else."""
    if len(data) > max_bytes:
        reason = f"is larger than {max_bytes >> 20} MiB"
        raise JsonError(reason)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 at byte {error.start}"
        raise JsonError(reason) from None
    _refuse_depth(text)
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer, parse_float=_number
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: {error.msg.lower()}", error.lineno, error.colno) from None
    except RecursionError:
        raise JsonError(f"nests deeper than {MAX_DEPTH} levels") from None
    return value


def _refuse_depth(text: str) -> None:
    """Raise JsonError for deep nesting, before the parser's recursion meets it.

    Brackets outside of strings are peeled off, a level a pass; what is left over is deeper, or not balanced and then
    for the parser to refuse.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    brackets = _NO_BRACKETS.sub("", _STRING.sub("", text)).replace("{", "[").replace("}", "]")
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("[]", "")
    opened = brackets[brackets.find("[") :] if "[" in brackets else ""
    if "]" in opened or len(opened) > MAX_DEPTH:
        raise JsonError(f"nests deeper than {MAX_DEPTH} levels")


def _unique(pairs: "list[tuple[str, JsonValue]]") -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        reason = "has the same key twice in one object"
        raise JsonError(reason)
    return found


def _constant(name: str) -> float:
    if name in {"Infinity", "-Infinity"}:  # real configs hold it, e.g. Nemotron-H's time_step_limit
        return float(name)
    reason = f"holds {name}, which is not JSON"
    raise JsonError(reason)


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        reason = f"holds an integer of more than {MAX_INTEGER_DIGITS} digits"
        raise JsonError(reason)
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        reason = "holds a number beyond the range of a double"
        raise JsonError(reason)
    return value


def _kind(value: JsonValue) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
