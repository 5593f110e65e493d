"""Facts as plain JSON and back: what a lock file holds. Reading believes nothing; writing leaves out what is empty."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from validation.facts import (
    Ancestor,
    Document,
    File,
    Gating,
    HeaderProblem,
    Origin,
    RepositoryFacts,
    SecurityScan,
    Tensor,
    Text,
)
from validation.jsontext import JsonObject, JsonValue
from validation.sources.address import is_commit, is_repository, is_revision
from validation.sources.listing import is_safe_path

MAX_INTEGER = 1 << 63
T = TypeVar("T")


class RecordError(ValueError):
    """The JSON is not a record of facts; ``reason`` names the key, never the value."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def to_record(facts: RepositoryFacts) -> JsonObject:
    """Return the facts as JSON; the state, the token's role and the notes of a reading are not part of them."""
    found: dict[str, JsonValue] = {
        "source": facts.source,
        "repository": facts.repository,
        "revision": facts.revision,
        "commit": facts.commit,
        "read_at": facts.read_at.astimezone(UTC).isoformat(timespec="seconds") if facts.read_at else "",
        "private": facts.private,
        "gating": "" if facts.gating is Gating.NONE else facts.gating.value,
        "licence": facts.licence,
        "licence_name": facts.licence_name,
        "licence_link": facts.licence_link,
        "pipeline_tag": facts.pipeline_tag,
        "library": facts.library,
        "tags": list(facts.tags),
        "files": [_file(file) for file in facts.files],
        "documents": {path: _document(item) for path, item in facts.documents.items()},
        "texts": {path: _lean({"value": item.value, "problem": item.problem}) for path, item in facts.texts.items()},
        "parameters": dict(facts.parameters),
        "tensors": [_tensor(tensor) for tensor in facts.tensors],
        "header_problems": {item.path: item.problem for item in facts.header_problems},
        "security": _security(facts.security),
        "ancestors": [_ancestor(item) for item in facts.ancestors],
    }
    return _lean(found)


def from_record(record: JsonObject) -> RepositoryFacts:
    """Return the facts that a record holds; raise RecordError when it is not one."""
    repository, commit, revision = _text(record, "repository"), _text(record, "commit"), _text(record, "revision")
    if not is_repository(repository):
        raise RecordError("has no valid `repository`")
    if not is_commit(commit):
        raise RecordError("has no valid `commit`")
    if revision and not is_revision(revision):
        raise RecordError("has no valid `revision`")
    return RepositoryFacts(
        source=_text(record, "source") or f"hf://{repository}",
        origin=Origin.LOCK,
        repository=repository,
        revision=revision,
        commit=commit,
        private=_flag(record, "private"),
        gating=_gating(record),
        licence=_text(record, "licence"),
        licence_name=_text(record, "licence_name"),
        licence_link=_text(record, "licence_link"),
        pipeline_tag=_text(record, "pipeline_tag"),
        library=_text(record, "library"),
        tags=_texts(record, "tags"),
        files=_items(record, "files", _to_file),
        documents={path: _to_document(path, item) for path, item in _mapping(record, "documents")},
        texts={path: _to_text(path, item) for path, item in _mapping(record, "texts")},
        parameters=_parameters(record),
        tensors=_items(record, "tensors", _to_tensor),
        header_problems=_header_problems(record),
        security=_to_security(record.get("security")),
        ancestors=_items(record, "ancestors", _to_ancestor),
        read_at=_moment(_text(record, "read_at")),
    )


def _lean(value: Mapping[str, JsonValue]) -> JsonObject:
    return {key: item for key, item in value.items() if item is not None and item not in ("", False, [], {})}


def _file(file: File) -> JsonObject:
    found: JsonObject = {"path": file.path, "size": file.size, "sha256": file.sha256, "blob_id": file.blob_id}
    return {key: item for key, item in found.items() if item is not None}


def _document(item: Document) -> JsonObject:
    if item.value is not None:
        return {"value": item.value}
    found: JsonObject = {"problem": item.problem, "line": item.line, "column": item.column}
    return {key: value for key, value in found.items() if value is not None}


def _tensor(tensor: Tensor) -> list[JsonValue]:
    return [tensor.file, tensor.name, tensor.dtype, list(tensor.shape), tensor.size]


def _security(scan: SecurityScan | None) -> JsonValue:
    if scan is None:
        return None
    return {"finished": scan.finished, "flagged": [[path, level] for path, level in scan.flagged]}


def _ancestor(item: Ancestor) -> JsonObject:
    architectures: list[JsonValue] = list(item.architectures)
    return _lean(
        {
            "repository": item.repository,
            "architectures": architectures,
            "tokenizer": item.tokenizer,
            "relation": item.relation,
        }
    )


def _to_file(item: JsonValue) -> File:
    record = _object(item, "files")
    path = _text(record, "path")
    if not is_safe_path(path):
        raise RecordError("has a file whose path is unsafe")
    return File(
        path=path,
        size=_integer(record.get("size"), "size"),
        sha256=_text(record, "sha256") or None,
        blob_id=_text(record, "blob_id") or None,
    )


def _to_document(path: str, item: JsonValue) -> Document:
    record = _object(item, "documents")
    value = record.get("value")
    if isinstance(value, dict):
        return Document(path=path, value=value)
    return Document(
        path=path,
        problem=_text(record, "problem"),
        line=_integer(record.get("line"), "line"),
        column=_integer(record.get("column"), "column"),
    )


def _to_text(path: str, item: JsonValue) -> Text:
    record = _object(item, "texts")
    value = record.get("value", "" if "problem" not in record else None)
    if not isinstance(value, str | None):
        raise RecordError("has no valid `texts`")
    return Text(path=path, value=value, problem=_text(record, "problem"))


def _to_tensor(item: JsonValue) -> Tensor:
    match item:
        case [str(file), str(name), str(dtype), [*shape], size] if is_safe_path(file):
            numbers = tuple(_integer(number, "tensors") or 0 for number in shape)
            return Tensor(file=file, name=name, dtype=dtype, shape=numbers, size=_integer(size, "tensors") or 0)
    raise RecordError("has no valid `tensors`")


def _to_security(item: JsonValue) -> SecurityScan | None:
    if item is None:
        return None
    record = _object(item, "security")
    flagged = []
    for pair in _list(record, "flagged"):
        match pair:
            case [str(path), str(level)]:
                flagged.append((path, level))
            case _:
                raise RecordError("has no valid `security`")
    return SecurityScan(finished=_flag(record, "finished"), flagged=tuple(flagged))


def _to_ancestor(item: JsonValue) -> Ancestor:
    record = _object(item, "ancestors")
    repository = _text(record, "repository")
    if not is_repository(repository):
        raise RecordError("has an ancestor without a valid `repository`")
    return Ancestor(
        repository=repository,
        architectures=_texts(record, "architectures"),
        tokenizer=_text(record, "tokenizer") or None,
        relation=_text(record, "relation"),
    )


def _header_problems(record: JsonObject) -> tuple[HeaderProblem, ...]:
    found = []
    for path, item in _mapping(record, "header_problems"):
        if not isinstance(item, str):
            raise RecordError("has no valid `header_problems`")
        found.append(HeaderProblem(path=path, problem=item))
    return tuple(found)


def _parameters(record: JsonObject) -> dict[str, int]:
    return {dtype: _integer(count, "parameters") or 0 for dtype, count in _mapping(record, "parameters", is_path=False)}


def _gating(record: JsonObject) -> Gating:
    try:
        return Gating(_text(record, "gating") or Gating.NONE)
    except ValueError:
        raise RecordError("has no valid `gating`") from None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RecordError("has no valid `read_at`") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _object(item: JsonValue, key: str) -> JsonObject:
    if not isinstance(item, dict):
        raise RecordError(f"has no valid `{key}`")
    return item


def _list(record: JsonObject, key: str) -> list[JsonValue]:
    value = record.get(key, [])
    if not isinstance(value, list):
        raise RecordError(f"has no valid `{key}`")
    return value


def _items(record: JsonObject, key: str, make: Callable[[JsonValue], T]) -> tuple[T, ...]:
    return tuple(make(item) for item in _list(record, key))


def _mapping(record: JsonObject, key: str, *, is_path: bool = True) -> list[tuple[str, JsonValue]]:
    found = list(_object(record.get(key, {}), key).items())
    if is_path and not all(is_safe_path(path) for path, _ in found):
        raise RecordError(f"has an unsafe path under `{key}`")
    return found


def _text(record: JsonObject, key: str) -> str:
    value = record.get(key, "")
    if not isinstance(value, str):
        raise RecordError(f"has no valid `{key}`")
    return value


def _texts(record: JsonObject, key: str) -> tuple[str, ...]:
    values = _list(record, key)
    found = tuple(value for value in values if isinstance(value, str))
    if len(found) != len(values):
        raise RecordError(f"has no valid `{key}`")
    return found


def _flag(record: JsonObject, key: str) -> bool:
    value = record.get(key, False)
    if not isinstance(value, bool):
        raise RecordError(f"has no valid `{key}`")
    return value


def _integer(value: JsonValue, key: str) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < MAX_INTEGER:
        raise RecordError(f"has no valid `{key}`")
    return value
