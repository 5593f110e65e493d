"""A model repository of the stand-in: plain files, and what the Hub would say about them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LFS_SUFFIXES = (".safetensors", ".bin", ".pt", ".gguf", "tokenizer.json")


@dataclass(kw_only=True)
class Repository:
    """A model repository with one commit. ``files`` maps paths to contents.

    ``readers`` are tokens that may read it when it is private or gated; ``listing`` overrides keys of the listing's
    JSON (a value of None removes the key); ``gone`` are paths that are listed and answered with 404.
    """

    id: str
    files: Mapping[str, bytes]
    branches: tuple[str, ...] = ("main",)
    commit: str = ""
    gated: str | bool = False
    private: bool = False
    disabled: bool = False
    readers: frozenset[str] = frozenset()
    card: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    pipeline_tag: str = "text-generation"
    library: str = "transformers"
    parameters: Mapping[str, int] | None = None
    flagged: tuple[tuple[str, str], ...] = ()
    scanned: bool = True
    gone: frozenset[str] = frozenset()
    listing: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Derive the commit from the contents, so that it is the same in every run."""
        if not self.commit:
            digest = hashlib.sha1(self.id.encode(), usedforsecurity=False)
            for path in sorted(self.files):
                digest.update(path.encode() + b"\0" + self.files[path])
            self.commit = digest.hexdigest()

    @classmethod
    def from_folder(cls, identity: str, folder: Path, **options: Any) -> "Repository":
        """Return a repository with the files of a folder."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return cls(id=identity, files={str(path.relative_to(folder)): path.read_bytes() for path in paths}, **options)

    def knows(self, revision: str) -> bool:
        """Return whether the revision is one of its branches or its commit."""
        return revision in self.branches or revision == self.commit

    def is_open_to(self, token: str | None) -> bool:
        """Return whether files may be read with this token."""
        return token in self.readers or not (self.private or self.gated)

    def info(self) -> dict[str, Any]:
        """Return the listing as the Hub's API words it."""
        found: dict[str, Any] = {
            "_id": "0",
            "id": self.id,
            "modelId": self.id,
            "private": self.private,
            "gated": self.gated,
            "disabled": False,
            "sha": self.commit,
            "pipeline_tag": self.pipeline_tag,
            "library_name": self.library,
            "tags": [*self._card_tags(), *self.tags],
            "cardData": dict(self.card),
            "config": self._config(),
            "siblings": [_sibling(path, content) for path, content in sorted(self.files.items())],
            "securityRepoStatus": {
                "scansDone": self.scanned,
                "filesWithIssues": [{"path": path, "level": level} for path, level in self.flagged],
            },
            "createdAt": "2026-01-02T03:04:05.000Z",
            "lastModified": "2026-01-02T03:04:05.000Z",
            "downloads": 7,
            "likes": 1,
        }
        if self.parameters is not None:
            found["safetensors"] = {"parameters": dict(self.parameters), "total": sum(self.parameters.values())}
        found.update(self.listing)
        return {key: value for key, value in found.items() if value is not None}

    def _card_tags(self) -> list[str]:
        base = self.card.get("base_model", [])
        bases = [base] if isinstance(base, str) else list(base)
        relation = self.card.get("base_model_relation", "finetune")
        tags = [f"license:{self.card['license']}"] if "license" in self.card else []
        return [*tags, *(f"base_model:{name}" for name in bases), *(f"base_model:{relation}:{name}" for name in bases)]

    def _config(self) -> dict[str, Any]:
        try:
            config = json.loads(self.files["config.json"])
            return {"architectures": config["architectures"], "model_type": config["model_type"]}
        except (KeyError, ValueError, TypeError, RecursionError):
            return {}


def is_lfs(path: str) -> bool:
    """Return whether the Hub would keep the file in LFS."""
    return path.endswith(LFS_SUFFIXES)


def blob_id(content: bytes) -> str:
    """Return git's id of the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _sibling(path: str, content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": blob_id(content)}
    if is_lfs(path):
        sha256 = hashlib.sha256(content).hexdigest()
        found["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 135}
    return found
