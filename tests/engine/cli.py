"""The real CLI on a copy of this project, with a state, a home and a passphrase of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOT_COPIED = (".git", ".venv", "build", "out", "tests", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__")
TIMEOUT = 600  # seconds for one command: the first one may install the Kubernetes plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How one command ended; ``said`` is all that it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Return standard output and standard error."""
        return f"{self.out}\n{self.err}"

    def json(self) -> Any:
        """Return standard output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A copy of the project, and how to run commands in it."""

    folder: Path
    state: Path
    environment: Mapping[str, str] = field(repr=False)

    def pulumi(self, *arguments: str, **environment: str) -> Done:
        """Run ``pulumi`` without asking anything and without colours."""
        return self._run("pulumi", *arguments, "--non-interactive", "--color", "never", **environment)

    def select(self, stack: str) -> str:
        """Make the stack where there is none, and return its name."""
        done = self.pulumi("stack", "select", stack, "--create")
        assert done.code == 0, done.said
        return stack

    def preview(self, stack: str, **environment: str) -> Done:
        """Run ``pulumi preview --json``."""
        return self.pulumi("preview", "--stack", stack, "--json", **environment)

    def export(self, stack: str) -> Done:
        """Run ``pulumi stack export``, which keeps secrets sealed."""
        return self.pulumi("stack", "export", "--stack", stack)

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """Return the resources of the stack's state."""
        deployment: dict[str, list[dict[str, Any]]] = self.export(stack).json().get("deployment") or {}
        return deployment.get("resources") or []

    def embedded(self, stack: str, *arguments: str, **environment: str) -> Done:
        """Run the embedded engine in the same copy."""
        command = (sys.executable, "-m", "dryrun", "preview", stack, "--format", "json", *arguments)
        return self._run(*command, **environment)

    def script(self, stack: str) -> Done:
        """Run ``tools/preview.sh``."""
        return self._run(str(self.folder / "tools" / "preview.sh"), stack)

    def _run(self, *command: str, **environment: str) -> Done:
        done = subprocess.run(  # noqa: S603 - the CLI that the tests are for
            command,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def make_engine(folder: Path) -> Engine:
    """Copy the project into the folder; its ``.venv`` is the environment of the running interpreter."""
    project = folder / "project"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(*NOT_COPIED))
    shutil.copy(ROOT / "examples" / "stacks" / "Pulumi.broken.yaml", project / "stacks")
    (project / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    state = folder / "state"
    state.mkdir()
    return Engine(folder=project, state=state, environment=_environment(folder, state))


def _environment(folder: Path, state: Path) -> dict[str, str]:
    """Return an environment without the developer's own Pulumi, which lends its installed plugins."""
    home = folder / "home"
    home.mkdir()
    plugins = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    (home / "plugins").symlink_to(plugins, target_is_directory=True)
    foreign = ("PULUMI_", "HF_", "KUBE", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **kept,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "HF_HOME": str(folder / "hub"),
        "KUBECONFIG": str(folder / "no-cluster"),
    }
