"""The prefetch as pods get it: its modules from a ConfigMap, run apart from everything else in the image."""

from collections.abc import Sequence
from pathlib import Path

from pulumi_kubernetes.core.v1 import KeyToPathArgsDict

FOLDER = Path(__file__).parent.parent / "prefetch"
BASE = "/etc/slipway"
MANIFEST = "manifest.json"
# Without the environment's and the user's own module paths; the module path is the mounted folder.
COMMAND = ["python3", "-B", "-E", "-s", "-m", FOLDER.name]


def modules() -> dict[str, str]:
    """Return the modules' texts by their file names."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))}


def paths(*more: str) -> dict[str, str]:
    """Return where each key of the ConfigMap goes: the modules into their package, ``more`` beside it."""
    return {**{name: name for name in more}, **{name: f"{FOLDER.name}/{name}" for name in modules()}}


def items(*more: str) -> Sequence[KeyToPathArgsDict]:
    """Return the same as a volume states it."""
    return [{"key": key, "path": path} for key, path in paths(*more).items()]
