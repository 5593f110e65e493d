"""Raw values of a stack file with their paths, so that the checks speak where other keys are wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from stacks.explanation import Path

Found: TypeAlias = tuple[Path, str, str]  # path, message, help


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A mapping of the stack and its path; a key of another type reads as if it were absent."""

    value: Mapping[str, object]
    path: Path

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        found = self.value.get(key)
        return found if isinstance(found, str) else default

    def number(self, key: str, default: int) -> int:
        """Return a whole number; the default also for what is below 1, which is an error already."""
        found = self.value.get(key)
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else default

    def inner(self, key: str) -> "View":
        """Return a mapping inside this one; empty when absent."""
        found = self.value.get(key)
        return View(value=found if isinstance(found, Mapping) else {}, path=(*self.path, key))

    def items(self, key: str) -> tuple["View", ...]:
        """Return the mappings of a list."""
        found = self.value.get(key)
        pairs = enumerate(found if isinstance(found, list | tuple) else ())
        return tuple(View(value=item, path=(*self.path, key, at)) for at, item in pairs if isinstance(item, Mapping))

    def states(self, key: str) -> bool:
        """Return whether the key is there with a value."""
        return self.value.get(key) is not None

    def at(self, *keys: str) -> Path:
        """Return the path of a key."""
        return (*self.path, *keys)


def served_name(model: View) -> str:
    """Return the name under which a model answers."""
    return model.text("servedModelName") or model.text("name")


def unique(views: "list[View] | tuple[View, ...]", key: str, message: str, *, besides: int = 0) -> Iterator[Found]:
    """Yield every view whose value of the key another one has already; the first ``besides`` are told elsewhere."""
    counts: Counter[str] = Counter()
    for at, view in enumerate(views):
        value = view.text(key)
        counts[value] += 1
        if value and counts[value] > 1 and at >= besides:
            yield view.at(key), f"is taken: {message}", "choose another one"
