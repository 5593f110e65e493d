"""A stack rendered as a user renders it: by the embedded engine, with a stand-in for the Hub on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
FAULTLESS = "prod"
PLACEHOLDER = "sha256:" + "0" * 64  # of no image: it only stands where a digest has to stand


class RenderingError(RuntimeError):
    """A stack was not rendered; the message is what the command said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What a stack came to: its Kubernetes objects, in the order of application."""

    objects: tuple[Mapping[str, Any], ...]

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the objects of one kind."""
        return [each for each in self.objects if each["kind"] == kind]

    @classmethod
    def read(cls, folder: Path) -> "Rendering":
        """Return what lies in a folder that `render` has written."""
        files = sorted(folder.glob("*.yaml"))
        texts = [path.read_text(encoding="utf-8") for path in files]
        return cls(objects=tuple(each for text in texts for each in yaml.safe_load_all(text) if each))


def stack_files() -> Mapping[str, Path]:
    """Return every stack that ships and has to pass, by name: those of stacks/ first, then the examples."""
    shipped = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
    examples = sorted((ROOT / "examples" / "stacks").glob("Pulumi.*.yaml"))
    return {_name(path): path for path in (*shipped, *examples) if _name(path) != "broken"}


def judged(stack: str, text: str) -> dict[str, Any]:
    """Return a stack file's content as it is judged and applied: its own, but for prod with a digest at the image.

    Which digest is right, only the registry that is pulled from can say, so the stack that ships has none (its first
    lines say how to get it).
    """
    content: dict[str, Any] = yaml.safe_load(text)
    engine = content["config"]["slipway:engine"]
    if stack == FAULTLESS and "@" not in engine["image"]:
        engine["image"] += f"@{PLACEHOLDER}"
    return content


def render(content: Mapping[str, Any], stack: str, folder: Path, endpoint: str) -> Path:
    """Return the folder, inside the given one, with the objects of a stack file's content.

    ``endpoint`` is the Hub's address. Raise RenderingError when the preview does not pass.
    """
    copy, out = folder / f"Pulumi.{stack}.yaml", folder / stack
    copy.write_text(yaml.safe_dump(dict(content)), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "PULUMI_"))}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "SLIPWAY_CACHE": "off"}
    done = subprocess.run(  # noqa: S603 - the project's own command
        [sys.executable, "-m", "dryrun", "preview", str(copy), "--out", str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RenderingError(f"{stack} was not rendered\n{done.stdout}{done.stderr}")
    return out


def pod_specs(objects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each object that holds a pod's spec, at whatever depth and of whatever kind, with that spec."""
    for each in objects:
        for spec in _specs(each):
            yield each, spec


def _specs(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("containers"), list) and any("image" in each for each in value["containers"]):
            yield value
        else:
            for inner in value.values():
                yield from _specs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _specs(inner)


def _name(path: Path) -> str:
    return path.name.removeprefix("Pulumi.").removesuffix(".yaml")
