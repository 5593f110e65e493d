"""What is known against the packages that the project takes, and what its own code never does."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.audit import verdict

ROOT = Path(__file__).parent.parent
PACKAGES = ("components", "deployment", "dryrun", "examples", "stacks", "tools", "validation")
NEVER_CALLED = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.full_load",
    "yaml.unsafe_load",
    "yaml.load_all",
    "pickle.load",
    "pickle.loads",
    "marshal.loads",
    "subprocess.getoutput",
    "tempfile.mktemp",
}
CLEAN = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found"}


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield every call in a file."""
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def sources() -> list[Path]:
    """Return every file of the project's own code."""
    return [ROOT / "__main__.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))]


def test_nothing_is_executed_that_was_read() -> None:
    """No eval, no shell, no loader that makes objects of what it reads."""
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno} {ast.unparse(call.func)}"
        for path in sources()
        for call in calls(path)
        if ast.unparse(call.func) in NEVER_CALLED
    ]

    assert [] == found


def test_no_command_goes_through_a_shell() -> None:
    """Arguments are lists, so that no name of a model becomes a command."""
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources()
        for call in calls(path)
        for keyword in call.keywords
        if keyword.arg == "shell"
    ]

    assert [] == found


def test_packages_without_known_weaknesses_are_clean() -> None:
    """All of them were asked for."""
    assert (0, "nothing is known against 1 packages") == verdict([CLEAN])


def test_a_known_weakness_is_named() -> None:
    """Also where others could not be asked for."""
    assert (1, "known weaknesses:\nb 2: CVE-1") == verdict([CLEAN, WEAK, SKIPPED])


def test_what_could_not_be_asked_is_not_clean() -> None:
    """An index without advisories knows nothing, and neither do we."""
    assert 3 == verdict([CLEAN, SKIPPED])[0]
    assert 3 == verdict([])[0]
