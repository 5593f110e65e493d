"""What changed between two renderings of a resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dryrun.value import path_text

ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property that was added, updated or deleted: ``op`` is ``+``, ``~`` or ``-``."""

    op: str
    path: str


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the paths in which two inputs differ, in the order of the new ones; both as they may be shown."""
    return tuple(_changes(old, new, ()))


def _changes(old: object, new: object, path: tuple[str | int, ...]) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _changes(_item(old, index), _item(new, index), (*path, index))
    elif old is ABSENT:
        yield Change(op="+", path=path_text(path))
    elif new is ABSENT:
        yield Change(op="-", path=path_text(path))
    elif old != new:
        yield Change(op="~", path=path_text(path))


def _item(items: list[Any], index: int) -> object:
    return items[index] if index < len(items) else ABSENT
