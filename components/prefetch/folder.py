"""A model's folder: whether it is complete, as it was checked, large enough, and nobody else's."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from .manifest import STATE, Manifest
from .problem import PrefetchError, say

MARKER = f"{STATE}/complete.json"
SMALL = 64 << 20  # bytes of a file that is hashed at every start: configuration, tokenizer, templates
# What vLLM picks up by its name at the top of a model's folder.
READ_BY_NAME = (".json", ".jinja", ".model", ".txt", ".tiktoken")


def is_complete(manifest: Manifest, target: Path) -> bool:
    """Return whether the marker is of this manifest and every file has its size."""
    try:
        marker = json.loads((target / MARKER).read_text(encoding="utf-8"))
        same = isinstance(marker, dict) and marker.get("manifest") == manifest.digest
        return same and all((target / item.path).stat().st_size == item.size for item in manifest.items)
    except (OSError, ValueError):
        return False


def write_marker(manifest: Manifest, target: Path) -> None:
    """Say that everything is there, in one step that cannot be seen half done."""
    (target / STATE).mkdir(exist_ok=True)
    unfinished = target / f"{MARKER}.part"
    unfinished.write_text(json.dumps({"manifest": manifest.digest, "commit": manifest.commit}), encoding="utf-8")
    unfinished.replace(target / MARKER)


def touch_marker(target: Path) -> None:
    """Say that the folder is wanted now, so that it is not the oldest one."""
    os.utime(target / MARKER)


def verify(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError unless every file is there as stated."""
    for item in manifest.items:
        if not item.is_at(target / item.path):
            raise PrefetchError(f"`{item.path}` is missing or not the file that was checked")
    say(f"{len(manifest.items)} files are as they were checked")


def glance(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError unless every file has its size, and every small one is as stated."""
    for item in manifest.items:
        path = target / item.path
        if not (item.is_at(path) if item.size <= SMALL else item.has_size(path)):
            raise PrefetchError(f"`{item.path}` is missing or not the file that was checked")
    say(f"{len(manifest.items)} files have their sizes, and the small ones are as they were checked")


def refuse_strangers(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError when the folder holds weights that are not of this commit: vLLM would load them too."""
    _refuse(manifest, target, target.rglob("*.safetensors"))


def refuse_settings(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError for configuration and templates that were not checked: vLLM takes them by their names."""
    _refuse(manifest, target, (path for path in target.glob("*") if path.name.endswith(READ_BY_NAME)))


def _refuse(manifest: Manifest, target: Path, found: Iterable[Path]) -> None:
    known = {item.path for item in manifest.items}
    for path in sorted(found):
        name = path.relative_to(target).as_posix()
        if name not in known:
            raise PrefetchError(f"the folder holds `{name}`, which is not part of the commit")


def check_space(manifest: Manifest, target: Path) -> None:
    """Raise PrefetchError when the volume cannot hold what is still missing."""
    paths = [(item.size, target / item.path) for item in manifest.items]
    missing = sum(max(0, size - (size_of(path) or size_of(part(path)))) for size, path in paths)
    free = shutil.disk_usage(target).free
    if missing > free:
        raise PrefetchError(f"{missing} bytes are missing, the volume has {free} left: enlarge it")


def size_of(path: Path) -> int:
    """Return the size of a file; 0 when there is none."""
    return path.stat().st_size if path.is_file() else 0


def part(path: Path) -> Path:
    """Return where a file lies until it is complete."""
    return path.with_name(f"{path.name}.part")
