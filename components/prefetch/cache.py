"""The folder on a node's own disk that holds the models of a pool: a folder a model, and in it one a version."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .folder import MARKER, is_complete, size_of, touch_marker
from .lock import exclusive
from .manifest import Manifest, read_manifest
from .problem import PrefetchError, say
from .transfer import Transfer, fetch, read_token

COMMIT_DIGITS, LIST_DIGITS = 12, 8  # of a folder's name: of the commit, and of its list of files
MODEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
VERSION = re.compile(rf"[0-9a-f]{{{COMMIT_DIGITS}}}-[0-9a-f]{{{LIST_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """The pool's folder, and by model's name what has to be in it."""

    root: Path
    wanted: Mapping[str, Manifest]

    def folder(self, name: str) -> Path:
        """Return where the wanted files of a model lie; another list of files has another folder."""
        manifest = self.wanted[name]
        return self.root / name / f"{manifest.commit[:COMMIT_DIGITS]}-{manifest.digest[:LIST_DIGITS]}"


def read_cache(environment: Mapping[str, str]) -> Cache:
    """Return the cache that the pod's environment names; a manifest that is missing is an error, not one model less."""
    manifests = Path(environment["SLIPWAY_MANIFESTS"])
    names = environment["SLIPWAY_MODELS"].split()
    if not all(MODEL.fullmatch(name) for name in names):
        raise PrefetchError("the list of models names a path")
    wanted = {name: read_manifest(manifests / name / "manifest.json") for name in names}
    return Cache(root=Path(environment["SLIPWAY_CACHE"]), wanted=wanted)


def fill(environment: Mapping[str, str], wait: Callable[[float], None]) -> None:
    """Bring every model of the pool onto this node; one that cannot be had does not keep the others away."""
    cache, token = read_cache(environment), read_token(environment)
    failed = 0
    with exclusive(cache.root, wait):
        sweep(cache)
        for name, manifest in cache.wanted.items():
            target = cache.folder(name)
            try:
                if is_complete(manifest, target):
                    say(f"{name}: {target.name} is there already")
                else:
                    fetch(Transfer(manifest=manifest, target=target, token=token, wait=wait))
                touch_marker(target)
            except PrefetchError as problem:
                say(f"{name}: {problem}")
                failed += 1
    if failed:
        raise PrefetchError(f"{failed} of {len(cache.wanted)} models are not complete on this node")


def ready(environment: Mapping[str, str], _: Callable[[float], None]) -> None:
    """Raise PrefetchError unless every model is complete: an operator may have emptied the disk."""
    cache = read_cache(environment)
    if lacking := [name for name, each in cache.wanted.items() if not is_complete(each, cache.folder(name))]:
        raise PrefetchError(f"not complete on this node: {', '.join(lacking)}")


def sweep(cache: Cache) -> None:
    """Remove the folders of models that left the stack, and of each other model all versions but two.

    These are the wanted one, and the complete one that was wanted last: servers read it until the new ones run, and a
    roll back finds it. Nothing but folders with the names of models and versions is looked at, and no link is followed.
    """
    for model in _folders(cache.root, MODEL):
        versions = [each for each in _folders(model, VERSION) if each != _wanted(cache, model.name)]
        kept = max(versions, key=_last_wanted, default=None) if model.name in cache.wanted else None
        for folder in versions:
            if folder != kept or not _last_wanted(folder):
                _remove(folder)
        if not any(model.iterdir()):
            model.rmdir()


def _wanted(cache: Cache, name: str) -> Path | None:
    return cache.folder(name) if name in cache.wanted else None


def _last_wanted(folder: Path) -> float:
    """Return when a complete version was wanted last; 0 for one that never got complete."""
    marker = folder / MARKER
    return marker.stat().st_mtime if size_of(marker) else 0.0


def _folders(parent: Path, name: re.Pattern[str]) -> Iterator[Path]:
    """Yield the folders of a form; a link to one is none."""
    for each in sorted(parent.iterdir()):
        if name.fullmatch(each.name) and each.is_dir() and not each.is_symlink():
            yield each


def _remove(folder: Path) -> None:
    """Remove a folder; without its marker first, so that half of it never counts as complete."""
    say(f"removing {folder.parent.name}/{folder.name}, which no model of the stack needs")
    (folder / MARKER).unlink(missing_ok=True)
    shutil.rmtree(folder)
