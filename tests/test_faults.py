"""The table of faults in docs/security.md: made from the tests, whole, and up to date."""

from pathlib import Path

import pytest

from tools.faults import BEGIN, END, PAGE, Fault, faults, page, table

ROOT = Path(__file__).parent.parent
# What a Hub or a repository may do; each word stands in the name of a fault.
WANTED = """
slowly; black hole; refused; reset; 429 without; then 200; 503 for ever; ends early; gzip bomb; HTML;
UTF-8; NaN; 1e999; 10^5 levels; duplicate keys; giant integers; huge config; 2^63; 10^5 tensors;
overlapping; overflow; ../../x; to http; another host; link-local; in a loop; Range; changes between;
listed and gone; other case; `-` in front; foreign letters; YAML bombs; YAML tags; template bombs;
slugging; damaged entry; kill -9; Hub is down; certificate
"""


def test_the_page_has_the_table_of_today() -> None:
    """`make docs` was run after the last change of a test."""
    text = PAGE.read_text(encoding="utf-8")

    assert text == page(text, table(faults(ROOT / "tests")))


@pytest.mark.parametrize("word", [word.strip() for word in WANTED.replace("\n", " ").split(";")])
def test_every_fault_has_a_test(word: str) -> None:
    """None of them is only promised."""
    assert [fault for fault in faults(ROOT / "tests") if word in fault.what]


def test_a_table_has_a_row_a_fault() -> None:
    """With the test that shows it."""
    row = Fault(what="a bomb", ends_as="unread", file="tests/test_a.py", test="test_it")

    assert "| a bomb | unread | `tests/test_a.py`: `test_it` |" == table((row,)).splitlines()[-1]


def test_a_page_without_a_place_is_refused() -> None:
    """A table that went nowhere would be missed by nobody."""
    with pytest.raises(ValueError, match="no place"):
        page("# Security\n", "")
    assert f"a\n{BEGIN}\nnew\n{END}b\n" == page(f"a\n{BEGIN}\nold\n{END}b\n", "new")
