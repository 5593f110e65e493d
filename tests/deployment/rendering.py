"""Whole stacks of the repository's own small models, rendered by the embedded engine as a user would."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """How a preview ended, what it said, and the objects it wrote."""

    code: int
    text: str
    outputs: Mapping[str, Any]
    objects: tuple[Mapping[str, Any], ...]

    def kinds(self, kind: str) -> dict[str, Any]:
        """Return the objects of a kind by name."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] == kind}

    def one(self, kind: str) -> Any:
        """Return the only object of a kind."""
        (found,) = self.kinds(kind).values()
        return found


def chat(name: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of the small chat model under a name, with changes."""
    return {
        "name": name,
        "source": "examples/good/tiny-chat",
        "pool": "l4",
        "weights": {"claim": "models", "path": "tiny-chat"},
        "endpoint": {"apiKeySecret": {"name": "api-key"}},
        **changes,
    }


def embedding(name: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of the small embedding model under a name, with changes."""
    return chat(name, source="examples/good/tiny-embedding", **changes)


def render(folder: Path, *models: Mapping[str, Any], **keys: Any) -> Rendered:
    """Preview a stack of these models with further or other keys, and read what was written."""
    config: dict[str, Any] = {
        "cluster": {"platform": "existing", "namespace": "inference"},
        "engine": {"version": "0.33.0"},
        "nodePools": [{"name": "l4", "gpu": "L4", "maxNodes": 8, "vcpusPerNode": 8}],
        "models": list(models),
        **keys,
    }
    stack = folder / "Pulumi.rendered.yaml"
    stack.write_text(yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in config.items()}}))
    done = subprocess.run(  # noqa: S603 - this project's own command
        [sys.executable, "-m", "dryrun", "preview", str(stack), "--out", str(folder / "out"), "--format", "json"],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    plan = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    files = sorted((folder / "out").glob("*.yaml")) if (folder / "out").is_dir() else []
    said = [entry["message"] for entry in plan.get("diagnostics", [])]
    return Rendered(
        code=done.returncode,
        text="\n".join([*said, done.stderr]),
        outputs=plan.get("outputs", {}),
        objects=tuple(yaml.safe_load(path.read_text()) for path in files),
    )
