"""The last guard: values that are known to be secret are taken out of every text that is shown or written."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from dryrun.value import SECRET_TEXT

SECRET_NAME: Final = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?|KEY)$")
MIN_LENGTH: Final = 8  # shorter values would take ordinary words out
MAX_TOKEN_BYTES: Final = 4096


class Redaction:
    """Takes secret values out of texts; never shows what they are."""

    __slots__ = ("_pattern",)

    def __init__(self, secrets: Iterable[str]) -> None:
        """Keep the secrets that are long enough to be recognized, longest first."""
        kept = sorted({secret for secret in secrets if len(secret) >= MIN_LENGTH}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, kept))) if kept else None

    def text(self, text: str) -> str:
        """Return the text with ``[secret]`` in place of each secret."""
        return self._pattern.sub(SECRET_TEXT, text) if self._pattern else text

    def finds(self, text: str) -> bool:
        """Return whether a secret is in the text."""
        return bool(self._pattern and self._pattern.search(text))

    def json(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return a copy of a JSON value with the secrets taken out of its texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.json(item) for key, item in value.items()}
        return [self.json(item) for item in value] if isinstance(value, list | tuple) else value


def environment_secrets() -> set[str]:
    """Return the values of the environment that names like ``HF_TOKEN`` give away, and the Hub's stored token."""
    named = {value.strip() for name, value in os.environ.items() if SECRET_NAME.search(name.upper())}
    return {value for value in named if not Path(value).is_absolute()} | _stored_token()


def _stored_token() -> set[str]:
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    path = Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser()
    try:
        with path.open("rb") as stream:
            return {stream.read(MAX_TOKEN_BYTES).decode("utf-8", errors="replace").strip()}
    except (OSError, RuntimeError):
        return set()
