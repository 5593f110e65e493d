"""A file that is written at once: a reader sees the old one or the new one, also after a crash."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

NEW_MODE = 0o644


def replace_file(path: Path, data: bytes, *, new_mode: int = NEW_MODE, durable: bool = True) -> None:
    """Write the file, keeping its mode where it exists, and following a link; raise OSError when that fails.

    ``durable`` waits until the disk has it, so that it is there after a power cut too.
    """
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else new_mode
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
