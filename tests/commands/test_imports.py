"""What a start of the command does not import: it has to be fast where there is nothing to ask."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.command import ROOT, TIMEOUT, environment
from tests.hub.fixtures import tiny_chat_files
from validation import fit
from validation.__main__ import COMMANDS

NETWORK = {"huggingface_hub", "httpx", "httpx2", "requests", "urllib3", "ssl", "anyio"}
PLANNING = {f"validation.fit.{name}" for name in fit.__all__}
PROGRAM = """
import json, sys
from validation.__main__ import main
code = main(sys.argv[1:])
own = [module for name, module in sys.modules.items() if name.startswith("validation.")]
classes = {item for module in own for item in vars(module).values() if isinstance(item, type)}
compiled = [item.__qualname__ for item in classes if "__dataclass_params__" in vars(item)]
print(json.dumps({"modules": sorted(sys.modules), "compiled": sorted(compiled)}), file=sys.stderr)
sys.exit(code)
"""


def started(home: Path, *arguments: str) -> dict[str, list[str]]:
    """Return what a command has imported when it ends, and which data classes it has compiled."""
    done = subprocess.run(  # noqa: S603 - the tests' own arguments
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment(home),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    found: dict[str, list[str]] = json.loads(done.stderr.splitlines()[-1])
    return found


def imported(home: Path, *arguments: str) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    return set(started(home, *arguments)["modules"])


@pytest.fixture
def without_template(tmp_path: Path) -> str:
    """Return the folder of a model that has no chat template."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name, content in (tiny_chat_files() | {"tokenizer_config.json": b"{}"}).items():
        (folder / name).write_bytes(content)
    return str(folder)


def test_a_folder_is_checked_without_a_client(tmp_path: Path, without_template: str) -> None:
    """No network and no colours: none of their libraries."""
    found = imported(tmp_path, "check", without_template)

    assert set() == found & (NETWORK | PLANNING | {"rich", "jinja2", "pydantic"})


def test_a_template_is_what_jinja_is_for(tmp_path: Path) -> None:
    """A model with a template needs its parser, and still no client."""
    found = imported(tmp_path, "check", "examples/good/tiny-chat")

    assert {"jinja2"} == found & (NETWORK | PLANNING | {"rich", "jinja2", "pydantic"})


def test_memory_is_planned_where_gpus_are_named(tmp_path: Path, without_template: str) -> None:
    """Then, and only then, its modules are imported."""
    assert "validation.fit.memory" in imported(tmp_path, "check", without_template, "--gpu", "L4")


def test_the_list_of_rules_needs_nothing(tmp_path: Path) -> None:
    """Neither YAML nor templates nor a client."""
    assert set() == imported(tmp_path, "rules") & (NETWORK | {"rich", "jinja2", "yaml", "pydantic"})


def test_only_the_command_that_is_asked_for_is_imported(tmp_path: Path) -> None:
    """The others are known by name."""
    commands = {f"validation.commands.{name}" for name in COMMANDS}

    assert {"validation.commands.rules"} == imported(tmp_path, "rules") & commands
