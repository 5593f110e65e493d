"""A stack file as text: what it says, and where each key stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from stacks.explanation import Path
from stacks.problem import Problem, SettingsError
from stacks.settings import NAMESPACE
from validation.finding import Place
from validation.yamltext import Limits, Position, YamlError, YamlValue, parse_yaml

LIMITS = Limits(size=1 << 20, depth=16, aliases=64, values=100_000)  # a thousand models are some 30,000 values
PREFIX = f"{NAMESPACE}:"

_HELP = {
    "is not YAML": "look at indentation, brackets and quotes there; a text with `: ` or ` #` in it needs quotes",
    "has the same key twice": "keep one of the two",
    "has a tag": "remove it, or put the text in quotes",
    "has a merge key": "write the keys out, or use an alias for a whole value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """A parsed stack file; without a file, every place is unknown."""

    name: str = ""
    value: YamlValue = None
    positions: Mapping[Path, Position] = field(default_factory=dict)

    def place(self, *path: str | int, key: str = "") -> Place | None:
        """Return where this path of the file stands, or the nearest key around it; None without a file."""
        if not self.name:
            return None
        around = (self.positions[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.positions)
        position = next(around, None)
        if position is None:
            return Place(path=self.name, key=key)
        return Place(path=self.name, line=position.line, column=position.column, key=key)

    def setting(self, path: Path, key: str = "") -> Place | None:
        """Return where a setting stands, given by its path without the namespace."""
        return self.place("config", *_prefixed(path), key=key)


def load(path: FilePath) -> StackFile:
    """Read and parse a stack file; raise SettingsError when it cannot be read or is not YAML."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMITS.size + 1)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise SettingsError([_about(path, f"the stack file cannot be read: {reason}")]) from None
    except ValueError:
        raise SettingsError([_about(path, "the stack file's name is no path")]) from None
    try:
        text = parse_yaml(data, LIMITS)
    except YamlError as error:
        place = Place(path=_name(path), line=error.line, column=error.column)
        message = f"the stack file {error.reason}"
        raise SettingsError([Problem(path="", message=message, help=_help(error.reason), place=place)]) from None
    return StackFile(name=_name(path), value=text.value, positions=text.places)


def _help(reason: str) -> str:
    """Return what mends the mistakes in YAML that people make most."""
    return next((help_ for start, help_ in _HELP.items() if reason.startswith(start)), "")


def _about(path: FilePath, message: str) -> Problem:
    return Problem(
        path="", message=message, help="name a file like `stacks/Pulumi.dev.yaml`", place=Place(path=_name(path))
    )


def _prefixed(path: Path) -> Path:
    return (f"{PREFIX}{path[0]}", *path[1:]) if path else ()


def _name(path: FilePath) -> str:
    """Return the path as a reader knows it: from the current folder where it lies inside."""
    try:
        return path.resolve().relative_to(FilePath.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)
