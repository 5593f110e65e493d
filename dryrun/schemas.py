"""Checks Kubernetes objects against the schemas of the API itself, strictly: unknown keys are errors."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dryrun.objects import KubernetesObject
from dryrun.value import SECRET_TEXT, UNKNOWN_TEXT, path_text, replaced

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

KUBERNETES: Final = "1.35"  # the schemas' version; the server's own checks come with a real deployment
STRICT: Final = f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict"
KIND: Final = re.compile(r"[A-Za-z0-9]+")
API_VERSION: Final = re.compile(r"(?:([a-z0-9-]+)(?:\.[a-z0-9.-]+)?/)?([a-z0-9]+)")
MAX_PROBLEMS: Final = 20  # of one object: more say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaResult:
    """What is wrong with one object; ``known`` is false where the API has no built-in kind of that name."""

    known: bool
    problems: tuple[str, ...] = ()


def check_object(item: KubernetesObject) -> SchemaResult:
    """Check one object; values that are secret or not known yet fit everywhere, and no value is ever echoed."""
    validator = _validator(item.kind, item.api_version)
    if validator is None:
        return SchemaResult(known=False)
    document = replaced(item.body, repr)
    problems = {_message(error) for error in _leaves(validator.iter_errors(document)) if not _withheld(error)}
    return SchemaResult(known=True, problems=tuple(sorted(problems))[:MAX_PROBLEMS])


@functools.cache
def _validator(kind: str, api_version: str) -> "Draft202012Validator | None":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - takes a third of a second, and not all stacks need it
    from kubernetes_validate.utils import schema_contents  # noqa: PLC0415 - the same
    from referencing import Registry, Resource  # noqa: PLC0415 - the same

    match = API_VERSION.fullmatch(api_version)
    if not KIND.fullmatch(kind) or match is None:
        return None
    group = "-".join(part for part in match.groups() if part)
    try:
        schema = schema_contents(f"{STRICT}/{kind.lower()}-{group}.json", KUBERNETES)
    except FileNotFoundError:
        return None
    if schema["properties"]["apiVersion"].get("enum", [api_version]) != [api_version]:
        return None  # another group that begins alike
    definitions = _definitions()
    registry = Resource.from_contents(definitions) @ (Resource.from_contents(schema) @ Registry())
    return Draft202012Validator(schema, registry=registry)


@functools.cache
def _definitions() -> Any:  # noqa: ANN401 - a JSON schema
    from kubernetes_validate.utils import schema_contents  # noqa: PLC0415 - as above

    return schema_contents(f"{STRICT}/_definitions.json", KUBERNETES)


def _leaves(errors: "Iterator[ValidationError]") -> "Iterator[ValidationError]":
    """Yield the errors themselves instead of the ``anyOf`` around them."""
    for error in errors:
        if error.validator in {"anyOf", "oneOf"} and any(deeper.path for deeper in error.context or ()):
            yield from _leaves(iter([max(error.context or (), key=lambda deeper: len(deeper.path))]))
        else:
            yield error


def _withheld(error: "ValidationError") -> bool:
    return isinstance(error.instance, str) and error.instance in {SECRET_TEXT, UNKNOWN_TEXT}


def _message(error: "ValidationError") -> str:
    path = path_text(tuple(error.absolute_path)) or "the object"
    wanted: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "additionalProperties":
        schema: Any = error.schema
        return f"`{path}` has no key {_quoted(sorted(set(instance) - set(schema.get('properties', {}))))}"
    if error.validator == "required":
        return f"`{path}` needs {_quoted([key for key in wanted if key not in instance])}"
    if error.validator == "type":
        return f"`{path}` must be {_kinds(wanted)}"
    if error.validator == "enum":
        return f"`{path}` must be one of {_quoted([str(value) for value in wanted if value is not None])}"
    choices = list(error.context or ())
    if error.validator in {"anyOf", "oneOf"} and all(choice.validator == "type" for choice in choices):
        kinds: list[Any] = [choice.validator_value for choice in choices]
        return f"`{path}` must be {' or '.join(map(_kinds, kinds))}"
    return f"`{path}` does not fit `{error.validator}` of the schema"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _kinds(kinds: str | Sequence[str]) -> str:
    names = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return " or ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names)
