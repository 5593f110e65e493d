"""YAML from people and strangers: parsed under limits, with the place of every key, and without tags or merge keys."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from validation.data import Data

if TYPE_CHECKING:
    from yaml.error import Mark
    from yaml.events import AliasEvent, Event

YamlValue: TypeAlias = bool | int | float | str | list["YamlValue"] | dict[str, "YamlValue"] | None
Path: TypeAlias = tuple[str | int, ...]

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(r"[-+]?(?![0-9]+$)(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,4})?")
_QUOTED = re.compile(r" ?'([^']*)'")
_SHOWN = re.compile(r"<[a-z ]+>|.|\\.")  # a token's kind or one character, in the parser's own words


class YamlError(ValueError):
    """The text is not YAML that this project accepts; ``line`` and ``column`` count from 1 where known."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        """Keep the reason, which never holds any of the text itself."""
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class Position(NamedTuple):
    """Line and column, counted from 1."""

    line: int
    column: int


class Span(NamedTuple):
    """The characters of a value in the text, from the first to the one after the last."""

    start: int
    end: int


class Limits(Data):
    """What is too much; real stack files have a few hundred lines and nest less than ten deep."""

    size: int = 256 << 10  # bytes
    depth: int = 32
    aliases: int = 64
    values: int = 50_000  # after aliases are followed


class YamlText(Data):
    """A parsed document. ``places`` has, by path, where each key (or list item) stands, ``()`` the document itself.

    ``spans`` says which characters each value occupies; a value reached through an alias has those of its anchor.
    """

    value: YamlValue
    places: Mapping[Path, Position]
    spans: Mapping[Path, Span]


class _Node(NamedTuple):
    position: Position
    span: Span
    content: "YamlValue | list[_Node] | dict[str, tuple[Position, _Node]]"


def parse_yaml(data: bytes, limits: Limits | None = None) -> YamlText:
    """Parse one UTF-8 YAML document; raise YamlError for anything else.

    Scalars follow YAML 1.2's core schema: ``yes``, dates and times are strings, and so is a number of more than 18
    digits (a commit is no number). Keys are strings. Tags, merge keys and duplicate keys are refused.
    """
    import yaml  # noqa: PLC0415 - a check with warm locks needs no YAML

    limits = limits or Limits()
    if len(data) > limits.size:
        raise YamlError(f"is larger than {limits.size >> 10} KiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YamlError(f"is not UTF-8 at byte {error.start}") from None
    try:
        node = _Composer(yaml.parse(text, Loader=yaml.SafeLoader), limits).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = "is not YAML: " + _QUOTED.sub(_shown, error.problem or error.context or "malformed")
        raise YamlError(reason, *((mark.line + 1, mark.column + 1) if mark else ())) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = error.position - (before.rfind("\n") + 1) + 1
        raise YamlError("holds a control character", before.count("\n") + 1, column) from None
    return _Resolver(limits).resolve(node)


class _Composer:
    """Turns events into nodes; aliases share the node of their anchor, so that size stays that of the text."""

    def __init__(self, events: "Iterator[Event]", limits: Limits) -> None:
        self._events = events
        self._limits = limits
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0

    def document(self) -> _Node:
        from yaml import events as kinds  # noqa: PLC0415 - as above

        node = _Node(Position(1, 1), Span(0, 0), None)
        documents = 0
        for event in self._events:
            if isinstance(event, kinds.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _error("holds more than one document", event)
                node = self._node(next(self._events), 0)
        return node

    def _node(self, event: "Event", depth: int) -> _Node:
        from yaml import events as kinds  # noqa: PLC0415 - as above

        if depth > self._limits.depth:
            raise _error(f"nests deeper than {self._limits.depth} levels", event)
        if isinstance(event, kinds.AliasEvent):
            return self._alias(event)
        if getattr(event, "tag", None) is not None:
            raise _error("has a tag, which is not supported", event)
        if isinstance(event, kinds.ScalarEvent):
            content: YamlValue = event.value if event.style else _scalar(event.value)
            node = _Node(_position(event), _span(event, event), content)
        elif isinstance(event, kinds.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _alias(self, event: "AliasEvent") -> _Node:
        self._aliases += 1
        if self._aliases > self._limits.aliases:
            raise _error(f"has more than {self._limits.aliases} aliases", event)
        found = self._anchors.get(event.anchor or "")
        if found is None:
            raise _error("has an alias without an anchor before it", event)
        return found._replace(position=_position(event))

    def _sequence(self, start: "Event", depth: int) -> _Node:
        from yaml import events as kinds  # noqa: PLC0415 - as above

        items = []
        while not isinstance(event := next(self._events), kinds.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return _Node(_position(start), _span(start, event), items)

    def _mapping(self, start: "Event", depth: int) -> _Node:
        from yaml import events as kinds  # noqa: PLC0415 - as above

        items: dict[str, tuple[Position, _Node]] = {}
        while not isinstance(event := next(self._events), kinds.MappingEndEvent):
            if not isinstance(event, kinds.ScalarEvent) or event.tag is not None:
                raise _error("has a key that is no plain string", event)
            if event.value == "<<" and not event.style:
                raise _error("has a merge key (`<<`), which is not supported", event)
            if event.value in items:
                raise _error("has the same key twice in one mapping", event)
            items[event.value] = (_position(event), self._node(next(self._events), depth + 1))
        return _Node(_position(start), _span(start, event), items)


class _Resolver:
    """Turns nodes into values, following aliases as often as the limits allow."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.values
        self._places: dict[Path, Position] = {}
        self._spans: dict[Path, Span] = {}

    def resolve(self, node: _Node) -> YamlText:
        return YamlText(value=self._value((), node.position, node), places=self._places, spans=self._spans)

    def _value(self, path: Path, place: Position, node: _Node) -> YamlValue:
        self._left -= 1
        if self._left < 0:
            raise YamlError(f"holds more than {self._limits.values} values", *place)
        if len(path) > self._limits.depth:
            raise YamlError(f"nests deeper than {self._limits.depth} levels", *place)
        self._places[path] = place
        self._spans[path] = node.span
        content = node.content
        if isinstance(content, dict):
            return {key: self._value((*path, key), *item) for key, item in _pairs(content)}
        if isinstance(content, list):
            items = [item for item in content if isinstance(item, _Node)]
            return [self._value((*path, index), item.position, item) for index, item in enumerate(items)]
        return content


def _pairs(content: Mapping[str, object]) -> Iterator[tuple[str, tuple[Position, _Node]]]:
    for key, item in content.items():
        if isinstance(item, tuple):
            yield key, item


def _scalar(text: str) -> YamlValue:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text.startswith(("0x", "0o")) else int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _shown(match: re.Match[str]) -> str:
    return match[0] if _SHOWN.fullmatch(match[1]) else ""


def _position(event: "Event") -> Position:
    mark = cast("Mark", event.start_mark)
    return Position(mark.line + 1, mark.column + 1)


def _span(start: "Event", end: "Event") -> Span:
    return Span(cast("Mark", start.start_mark).index, cast("Mark", end.end_mark).index)


def _error(reason: str, event: "Event") -> YamlError:
    return YamlError(reason, *_position(event))
