"""The Hub's listing of a repository, turned into facts: nothing in it is believed unseen."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from validation.facts import Ancestor, File, Gating, RepositoryFacts, SecurityScan
from validation.sources.address import is_commit, is_repository

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

MAX_FILES = 100_000
MAX_TAGS = 500
MAX_TEXT = 300  # characters of a licence name, a tag or a link
MAX_SIZE = 1 << 60  # bytes of one file, a million times the largest seen
_RELATIONS = ("finetune", "quantized", "adapter", "merge")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOB_ID = re.compile(r"[0-9a-f]{40,64}")
_DTYPE = re.compile(r"[A-Z0-9_]{1,20}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A base model as a listing names it."""

    repository: str
    relation: str = ""


def read_listing(info: "ModelInfo", facts: RepositoryFacts) -> RepositoryFacts:
    """Return the facts with what the listing says; raise ValueError when it lacks a commit or its files."""
    commit = info.sha
    if not isinstance(commit, str) or not is_commit(commit):
        raise ValueError("it names no commit")
    if not isinstance(info.siblings, list):
        raise ValueError("it lists no files")  # noqa: TRY004 - an answer of the wrong kind is a wrong value
    siblings = info.siblings[:MAX_FILES]
    files = tuple(_file(sibling) for sibling in siblings if is_safe_path(getattr(sibling, "rfilename", None)))
    card = card_of(info)
    return replace(
        facts,
        commit=commit,
        private=info.private is True,
        gating=_gating(info.gated),
        licence=licence(card.get("license"), _strings(info.tags)),
        licence_name=_text(card.get("license_name")),
        licence_link=_text(card.get("license_link")),
        pipeline_tag=_text(info.pipeline_tag),
        library=_text(info.library_name),
        tags=tuple(_text(tag) for tag in _strings(info.tags)),
        files=tuple(sorted({file.path: file for file in files}.values(), key=lambda file: file.path)),
        parameters=_parameters(info),
        security=_security(info.security_repo_status),
        notes=(*facts.notes, *_left_out(len(info.siblings) - len(files))),
    )


def is_safe_path(path: object) -> bool:
    """Return whether a path stays inside its repository and prints as it is."""
    if not isinstance(path, str) or not 0 < len(path) <= 1000 or not path.isprintable() or "\\" in path:  # noqa: PLR2004 - file systems allow less
        return False
    return not any(part in {"", ".", ".."} for part in path.split("/"))


def ancestor(info: "ModelInfo", parent: Parent) -> Ancestor:
    """Return what a base model's own listing says of it."""
    config = info.config if isinstance(info.config, dict) else {}
    siblings = info.siblings if isinstance(info.siblings, list) else []
    tokenizer = next((_file(sibling) for sibling in siblings if sibling.rfilename == "tokenizer.json"), None)
    return Ancestor(
        repository=parent.repository,
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


def card_of(info: "ModelInfo") -> dict[str, object]:
    """Return the card's front matter as a plain mapping."""
    card = info.card_data
    return dict(vars(card)) if card is not None and hasattr(card, "__dict__") else {}


def licence(stated: object, tags: Iterable[str]) -> str:
    """Return the licence id that a card states, else the one of the tags, in lower case."""
    if isinstance(stated, list) and stated:
        stated = stated[0]
    if not isinstance(stated, str):
        stated = next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), "")
    return _text(stated).strip().lower()


def _file(sibling: object) -> File:
    lfs = getattr(sibling, "lfs", None)
    sha256 = lfs.get("sha256") if isinstance(lfs, dict) else None
    size = getattr(sibling, "size", None)
    blob_id = getattr(sibling, "blob_id", None)
    return File(
        path=str(getattr(sibling, "rfilename", "")),
        size=size if type(size) is int and 0 <= size <= MAX_SIZE else None,
        sha256=sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else None,
        blob_id=blob_id if isinstance(blob_id, str) and _BLOB_ID.fullmatch(blob_id) else None,
    )


def _gating(gated: object) -> Gating:
    if gated is None or gated is False:
        return Gating.NONE
    return Gating.AUTO if gated == "auto" else Gating.MANUAL


def _parameters(info: "ModelInfo") -> dict[str, int]:
    counts = getattr(info.safetensors, "parameters", None)
    if not isinstance(counts, dict):
        return {}
    return {
        dtype: count
        for dtype, count in sorted(counts.items())
        if _DTYPE.fullmatch(str(dtype)) and type(count) is int and 0 <= count <= MAX_SIZE
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


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return [item for item in value[:MAX_TAGS] if isinstance(item, str)] if isinstance(value, list) else []
