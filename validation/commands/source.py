"""What may be typed as a SOURCE."""

import re
from pathlib import Path

from validation.commands import UsageError
from validation.commands.argument import looks_secret

HUB = "hf://"
_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)


def checked_source(typed: str) -> str:
    """Return a SOURCE that can be read; raise UsageError, with what to type instead, for anything else."""
    if looks_secret(typed):
        raise UsageError("a SOURCE holds what looks like a token; set HF_TOKEN instead")
    if typed.startswith(HUB) or _is_local(typed):
        return typed
    if "://" in typed:
        raise UsageError(f"a SOURCE begins with `{typed.partition('://')[0]}://`; type `{HUB}org/name`")
    hint = f"; did you mean `{HUB}{typed}`?" if _HUB_ID.fullmatch(typed) else f"; type `{HUB}org/name`, or a folder"
    raise UsageError(f"`{typed}` is no folder and no lock file{hint}")


def _is_local(typed: str) -> bool:
    try:
        path = Path(typed)
        return path.is_dir() or (path.is_file() and path.suffix == ".json")
    except (OSError, ValueError):  # a name that no file can have
        return False
