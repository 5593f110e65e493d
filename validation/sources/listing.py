"""The Hub's listing of a repository, turned into facts: nothing in it is believed unseen."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from validation.data import Data
from validation.facts import Ancestor, File, Gating, RepositoryFacts, SecurityScan
from validation.jsontext import JsonObject, JsonValue
from validation.sources.address import is_commit, is_repository

MAX_FILES = 100_000
MAX_TAGS = 500
MAX_TEXT = 300  # characters of a licence name, a tag or a link
MAX_SIZE = 1 << 60  # bytes of one file, a million times the largest seen
_RELATIONS = ("finetune", "quantized", "adapter", "merge")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOB_ID = re.compile(r"[0-9a-f]{40,64}")
_DTYPE = re.compile(r"[A-Z0-9_]{1,20}", re.IGNORECASE)


class Parent(Data):
    """A base model as a listing names it."""

    repository: str
    relation: str = ""


def read_listing(info: JsonObject, facts: RepositoryFacts) -> RepositoryFacts:
    """Return the facts with what the listing says; raise ValueError when it lacks a commit or its files."""
    commit = info.get("sha")
    if not isinstance(commit, str) or not is_commit(commit):
        raise ValueError("it names no commit")
    listed = info.get("siblings")
    if not isinstance(listed, list):
        raise ValueError("it lists no files")  # noqa: TRY004 - an answer of the wrong kind is a wrong value
    siblings = [_sibling(item) for item in listed[:MAX_FILES]]
    files = tuple(_file(sibling) for sibling in siblings if is_safe_path(sibling.get("rfilename")))
    card = card_of(info)
    return replace(
        facts,
        commit=commit,
        private=info.get("private") is True,
        gating=_gating(info.get("gated")),
        licence=licence(card.get("license"), tags_of(info)),
        licence_name=_text(card.get("license_name")),
        licence_link=_text(card.get("license_link")),
        pipeline_tag=_text(info.get("pipeline_tag")),
        library=_text(info.get("library_name")),
        tags=tuple(_text(tag) for tag in tags_of(info)),
        files=tuple(sorted({file.path: file for file in files}.values(), key=lambda file: file.path)),
        parameters=_parameters(info.get("safetensors")),
        security=_security(info.get("securityRepoStatus")),
        notes=(*facts.notes, *_left_out(len(listed) - len(files))),
    )


def is_safe_path(path: object) -> bool:
    """Return whether a path stays inside its repository and prints as it is."""
    if not isinstance(path, str) or not 0 < len(path) <= 1000 or not path.isprintable() or "\\" in path:  # noqa: PLR2004 - file systems allow less
        return False
    return not any(part in {"", ".", ".."} for part in path.split("/"))


def ancestor(info: JsonObject, parent: Parent) -> Ancestor:
    """Return what a base model's own listing says of it, under the name that it has now."""
    config, siblings, own = _object(info.get("config")), info.get("siblings"), info.get("id")
    named = (_object(sibling) for sibling in siblings) if isinstance(siblings, list) else ()
    tokenizer = next((_file(sibling) for sibling in named if sibling.get("rfilename") == "tokenizer.json"), None)
    return Ancestor(
        repository=own if isinstance(own, str) and is_repository(own) else parent.repository,
        architectures=tuple(name for name in _strings(config.get("architectures")) if name.isidentifier())[:8],
        tokenizer=tokenizer.identity if tokenizer else None,
        relation=parent.relation,
    )


def parents(card: Mapping[str, object], tags: Iterable[str]) -> tuple[Parent, ...]:
    """Return the base models that a card and its tags name, in their order, each once."""
    relations = {}
    for tag in tags:
        kind, _, repository = tag.removeprefix("base_model:").partition(":")
        if tag.startswith("base_model:") and kind in _RELATIONS:
            relations[repository] = kind
    named = card.get("base_model")
    names = [named] if isinstance(named, str) else _strings(named)
    stated = card.get("base_model_relation")
    default = stated if isinstance(stated, str) and stated in _RELATIONS else ""
    found = dict.fromkeys([*names, *relations])
    return tuple(
        Parent(repository=name, relation=relations.get(name, default)) for name in found if is_repository(name)
    )


def card_of(info: JsonObject) -> JsonObject:
    """Return the card's front matter."""
    return _object(info.get("cardData"))


def tags_of(info: JsonObject) -> list[str]:
    """Return the tags of a listing."""
    return _strings(info.get("tags"))


def licence(stated: object, tags: Iterable[str]) -> str:
    """Return the licence id that a card states, else the one of the tags, in lower case."""
    if isinstance(stated, list) and stated:
        stated = stated[0]
    if not isinstance(stated, str):
        stated = next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), "")
    return _text(stated).strip().lower()


def _sibling(item: JsonValue) -> JsonObject:
    if not isinstance(item, dict) or not isinstance(item.get("rfilename"), str):
        raise ValueError("it lists a file without a name")  # noqa: TRY004 - as above
    return item


def _file(sibling: JsonObject) -> File:
    sha256 = _object(sibling.get("lfs")).get("sha256")
    size, blob_id = sibling.get("size"), sibling.get("blobId")
    return File(
        path=str(sibling.get("rfilename")),
        size=size if type(size) is int and 0 <= size <= MAX_SIZE else None,
        sha256=sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else None,
        blob_id=blob_id if isinstance(blob_id, str) and _BLOB_ID.fullmatch(blob_id) else None,
    )


def _gating(gated: object) -> Gating:
    if gated is None or gated is False:
        return Gating.NONE
    return Gating.AUTO if gated == "auto" else Gating.MANUAL


def _parameters(safetensors: JsonValue) -> dict[str, int]:
    return {
        dtype: count
        for dtype, count in sorted(_object(_object(safetensors).get("parameters")).items())
        if _DTYPE.fullmatch(dtype) and type(count) is int and 0 <= count <= MAX_SIZE
    }


def _security(status: object) -> SecurityScan | None:
    if not isinstance(status, dict):
        return None
    issues = status.get("filesWithIssues")
    flagged = [
        (_text(issue.get("path")), _text(issue.get("level")))
        for issue in (issues[:MAX_TAGS] if isinstance(issues, list) else [])
        if isinstance(issue, dict) and isinstance(issue.get("path"), str)
    ]
    return SecurityScan(finished=status.get("scansDone") is True, flagged=tuple(flagged))


def _left_out(count: int) -> tuple[str, ...]:
    return (f"files left out for unsafe names, or beyond {MAX_FILES}: {count}",) if count else ()


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return [item for item in value[:MAX_TAGS] if isinstance(item, str)] if isinstance(value, list) else []
