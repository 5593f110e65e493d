"""Draw the README's pictures: run the real commands and save what a terminal shows as SVG.

Run it from the project's root: ``make pictures``.
"""

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 132
FOLDER = Path("docs/pictures")
MOST_LINES = 48
PICTURES = {
    "passing": ["-m", "dryrun", "preview", "demo"],
    "failing": ["-m", "dryrun", "preview", "examples/stacks/Pulumi.broken.yaml"],
    "fit": ["-m", "validation", "fit", "examples/configs/Qwen3-32B", "--gpu", "H100", "--gpus", "2"],
}


def draw(name: str, arguments: list[str]) -> None:
    """Run one command as on a terminal and save a picture of its first lines."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    done = subprocess.run(  # noqa: S603 - the commands above
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    title = " ".join(["python", *arguments])
    console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - closed with the process
    lines = done.stdout.rstrip().splitlines()
    shown = lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "..."]
    console.print(Text.from_ansi("\n".join(shown)), soft_wrap=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(FOLDER / f"{name}.svg"), title=f"{title} (exit code {done.returncode})", theme=MONOKAI)
    print(f"{name}: exit code {done.returncode}")


if __name__ == "__main__":
    for picture, command in PICTURES.items():
        draw(picture, command)
