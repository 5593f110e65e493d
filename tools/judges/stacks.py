"""Every stack that ships, rendered for the judges."""

from pathlib import Path

from tests.hub.stacks import running_for_stacks
from tools.rendering import judged, render, stack_files


def rendered(folder: Path) -> dict[str, Path]:
    """Return each stack's folder of objects, rendered against stand-ins for the repositories."""
    with running_for_stacks() as hub:
        return {
            stack: render(judged(stack, path.read_text(encoding="utf-8")), stack, folder, hub.url)
            for stack, path in stack_files().items()
        }
