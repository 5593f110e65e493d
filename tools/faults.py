"""Write the table of faults in docs/security.md from the tests that bring them about (``make docs``).

A test says with ``@pytest.mark.fault(what, ends_as)`` which fault it is about; the files are read, not run.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- faults: written by `make docs` -->\n", "<!-- end of faults -->\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, how it ends, and the test that shows it."""

    what: str
    ends_as: str
    file: str
    test: str


def main() -> int:
    """Put the table into the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), table(faults(ROOT / "tests"))), encoding="utf-8")
    return 0


def faults(folder: Path) -> tuple[Fault, ...]:
    """Return every fault that a test is marked with, in the order of files and lines."""
    return tuple(fault for path in sorted(folder.rglob("test_*.py")) for fault in _of(path))


def _of(path: Path) -> Iterator[Fault]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node in (node for node in body if isinstance(node, ast.FunctionDef)):
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                what, ends_as = (ast.literal_eval(argument) for argument in mark.args)
                file = path.relative_to(ROOT).as_posix()
                yield Fault(what=what, ends_as=ends_as, file=file, test=node.name)


def table(found: tuple[Fault, ...]) -> str:
    """Return the faults as a table in Markdown."""
    rows = [f"| {each.what} | {each.ends_as} | `{each.file}`: `{each.test}` |" for each in found]
    return "\n".join(["| fault | ends as | test |", "|---|---|---|", *rows]) + "\n"


def page(text: str, content: str) -> str:
    """Return the page with another table; raise ValueError for a page without a place for it."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("the page has no place for the table")
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
