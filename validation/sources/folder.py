"""Facts from a local folder: the same as the Hub's, as far as the files themselves say them."""

import codecs
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from validation.data import Data
from validation.facts import (
    Ancestor,
    Document,
    File,
    HeaderProblem,
    Origin,
    RepositoryFacts,
    RepositoryState,
    Tensor,
    Text,
)
from validation.sources import headers
from validation.sources.document import (
    INDEX,
    TEXTS,
    max_bytes,
    read_document,
    read_text,
    too_large,
    wanted,
    weight_files,
)
from validation.sources.listing import is_safe_path, licence, parents

MAX_FILES = 20_000
MAX_DEPTH = 8  # folders below the repository
MAX_HASHED_BYTES = 64 << 20  # the largest real tokenizer.json has 33 MB
MAX_CARD_BYTES = 64 << 10  # of README.md's front matter
_HASHED = frozenset(
    {"tokenizer.json", "tokenizer.model", "tekken.json", "chat_template.jinja", "tokenizer_config.json"}
)
_SKIPPED = frozenset({".git", ".cache", "__pycache__"})
_FENCE = b"---"


class _Card(Data):
    licence: str = ""
    licence_name: str = ""
    licence_link: str = ""
    pipeline_tag: str = ""
    library: str = ""
    tags: tuple[str, ...] = ()
    ancestors: tuple[Ancestor, ...] = ()
    note: str = ""


def read_folder(folder: Path, source: str) -> RepositoryFacts:
    """Return the facts of a folder, under the name that the stack gives it; never raises for what it finds."""
    facts = RepositoryFacts(source=source, origin=Origin.FOLDER, read_at=datetime.now(UTC))
    try:
        root = _root(folder)
        paths, refused = _paths(root)
    except OSError:
        return replace(facts, state=RepositoryState.UNREACHABLE, detail="the folder cannot be read")
    files = tuple(_file(root, path) for path in paths)
    documents, texts = _small_files(root, files)
    tensors, problems = _tensors(root, files, documents.get(INDEX))
    card = _card(root) if "README.md" in paths else _Card()
    notes = [note for note in (card.note, _refused_note(refused)) if note]
    return replace(
        facts,
        files=files,
        documents=documents,
        texts=texts,
        tensors=tensors,
        header_problems=problems,
        parameters=headers.count_parameters(tensors) if not problems else {},
        licence=card.licence,
        licence_name=card.licence_name,
        licence_link=card.licence_link,
        pipeline_tag=card.pipeline_tag,
        library=card.library,
        tags=card.tags,
        ancestors=card.ancestors,
        notes=tuple(notes),
    )


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _root(folder: Path) -> tuple[Path, Path]:
    """Return the folder, and the one that its links may not leave: in a Hub cache that is the model's own."""
    root = folder.resolve(strict=True)
    inside = root.parent.parent if root.parent.name == "snapshots" and (root.parent.parent / "blobs").is_dir() else root
    return root, inside


def _paths(root: tuple[Path, Path]) -> tuple[tuple[str, ...], int]:
    """Return the paths of the files, sorted, and how many were refused."""
    found: list[str] = []
    refused = 0
    for path, is_inside in _walk(*root):
        if not is_inside or not is_safe_path(path) or len(found) == MAX_FILES:
            refused += 1
        else:
            found.append(path)
    return tuple(sorted(found)), refused


def _walk(folder: Path, inside: Path) -> Iterator[tuple[str, bool]]:
    for place, folders, names in os.walk(folder):
        parts = Path(place).relative_to(folder).parts
        kept = [name for name in folders if name not in _SKIPPED and len(parts) < MAX_DEPTH]
        folders[:] = sorted(name for name in kept if not (Path(place) / name).is_symlink())
        yield from (("/".join([*parts, name]), False) for name in kept if name not in folders)
        for name in names:
            yield "/".join([*parts, name]), _is_file_inside(Path(place) / name, inside)


def _is_file_inside(path: Path, inside: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(inside)
    except (OSError, RuntimeError):  # a link that leads to itself, in the words of two Python versions
        return False


def _refused_note(refused: int) -> str:
    reason = "unsafe names, or links that lead out of the folder"
    return f"files left out for {reason}: {refused}" if refused else ""


def _file(root: tuple[Path, Path], path: str) -> File:
    full = root[0] / path
    try:
        size = full.stat().st_size
        hashed = path in _HASHED and size <= MAX_HASHED_BYTES
        return File(path=path, size=size, sha256=sha256_of(full) if hashed else None)
    except OSError:
        return File(path=path)


def _small_files(root: tuple[Path, Path], files: tuple[File, ...]) -> tuple[Mapping[str, Document], Mapping[str, Text]]:
    documents: dict[str, Document] = {}
    texts: dict[str, Text] = {}
    for path in wanted(file.path for file in files):
        data, problem = _bytes(root[0] / path, path)
        if path in TEXTS:
            texts[path] = read_text(path, data) if not problem else Text(path=path, problem=problem)
        else:
            documents[path] = read_document(path, data) if not problem else Document(path=path, problem=problem)
    return documents, texts


def _bytes(full: Path, path: str) -> tuple[bytes, str]:
    try:
        with full.open("rb") as file:
            data = file.read(max_bytes(path) + 1)
    except OSError:
        return b"", "cannot be read"
    return (data, "") if len(data) <= max_bytes(path) else (b"", too_large(path))


def _tensors(
    root: tuple[Path, Path], files: tuple[File, ...], index: Document | None
) -> tuple[tuple[Tensor, ...], tuple[HeaderProblem, ...]]:
    counted = {file.path for file in weight_files(files, index)}
    tensors: list[Tensor] = []
    problems: list[HeaderProblem] = []
    for file in files:
        if not file.path.endswith(".safetensors") or "/" in file.path:
            continue
        try:
            found = _header(root[0] / file.path, file.path)
        except headers.HeaderError as error:
            problems.append(headers.problem(file.path, error.reason))
        except OSError:
            problems.append(headers.problem(file.path, "cannot be read", unread=True))
        else:
            tensors += found if file.path in counted else ()
    return tuple(tensors), tuple(problems)


def _header(full: Path, path: str) -> tuple[Tensor, ...]:
    with full.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = headers.header_length(file.read(headers.LENGTH_BYTES), size)
        return headers.parse_header(path, file.read(length), size)


def _card(root: tuple[Path, Path]) -> _Card:
    """Return what the front matter of README.md says; empty, with a note, when it is malformed."""
    from validation.yamltext import YamlError, parse_yaml  # noqa: PLC0415 - only for a folder with a card

    try:
        with (root[0] / "README.md").open("rb") as file:
            front = _front_matter(file.read(MAX_CARD_BYTES))
        value = parse_yaml(front).value
    except (OSError, YamlError):
        return _Card(note="the front matter of README.md could not be read")
    if not isinstance(value, dict):
        return _Card()
    tags = value.get("tags")
    names = tuple(tag for tag in tags if isinstance(tag, str))[:500] if isinstance(tags, list) else ()
    bases = parents(value, names)
    return _Card(
        licence=licence(value.get("license"), names),
        licence_name=_text(value.get("license_name")),
        licence_link=_text(value.get("license_link")),
        pipeline_tag=_text(value.get("pipeline_tag")),
        library=_text(value.get("library_name")),
        tags=names,
        ancestors=tuple(Ancestor(repository=base.repository, relation=base.relation) for base in bases),
    )


def _front_matter(data: bytes) -> bytes:
    lines = data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").lstrip().split(b"\n")
    if lines[0].rstrip() != _FENCE:
        return b""
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), len(lines))
    return b"\n".join(lines[1:end])


def _text(value: object) -> str:
    return value[:300] if isinstance(value, str) else ""
