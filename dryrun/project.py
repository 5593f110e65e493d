"""The project and its stack files, as the CLI reads them: names, configuration, declared keys."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from validation.output.safe import safe
from validation.yamltext import Limits, YamlError, parse_yaml

STACK_FILE: Final = re.compile(r"Pulumi\.([A-Za-z0-9_.-]{1,100})\.ya?ml")
MAX_BYTES: Final = 1 << 20  # real stack files stay under 100 KiB
STAND_IN: Final = "stand-in"  # what a sealed secret reads as: its key follows


class ProjectError(Exception):
    """The project or the stack cannot be read; the message says where and what to type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A Pulumi project: its folder, name, program, where the stack files are, and the config keys that it declares."""

    folder: Path
    name: str
    program: Path
    stacks: Path
    declared: Mapping[str, Any]

    def stack_file(self, stack: str) -> Path:
        """Return the file of a stack that is given by name, or by the path of its file."""
        path = Path(stack)
        if STACK_FILE.fullmatch(path.name) and (path.is_file() or path.name != stack):
            if not path.is_file():
                raise ProjectError(f"stack file `{stack}` does not exist")
            return path.resolve()
        found = self.stack_files()
        if stack in found:
            return found[stack]
        if path.is_file():
            raise ProjectError(f"`{safe(stack)[:100]}` is no stack file by its name: call it `Pulumi.<stack>.yaml`")
        raise ProjectError(f"unknown stack `{safe(stack)[:100]}`{_suggestion(stack, found)}")

    def with_stacks(self, folder: Path) -> "Project":
        """Return the project with its stack files in another folder."""
        return replace(self, stacks=folder)

    def stack_files(self) -> dict[str, Path]:
        """Return the files of all stacks of the project, by the stack's name."""
        matches = [(STACK_FILE.fullmatch(path.name), path) for path in sorted(self.stacks.glob("Pulumi.*.y*ml"))]
        return {match.group(1): path for match, path in matches if match}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """A stack's configuration as the program gets it: JSON texts by full key, and which of them are secret."""

    stack: str
    values: Mapping[str, str]
    secrets: frozenset[str] = frozenset()


def read_project(folder: Path) -> Project:
    """Read ``Pulumi.yaml``; raise ProjectError where there is none or where it is not understood."""
    path = folder / "Pulumi.yaml"
    if not path.is_file():
        raise ProjectError(f"no `Pulumi.yaml` in {folder}")
    content = read_yaml(path)
    name = content.get("name")
    if not isinstance(name, str) or not name:
        raise ProjectError(f"{path}: `name` is missing")
    root = folder.resolve()
    program = root / str(content.get("main") or "")
    if not (program / "__main__.py").is_file():
        raise ProjectError(f"no `__main__.py` in {program}")
    declared = content.get("config")
    return Project(
        folder=root,
        name=name,
        program=program,
        stacks=root / str(content.get("stackConfigDir") or ""),
        declared=declared if isinstance(declared, Mapping) else {},
    )


def read_stack(project: Project, path: Path) -> StackConfig:
    """Read a stack file into what the CLI would pass on, with a stand-in for each sealed value.

    Raises ProjectError for a file that is not understood, and for declared keys that it leaves out or mistypes.
    """
    match = STACK_FILE.fullmatch(path.name)
    if match is None:
        raise ProjectError(f"{path.name} is no stack file: call it `Pulumi.NAME.yaml`")
    config = read_yaml(path).get("config") or {}
    if not isinstance(config, Mapping):
        raise ProjectError(f"{path}: `config` must be a mapping of keys to values")
    given = {_full_key(str(key), project.name): value for key, value in config.items()}
    secrets = frozenset(key for key, value in given.items() if _sealed(value))
    values = {key: _text(_opened(value, key)) for key, value in given.items()}
    declared = {_full_key(str(key), project.name): value for key, value in project.declared.items()}
    for key, declaration in declared.items():
        _declare(values, key, declaration, path)
    return StackConfig(stack=match.group(1), values=values, secrets=secrets)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds, read under limits; raise ProjectError where it is none."""
    try:
        value = parse_yaml(path.read_bytes(), Limits(size=MAX_BYTES)).value
    except YamlError as error:
        place = ":".join(str(number) for number in (error.line, error.column) if number is not None)
        raise ProjectError(f"{path}{place and ':'}{place} {error.reason}") from error
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProjectError(f"{path} must be a mapping of keys to values")
    return value


def seen_from(folder: Path, path: Path) -> Path:
    """Return the path as people in the folder would write it: relative where it lies within."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _suggestion(stack: str, found: Mapping[str, Path]) -> str:
    if not found:
        return ": the project has no stack files"
    near = difflib.get_close_matches(stack, found, n=1)
    names = ", ".join(sorted(found))
    return f": did you mean `{near[0]}`? (stacks: {names})" if near else f" (stacks: {names})"


def _full_key(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _is_seal(value: object) -> bool:
    return isinstance(value, Mapping) and list(value) == ["secure"] and isinstance(value["secure"], str)


def _sealed(value: object) -> bool:
    if _is_seal(value):
        return True
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_sealed(item) for item in items)


def _opened(value: Any, key: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value with every sealed part replaced by a text that says whose stand-in it is."""
    if _is_seal(value):
        return f"{STAND_IN}:{key}"
    if isinstance(value, Mapping):
        return {str(name): _opened(item, f"{key}.{name}") for name, item in value.items()}
    return [_opened(item, f"{key}[{index}]") for index, item in enumerate(value)] if isinstance(value, list) else value


def _text(value: object) -> str:
    """Return a value as the CLI hands it to a program: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _declare(values: dict[str, str], key: str, declaration: object, path: Path) -> None:
    """Give a declared key its default, and refuse to go on without a required one, as the CLI does."""
    if not isinstance(declaration, Mapping):
        values.setdefault(key, _text(declaration))
        return
    for name in ("value", "default"):
        if name in declaration:
            values.setdefault(key, _text(declaration[name]))
    if key not in values and "type" in declaration:
        raise ProjectError(f"{path}: `{key}` is missing: the project asks every stack for it")
    if key in values and not _has_type(values[key], declaration.get("type", "")):
        raise ProjectError(f"{path}: `{key}` must be of type {declaration['type']}")


def _has_type(text: str, type_: str) -> bool:
    if type_ not in {"integer", "boolean", "array", "object"}:
        return True
    try:
        value = json.loads(text)
    except ValueError:
        return False
    kinds: dict[str, type] = {"integer": int, "boolean": bool, "array": list, "object": dict}
    return isinstance(value, kinds[type_]) and (type_ == "boolean" or not isinstance(value, bool))
