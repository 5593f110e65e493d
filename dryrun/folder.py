"""The folder of a rendering: read, guarded against overwriting foreign files, and replaced as a whole."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dryrun.plan import VERSION, Plan

PLAN_FILE: Final = ".plan"  # JSON; not called so, for `kubectl apply -f` takes every *.json of a folder
SECRETS_FILE: Final = "secrets.txt"
MAX_PLAN_BYTES: Final = 64 << 20  # a thousand models stay under 20 MiB


class FolderError(Exception):
    """The folder cannot be used; the message says why and what to do."""


def last_steps(folder: Path) -> dict[str, Mapping[str, Any]] | None:
    """Return the steps of the rendering in the folder by URN, or None where there is no rendering."""
    plan = _read_plan(folder)
    if plan is None:
        return None
    return {str(step["urn"]): step for step in plan["steps"] if isinstance(step, dict) and step.get("op") != "delete"}


def refuse_foreign(folder: Path) -> None:
    """Raise FolderError where the folder is no folder, or holds files that no rendering wrote."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderError(f"{folder} is not a folder")
    plan = _read_plan(folder) or {"manifests": []}
    ours = {PLAN_FILE, SECRETS_FILE, *plan["manifests"]}
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if foreign:
        raise FolderError(f"{folder} holds files that no rendering wrote (`{foreign[0]}`): choose another folder")


def write_folder(folder: Path, plan: Plan, manifests: Mapping[str, str]) -> None:
    """Replace the folder by a new one with the manifests, ``secrets.txt`` where needed, and the plan.

    The new folder is complete before it takes the old one's place: no reader sees a half-written one. Raises
    FolderError.
    """
    refuse_foreign(folder)
    target = folder.resolve()
    files = {**manifests, PLAN_FILE: json.dumps(plan.record(), indent=1, sort_keys=True) + "\n"}
    if plan.left_out:
        files[SECRETS_FILE] = _secrets_text(plan)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
            _fill(Path(scratch) / "new", files)
            _exchange(Path(scratch), target)
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or type(error).__name__}") from error


def _fill(new: Path, files: Mapping[str, str]) -> None:
    new.mkdir()
    for name, text in files.items():
        with (new / name).open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())


def _exchange(scratch: Path, target: Path) -> None:
    """Put ``scratch/new`` in the target's place; the target is as it was when that fails."""
    if not target.exists():
        (scratch / "new").rename(target)
        return
    target.rename(scratch / "old")
    try:
        (scratch / "new").rename(target)
    except OSError:
        (scratch / "old").rename(target)
        raise
    with contextlib.suppress(OSError):
        shutil.rmtree(scratch / "old")


def _read_plan(folder: Path) -> dict[str, Any] | None:
    path = folder / PLAN_FILE
    try:
        if path.stat().st_size > MAX_PLAN_BYTES:
            return None
        plan = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(plan, dict) or plan.get("version") != VERSION:
        return None
    lists = isinstance(plan.get("steps"), list) and isinstance(plan.get("manifests"), list)
    return plan if lists else None


def _secrets_text(plan: Plan) -> str:
    head = (
        f"# What stack `{plan.stack}` needs besides the manifests beside this file, for secrets are not written here.\n"
        "# Apply the Namespace, make these, then apply the folder. FILE holds the value, without a line end.\n"
    )
    return head + "".join(f"\n{entry}\n" for entry in plan.left_out)
