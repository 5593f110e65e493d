"""The two ways into the settings: the config that Pulumi gives the program, and the stack file itself."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath

from pydantic import ValidationError

from stacks.explanation import Path, dotted, explain, known_keys, nearest, shown, unknown_key
from stacks.problem import Problem, SettingsError
from stacks.references.stack import contradictions
from stacks.settings import NAMESPACE, SECRETS, Settings
from stacks.stackfile import PREFIX, StackFile, load
from validation.finding import Place
from validation.jsontext import JsonError, parse

_TOP_KEYS = ("config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt")  # Pulumi's own
_TOKEN = re.compile(r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{16,}")


def read_config(
    values: Mapping[str, object], *, secret_keys: Collection[str] | None = None, stack_file: FilePath | None = None
) -> Settings:
    """Return the settings from Pulumi's config: keys with or without ``slipway:``, values as JSON text or parsed.

    Keys of other namespaces are left alone. ``secret_keys`` are those that the engine says are sealed; left out, that
    is not checked. ``stack_file`` is only looked at for the places of keys. Raises SettingsError with every problem.
    """
    sealed = set(SECRETS) if secret_keys is None else {key.removeprefix(PREFIX) for key in secret_keys}
    own = {key.removeprefix(PREFIX): value for key, value in values.items() if _ours(key)}
    return _Reading(own, sealed, _places_of(stack_file)).settings(())


def read_stack_file(path: FilePath) -> Settings:
    """Return the settings of a stack file, without any engine; raise SettingsError with every problem and its place.

    A sealed value (``secure:``) is noted as present and not read.
    """
    file = load(path)
    config = _config(file)
    own: dict[str, object] = {
        key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)
    }
    sealed = {key for key in SECRETS if _is_sealed(own.get(key))}
    return _Reading(own, sealed, file).settings(tuple(_outside(file, config)))


class _Reading:
    """One pass over the keys of a stack, given without the namespace."""

    def __init__(self, own: Mapping[str, object], sealed: Collection[str], file: StackFile) -> None:
        self._own = own
        self._sealed = sealed
        self._file = file
        self._raw: dict[str, object] = {}

    def settings(self, problems: tuple[Problem, ...]) -> Settings:
        """Return the settings, or raise with the given problems and all others."""
        found = [*problems, *self._secrets(), *self._decoded()]
        exposed = dict(_exposed(self._raw))
        told = {*exposed, *((key,) for key in self._own.keys() - self._raw.keys())}
        found += [self._problem(path, *words) for path, words in exposed.items()]
        settings: Settings | None = None
        try:
            settings = Settings.model_validate(self._raw)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            found += [self._problem(*words) for words in explain(details, self._raw) if not _within(words[0], told)]
        stated = {problem.path for problem in found}
        contrary = (self._problem(*words) for words in contradictions(self._raw, self._present()))
        found += [problem for problem in contrary if not _inside(problem.path, stated)]
        if found or settings is None:
            raise SettingsError(sorted(found, key=_order)) from None
        return settings.located(self._places(), self._present())

    def _decoded(self) -> Iterator[Problem]:
        """Yield a problem for each value that is no JSON; keep the others."""
        for key, value in self._own.items():
            if key in SECRETS:
                continue
            try:
                self._raw[key] = parse(value.encode()) if isinstance(value, str) else json.loads(json.dumps(value))
            except JsonError as error:
                yield self._problem((key,), f"{error.reason}", "write it as YAML, or as JSON in quotes")
            except (TypeError, ValueError, RecursionError):
                yield self._problem(
                    (key,), "holds something that is no YAML value", "write lists, mappings and scalars"
                )

    def _secrets(self) -> Iterator[Problem]:
        for key in SECRETS:
            if self._own.get(key) is not None and key not in self._sealed:
                yield self._problem(
                    (key,),
                    "is a secret in plain text",
                    f"revoke it, and seal the next one: `pulumi config set --secret {key}`",
                )

    def _present(self) -> frozenset[str]:
        return frozenset(key for key in SECRETS if self._own.get(key) not in (None, ""))

    def _problem(self, path: Path, message: str, help_: str = "") -> Problem:
        return Problem(path=dotted(path), message=message, help=help_, place=self._file.setting(path))

    def _places(self) -> dict[str, Place]:
        """Return the place of every key and list item that the stack states, by its dotted path."""
        found = {}
        for path, _ in _walk(self._raw):
            key = dotted(path)
            found[key] = self._file.setting(path, key) or Place(path="stack config", key=key)
        return found


def _ours(key: str) -> bool:
    return key.startswith(PREFIX) or ":" not in key


def _is_sealed(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def _within(path: Path, outer: Collection[Path]) -> bool:
    return any(path[:end] in outer for end in range(len(path) + 1))


def _inside(path: str, stated: Collection[str]) -> bool:
    """Return whether a dotted path is one of those told already, or lies inside one."""
    return path in stated or any(path.startswith((f"{outer}.", f"{outer}[")) for outer in stated)


def _order(problem: Problem) -> tuple[int, int]:
    place = problem.place
    return (place.line or 0, place.column or 0) if place is not None else (0, 0)


def _places_of(path: FilePath | None) -> StackFile:
    """Return the file for its places; an empty one when it cannot be read, since the engine has read it already."""
    try:
        return load(path) if path is not None else StackFile()
    except SettingsError:
        return StackFile()


def _config(file: StackFile) -> Mapping[str, object]:
    """Return the mapping under ``config:``; raise SettingsError when there is none."""
    if not isinstance(file.value, dict):
        message = "the stack file holds no mapping"
        raise SettingsError([Problem(path="", message=message, help="begin with `config:`", place=file.place())])
    config = file.value.get("config")
    if not isinstance(config, dict):
        message = "is missing" if config is None else "has to be a mapping of keys"
        help_ = f"add `config:` with the keys of `{PREFIX}` under it"
        raise SettingsError([Problem(path="config", message=message, help=help_, place=file.place("config"))])
    return config


def _outside(file: StackFile, config: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong around the project's own keys."""
    for key in file.value if isinstance(file.value, dict) else ():
        if key not in _TOP_KEYS:
            message, help_ = unknown_key(key, _TOP_KEYS)
            yield Problem(path=shown(key), message=message, help=help_, place=file.place(key))
    for key in config:
        if ":" not in key:
            name = nearest(key, known_keys())
            help_ = f"write `{PREFIX}{name}`" if name else f"write `{PREFIX}` in front of it"
            place = file.place("config", key)
            yield Problem(path=f"config.{shown(key)}", message="has no namespace", help=help_, place=place)


def _walk(raw: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    """Yield every value under the mapping with its path, outer ones first, without recursion."""
    waiting: list[tuple[Path, object]] = [((key,), value) for key, value in reversed(list(raw.items()))]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in reversed(list(value.items()))]
        elif isinstance(value, list):
            waiting += [((*path, at), inner) for at, inner in reversed(list(enumerate(value)))]


def _exposed(raw: Mapping[str, object]) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Yield the places where a secret stands that is none of the two secret keys."""
    for path, value in _walk(raw):
        if _is_sealed(value):
            allowed = " and ".join(f"`{NAMESPACE}:{name}`" for name in SECRETS)
            yield (
                path,
                ("is sealed, and a secret inside an object arrives as plain text", f"only {allowed} can be sealed"),
            )
        elif isinstance(value, str) and _TOKEN.search(value):
            yield path, ("holds what looks like a Hugging Face token", f"revoke it, and use `{NAMESPACE}:{SECRETS[0]}`")
