"""Reads a contract: one of this package by name, or any other from the YAML file at a path."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from validation.contracts.contract import Contract, Notice
from validation.jsontext import JsonValue, parse_object
from validation.wish import ModelType

NAMES = ("managed-inference", "vllm")
_FOLDER = Path(__file__).parent
_TYPES = frozenset(str(model_type) for model_type in ModelType)


class ContractError(ValueError):
    """A contract that is not there, or not what a contract looks like; ``reason`` names file and key."""

    def __init__(self, reason: str) -> None:
        """Keep the reason as the whole message."""
        super().__init__(reason)
        self.reason = reason


def load_contract(name: str) -> Contract:
    """Return the contract of this name (``managed-inference``, ``vllm``) or of the YAML file at this path.

    Raise ContractError when there is none, or when the file is no contract.
    """
    if name in NAMES:
        return _packaged(name)
    if not name.endswith((".yaml", ".yml")):
        hint = _near(name, NAMES) or f"; there are `{'`, `'.join(NAMES)}`, or the path of a .yaml"
        raise ContractError(f"no contract `{name[:80]}`{hint}")
    return _read(Path(name))


def packaged(name: str, suffix: str) -> Path:
    """Return the file of a contract of this package: ``.yaml`` is its source, ``.json`` is made of it and read."""
    return _FOLDER / f"{name.replace('-', '_')}{suffix}"


@cache
def _packaged(name: str) -> Contract:
    path = packaged(name, ".json")
    return _Reader(str(path)).contract(parse_object(path.read_bytes()))


def _read(path: Path) -> Contract:
    from validation.yamltext import YamlError, parse_yaml  # noqa: PLC0415 - only for contracts of one's own

    try:
        text = parse_yaml(path.read_bytes())
    except OSError as error:
        raise ContractError(f"{path}: cannot be read: {(error.strerror or 'input/output error').lower()}") from None
    except YamlError as error:
        place = f":{error.line}:{error.column}" if error.line else ""
        raise ContractError(f"{path}{place}: {error.reason}") from None
    return _Reader(str(path)).contract(text.value)


class _Reader:
    """Turns parsed YAML into a contract; each method raises ContractError with the file and the key."""

    def __init__(self, path: str) -> None:
        self._path = path

    def contract(self, value: JsonValue) -> Contract:
        values = self._mapping(value, "the contract", known=_KEYS)
        verified = self._strings_by_name(values.get("verified"), "verified")
        plain = Contract(name="", title="", source="", date=date.min)
        return Contract(
            name=self._string(values.get("name"), "name"),
            title=self._string(values.get("title"), "title"),
            source=self._string(values.get("source"), "source"),
            date=self._date(values.get("date"), "date"),
            architectures=self._architectures(values.get("architectures")),
            verified=frozenset(verified),
            verified_architectures=verified,
            model_types=frozenset(self._types(values.get("modelTypes"), "modelTypes")),
            endpoints=self._endpoints(values.get("endpoints")),
            chat_template_files=self._strings(values.get("chatTemplateFiles"), "chatTemplateFiles"),
            length_keys=self._strings(values.get("lengthKeys"), "lengthKeys") or plain.length_keys,
            notice_days=self._days(values.get("noticeDays"), plain.notice_days),
            notices=tuple(self._notices(values.get("notices"))),
            **{field: self._boolean(values.get(key), key, default=True) for key, field in _PROMISES.items()},
            **{field: self._boolean(values.get(key), key, default=False) for key, field in _PERMITS.items()},
        )

    def _architectures(self, value: JsonValue) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for group in self._list(value, "architectures"):
            values = self._mapping(group, "architectures", known=frozenset({"types", "names"}))
            types = frozenset(self._types(values.get("types"), "architectures.types"))
            for name in self._strings(values.get("names"), "architectures.names"):
                found[name] = found.get(name, frozenset()) | types
        return found

    def _endpoints(self, value: JsonValue) -> Mapping[str, tuple[str, ...]]:
        values = self._mapping(value, "endpoints", known=_TYPES)
        return {name: self._strings(paths, f"endpoints.{name}") for name, paths in values.items()}

    def _notices(self, value: JsonValue) -> Iterator[Notice]:
        for item in self._list(value, "notices"):
            values = self._mapping(
                item, "notices", known=frozenset({"ends", "architecture", "engine", "text", "source"})
            )
            notice = Notice(
                ends=self._date(values.get("ends"), "notices.ends"),
                architecture=self._string(values.get("architecture", ""), "notices.architecture"),
                engine=self._engine(values.get("engine", "")),
                text=self._string(values.get("text", ""), "notices.text"),
                source=self._string(values.get("source", ""), "notices.source"),
            )
            if bool(notice.architecture) == bool(notice.engine):
                raise self._error("notices", "wants either `architecture` or `engine` in each item")
            yield notice

    def _engine(self, value: JsonValue) -> str:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - only notices need it

        specifier = self._string(value, "notices.engine")
        try:
            return str(SpecifierSet(specifier))
        except InvalidSpecifier:
            raise self._error("notices.engine", "is no version specifier such as `<0.25.0`") from None

    def _types(self, value: JsonValue, key: str) -> tuple[str, ...]:
        types = self._strings(value, key)
        if not _TYPES.issuperset(types):
            raise self._error(key, f"holds a type that is none of {', '.join(sorted(_TYPES))}")
        return types

    def _strings_by_name(self, value: JsonValue, key: str) -> dict[str, str]:
        return {name: self._string(item, f"{key}.{name}") for name, item in self._mapping(value, key).items()}

    def _strings(self, value: JsonValue, key: str) -> tuple[str, ...]:
        return tuple(self._string(item, key) for item in self._list(value, key))

    def _mapping(self, value: JsonValue, key: str, known: frozenset[str] | None = None) -> dict[str, JsonValue]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._error(key, "is no mapping")
        strange = sorted(set(value) - known) if known is not None else []
        if known is not None and strange:
            raise self._error(key, f"has an unknown key `{strange[0][:80]}`{_near(strange[0], known)}")
        return value

    def _list(self, value: JsonValue, key: str) -> list[JsonValue]:
        if value is not None and not isinstance(value, list):
            raise self._error(key, "is no list")
        return value or []

    def _string(self, value: JsonValue, key: str) -> str:
        if not isinstance(value, str):
            raise self._error(key, "is missing" if value is None else "is no string")
        return value

    def _boolean(self, value: JsonValue, key: str, *, default: bool) -> bool:
        if value is not None and not isinstance(value, bool):
            raise self._error(key, "is neither true nor false")
        return default if value is None else value

    def _days(self, value: JsonValue, default: int) -> int:
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._error("noticeDays", "is no number of days")
        return value

    def _date(self, value: JsonValue, key: str) -> date:
        try:
            return date.fromisoformat(self._string(value, key))
        except ValueError as error:
            if isinstance(error, ContractError):
                raise
            raise self._error(key, "is no date such as 2026-11-23") from None

    def _error(self, key: str, problem: str) -> ContractError:
        return ContractError(f"{self._path}: `{key}` {problem}")


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    close = get_close_matches(name, [*known], n=1)
    return f", did you mean `{close[0]}`?" if close else ""


_PROMISES = {
    "chatTemplateRequired": "chat_template_required",
    "lengthRequired": "length_required",
    "structuredOutputs": "structured_outputs",
    "functionCalling": "function_calling",
    "safetensorsOnly": "safetensors_only",
    "tokenizerJson": "tokenizer_json",
}
_PERMITS = {"remoteCode": "remote_code", "adapters": "adapters"}
_NOTICE_KEYS = frozenset({"ends", "architecture", "engine", "text", "source"})
_KEYS = frozenset(
    {"name", "title", "source", "date", "architectures", "verified", "modelTypes", "endpoints", "chatTemplateFiles"}
    | {"lengthKeys", "noticeDays", "notices"}
    | _PROMISES.keys()
    | _PERMITS.keys()
)
