"""A wheel or an sdist as Python sources: parsed when asked for, never unpacked to disk, never imported."""

import ast
import hashlib
import tarfile
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass
class Sources:
    """The Python files of a package by path (``vllm/config/model.py``), and where they come from."""

    archive: Path
    package: str
    texts: dict[str, str] = field(default_factory=dict)
    metadata: str = ""
    _trees: dict[str, ast.Module] = field(default_factory=dict)

    @classmethod
    def open(cls, archive: Path, package: str) -> "Sources":
        """Read every Python file of the package from a wheel (zip) or an sdist (tar)."""
        sources = cls(archive=archive, package=package)
        members = _wheel(archive) if archive.suffix == ".whl" else _sdist(archive)
        for path, data in members:
            start = path.find(f"{package}/")
            if path.endswith(("PKG-INFO", "METADATA")) and not sources.metadata:
                sources.metadata = data.decode()
            elif start >= 0 and path.endswith(".py") and path[:start] in {"", "src/"}:
                sources.texts[path[start:]] = data.decode()
        return sources

    @cached_property
    def sha256(self) -> str:
        """Return the archive's checksum."""
        return hashlib.sha256(self.archive.read_bytes()).hexdigest()

    @property
    def version(self) -> str:
        """Return the version that the archive's metadata states."""
        lines = self.metadata.splitlines()
        return next(line.removeprefix("Version: ") for line in lines if line.startswith("Version: "))

    def requirement(self, name: str) -> str:
        """Return what the metadata requires of another distribution, like ``>=5.16.1,<5.21.0``."""
        lines = (line.removeprefix("Requires-Dist: ") for line in self.metadata.splitlines())
        found = next(line for line in lines if line.startswith(name) and not line[len(name) :][:1].isalnum())
        return found.removeprefix(name).partition(";")[0].replace(" ", "").strip("()")

    def has(self, path: str) -> bool:
        """Return whether the package holds this file."""
        return path in self.texts

    def tree(self, path: str) -> ast.Module:
        """Return the parsed file."""
        if path not in self._trees:
            self._trees[path] = ast.parse(self.texts[path])
        return self._trees[path]

    def module(self, dotted: str) -> str:
        """Return the path of a dotted module, empty when the package has none of this name."""
        base = dotted.replace(".", "/")
        return next((path for path in (f"{base}.py", f"{base}/__init__.py") if path in self.texts), "")


def _wheel(archive: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as opened:
        return [
            (item.filename, opened.read(item))
            for item in opened.infolist()
            if item.filename.endswith((".py", ".dist-info/METADATA"))
        ]


def _sdist(archive: Path) -> list[tuple[str, bytes]]:
    found = []
    with tarfile.open(archive) as opened:
        for item in opened:
            path = item.name.partition("/")[2]
            if item.isfile() and (path.endswith(".py") or path == "PKG-INFO"):
                stream = opened.extractfile(item)
                found.append((path, stream.read() if stream else b""))
    return found
