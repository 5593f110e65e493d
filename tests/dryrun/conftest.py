"""Small Pulumi projects to run without the CLI."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from dryrun.project import Project, read_project

MakeProject: TypeAlias = Callable[..., Project]
HEAD = "import pulumi\nimport pulumi_kubernetes as k8s\n"
EMPTY_STACK = "config: {}\n"


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Return a function that writes a project with a program, stack files by name, and further Pulumi.yaml lines."""

    def make(program: str = "", *, declared: str = "", name: str = "demo", **stacks: str) -> Project:
        folder = tmp_path / "project"
        (folder / "stacks").mkdir(parents=True, exist_ok=True)
        text = f"name: {name}\nruntime: python\nstackConfigDir: stacks\n{textwrap.dedent(declared)}"
        (folder / "Pulumi.yaml").write_text(text)
        (folder / "__main__.py").write_text(HEAD + textwrap.dedent(program))
        for stack, content in (stacks or {"dev": EMPTY_STACK}).items():
            (folder / "stacks" / f"Pulumi.{stack}.yaml").write_text(textwrap.dedent(content))
        return read_project(folder)

    return make
