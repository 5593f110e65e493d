"""Text from strangers, made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.output.safe import code, html, html_prose, markdown, safe, workflow_data, workflow_property


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("plain, né à Québec, 模型", "plain, né à Québec, 模型"),
        (r"\x1b[2Jcleared", "\x1b[2Jcleared"),
        (r"two\nlines", "two\nlines"),
        (r"a\u202eb\u2066c", "a\u202eb\u2066c"),
        (r"lone \ud800 half", "lone \ud800 half"),
        (r"zero\u200bwidth", "zero\u200bwidth"),
        ("# #[error]x # #vso[task] ##heading", "##[error]x ##vso[task] ##heading"),
    ],
)
def test_what_does_not_print_is_spelled_out(expected: str, text: str) -> None:
    """Letters of any language stay, what moves a cursor or hides does not."""
    assert expected == safe(text)


def test_a_text_of_a_strangers_length_is_cut() -> None:
    """A name of a megabyte does not fill the screen."""
    assert 2003 == len(safe("x" * 1_000_000))


@given(st.text(alphabet=st.characters()))
def test_safe_text_prints_as_one_line(text: str) -> None:
    """Whatever comes in, what goes out is printable and can be encoded."""
    shown = safe(text)

    assert shown.isprintable()
    assert shown == shown.encode().decode()


@given(st.text(alphabet=st.sampled_from("`|<>@*_[]()#a \n\u202e")))
def test_no_text_breaks_a_table_of_markdown(text: str) -> None:
    """Each pipe is escaped, and nothing is an element of HTML, within and without code."""
    for shown in (markdown(text), code(text)):
        assert "|" not in shown.replace(r"\|", "")
        assert not any(unicodedata.category(character) == "Cc" for character in shown)


@given(st.text(alphabet=st.sampled_from("`ab")))
def test_a_code_span_cannot_be_left(text: str) -> None:
    """Only the two backticks of the span itself remain."""
    assert code(text).count("`") in {0, 2}


def test_markdown_keeps_code_and_disarms_the_rest() -> None:
    """Backticks of our messages format, links and mentions do not."""
    expected = r"set `gpusPerReplica` to 4, not \[x\](http\://y, www\.z.org) by @<!-- -->all &lt;b&gt;"

    assert expected == markdown("set `gpusPerReplica` to 4, not [x](http://y, www.z.org) by @all <b>")


def test_html_cannot_be_broken_out_of() -> None:
    """Elements, attributes and entities are all spelled out."""
    assert "&lt;b a=&quot;&#39;&amp;" == html("<b a=\"'&")
    assert "set <code>&lt;key&gt;</code>" == html_prose("set `<key>`")


def test_workflow_commands_keep_their_separators() -> None:
    """GitHub's own escapes stand for what separates its properties."""
    assert r"100%25\n::x" == workflow_data("100%\n::x")
    assert "a%3Ab%2Cc" == workflow_property("a:b,c")
