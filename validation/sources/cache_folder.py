"""Where the cache is, if one is wanted: for who only has to say so, without the cache itself."""

import os
from collections.abc import Mapping
from pathlib import Path

SETTING = "SLIPWAY_CACHE"
OFF = frozenset({"", "0", "no", "off", "false"})


def cache_folder(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder: ``SLIPWAY_CACHE``, else ``slipway/facts`` in the XDG cache; None when it says ``off``."""
    found = os.environ if environment is None else environment
    chosen = found.get(SETTING)
    if chosen is not None:
        return None if chosen.strip().lower() in OFF else Path(chosen).expanduser()
    base = found.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - a relative one is to be ignored, says the XDG specification
        return Path(base) / "slipway" / "facts"
    home = found.get("HOME", "")
    return Path(home) / ".cache" / "slipway" / "facts" if home else None
