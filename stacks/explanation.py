"""Pydantic's errors in this project's words: a path, what is wrong, what to type, and never the value."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pydantic import BaseModel

from stacks.form import PROBLEM
from stacks.settings import NAMESPACE, SECRETS, Settings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path: TypeAlias = tuple[str | int, ...]

_SHOWABLE = re.compile(r"([a-z0-9.-]{1,63}/)?[A-Za-z][A-Za-z0-9._-]{0,23}")  # shorter than any token in use
_TOKEN_STARTS = ("hf_", "hf-", "sk-", "sk_", "ghp_", "pul-", "eyJ")
_ENGINES_NAMES = {"tensorParallelSize": "gpusPerReplica", "pipelineParallelSize": "nodesPerReplica"}  # vLLM's
_FEW = 4  # keys that a help can name without becoming a list
_TYPES = {
    "missing": ("is missing", "add it"),
    "string_type": ("has to be a string", "put the value in quotes"),
    "int_type": ("has to be a whole number", "write it without quotes and without a decimal point"),
    "float_type": ("has to be a number", "write it without quotes"),
    "bool_type": ("has to be true or false", "write `true` or `false`, without quotes"),
    "tuple_type": ("has to be a list", "write one item a line, each after a hyphen"),
    "dict_type": ("has to be a mapping of keys", "write `key: value` pairs"),
    "finite_number": ("has to be a finite number", ""),
}
_BOUNDS = {
    "greater_than_equal": ("ge", "has to be at least {}", "set it to {} or more"),
    "greater_than": ("gt", "has to be more than {}", "set it above {}"),
    "less_than_equal": ("le", "has to be at most {}", "set it to {} or less"),
    "less_than": ("lt", "has to be less than {}", "set it below {}"),
    "too_long": ("max_length", "has more than {} items", "leave at most {}"),
    "too_short": ("min_length", "has to have {} or more items", "add what is missing"),
    "string_too_long": ("max_length", "is longer than {} characters", ""),
    "string_too_short": ("min_length", "is shorter than {} characters", ""),
}


def known_keys() -> tuple[str, ...]:
    """Return the keys that a stack has under the project's namespace, secrets among them."""
    return (*_keys(Settings), *SECRETS)


def dotted(path: Path) -> str:
    """Return ``slipway:models[0].replicas.min`` for a path; a key that could be a secret is not shown."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else f"{NAMESPACE}:") + shown(part)
    return text


def shown(key: str) -> str:
    """Return a key as it may be shown: a mistyped name is, what could be a pasted secret is not."""
    harmless = _SHOWABLE.fullmatch(key) and not key.startswith(_TOKEN_STARTS)
    return key if harmless else "<key>"


def nearest(word: str, words: Iterable[str]) -> str:
    """Return the one of the words that was probably meant, or nothing."""
    by_folded = {name.replace("-", "").replace("_", "").lower(): name for name in words}
    folded = word.replace("-", "").replace("_", "").lower()
    found = difflib.get_close_matches(folded[:100], by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else ""


def unknown_key(key: str, keys: Sequence[str]) -> tuple[str, str]:
    """Return message and help for a key that does not exist where it stands."""
    engines = _ENGINES_NAMES.get(key, "")
    meant = engines if engines in keys else nearest(key, keys)
    choice = f"did you mean `{meant}`?" if meant else "use one of " + ", ".join(f"`{name}`" for name in sorted(keys))
    return "is no key that belongs here", choice


def explain(details: "Sequence[ErrorDetails]", raw: Mapping[str, object]) -> Iterator[tuple[Path, str, str]]:
    """Yield path, message and help for each of pydantic's errors about the raw values."""
    for detail in details:
        if detail["type"] == "default_factory_not_called":  # follows from another error
            continue
        path = tuple(part for part in detail["loc"] if part != "[key]")
        yield (path, *_words(detail, path, raw))


def _words(detail: "ErrorDetails", path: Path, raw: Mapping[str, object]) -> tuple[str, str]:
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == PROBLEM:
        return str(context["message"]), str(context["help"])
    if kind == "extra_forbidden":
        key = str(path[-1])
        message, help_ = unknown_key(key, _siblings(path))
        return message, _elsewhere(key, path) or help_
    if kind == "enum":
        return _choice(str(context["expected"]), _value(raw, path))
    if kind in {"model_type", "model_attributes_type"}:
        return _mapping(_keys(_around((*path, ""))))
    if kind in _BOUNDS:
        name, message, help_ = _BOUNDS[kind]
        return message.format(context[name]), help_.format(context[name])
    return _TYPES.get(kind, ("has a value that does not belong here", ""))


def _mapping(keys: Sequence[str]) -> tuple[str, str]:
    """Return message and help for what should be a mapping of these keys."""
    named = ", ".join(f"`{key}`" for key in keys) if len(keys) <= _FEW else ""
    return "has to be a mapping of keys", "write `key: value` pairs" + (f", with the keys {named}" if named else "")


def _choice(expected: str, value: object) -> tuple[str, str]:
    """Return message and help for a word that is none of the expected ones; only those are shown."""
    meant = nearest(value, re.findall("'([^']+)'", expected)) if isinstance(value, str) else ""
    return f"has to be one of {expected}".replace("'", "`"), f"did you mean `{meant}`?" if meant else ""


def _value(raw: object, path: Path) -> object:
    """Return what stands at the path, or None."""
    for part in path:
        keyed = isinstance(part, str) and isinstance(raw, dict) and part in raw
        if not keyed and not (isinstance(part, int) and isinstance(raw, list) and part < len(raw)):
            return None
        raw = cast("Any", raw)[part]
    return raw


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _elsewhere(key: str, path: Path) -> str:
    """Return the help for a key that exists, but in one other place; nothing for any other."""
    owners = [name for name, field in _aliased(_around(path)) if key in _keys(_model(field))]
    if owners and len(path) > 1:
        return "move it under " + " or ".join(f"`{owner}`" for owner in owners)
    if len(path) > 1 and key in known_keys():
        return f"move it out, to `{NAMESPACE}:{key}`"
    places = {place for place in _places(key, Settings, f"{NAMESPACE}:") if len(path) > 1}
    return f"move it to `{places.pop()}`" if len(places) == 1 else ""


def _places(key: str, model: type[BaseModel], before: str) -> Iterator[str]:
    """Yield every place below the model where the key exists, a list as ``models[]``."""
    for name, annotation in _aliased(model):
        inner = _model(annotation)
        many = "[]" if "tuple" in str(annotation) else ""
        if name == key:
            yield f"{before}{name}"
        elif inner is not BaseModel:
            yield from _places(key, inner, f"{before}{name}{many}.")


def _siblings(path: Path) -> tuple[str, ...]:
    """Return the keys that exist where the last key of the path stands."""
    return known_keys() if len(path) == 1 else _keys(_around(path))


def _around(path: Path) -> type[BaseModel]:
    """Return the model in which the last key of the path stands."""
    model: type[BaseModel] = Settings
    for part in path[:-1]:
        if isinstance(part, str):
            model = next((_model(field) for name, field in _aliased(model) if name == part), model)
    return model


def _aliased(model: type[BaseModel]) -> Iterator[tuple[str, object]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field.annotation


def _model(annotation: object) -> type[BaseModel]:
    """Return the one model that an annotation holds, at whatever depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model(inner)
        if found is not BaseModel:
            return found
    return BaseModel
