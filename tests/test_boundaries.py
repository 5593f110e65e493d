"""Who may import whom, as the design says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "validation": {"pulumi", "pulumi_kubernetes", "components", "stacks", "dryrun", "pydantic"},
    "components": {"pydantic", "huggingface_hub", "validation", "stacks", "dryrun"},
    "stacks": {"pulumi", "components", "dryrun", "huggingface_hub"},
}
RULES_DO_NO_IO = {"huggingface_hub", "pathlib", "os", "socket", "subprocess", "urllib", "httpx2", "requests", "io"}
NEVER = {"pickle", "marshal", "shelve", "dill", "torch", "transformers"}


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level package of every import in a file, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def modules(package: str) -> list[Path]:
    """Return the Python files of a package."""
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_a_package_imports_only_what_the_design_allows(package: str) -> None:
    """Each package keeps to its side of the wall."""
    found = {str(path.relative_to(ROOT)): set(imported(path)) & FORBIDDEN[package] for path in modules(package)}

    assert {} == {path: names for path, names in found.items() if names}


def test_rules_do_no_io() -> None:
    """A rule gets ready-made facts and opens nothing."""
    found = {path.name: set(imported(path)) & RULES_DO_NO_IO for path in modules("validation/rules")}

    assert {} == {path: names for path, names in found.items() if names}


def test_nothing_can_run_what_a_repository_contains() -> None:
    """No module imports a loader that executes what it reads."""
    found = {
        str(path.relative_to(ROOT)): set(imported(path)) & NEVER
        for package in ("validation", "components", "stacks", "dryrun")
        for path in modules(package)
    }

    assert {} == {path: names for path, names in found.items() if names}


def test_every_module_stays_under_350_lines() -> None:
    """A module is one noun that fits on a few screens."""
    long = {
        str(path.relative_to(ROOT)): lines
        for package in ("validation", "components", "stacks", "dryrun", "policy", "tools")
        for path in modules(package)
        if (lines := len(path.read_text().splitlines())) > 350
    }

    assert {} == long


def test_components_keep_annotations_that_the_analyzer_can_read() -> None:
    """Pulumi's analyzer reads no postponed annotations, no Literal and no `X | Y` in Args."""
    found = [path.name for path in modules("components") if "from __future__ import annotations" in path.read_text()]

    assert [] == found
