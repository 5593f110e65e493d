"""Every format over the same reports: snapshots, and what holds for all of them."""

import json
import unicodedata
from html.parser import HTMLParser

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.output.reports import ATTACK, BAD, FOLDER, GOOD, OUTAGE
from validation.output import FORMATS, render
from validation.report import Report

CASES: dict[str, tuple[Report, ...]] = {
    "good": (GOOD,),
    "bad": (BAD,),
    "outage": (OUTAGE,),
    "several": (BAD, FOLDER, GOOD, OUTAGE),
    "attack": (ATTACK,),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "sarif"])
def test_the_rendered_report_is_the_agreed_one(form: str, case: str, snapshot: SnapshotAssertion) -> None:
    """Each format renders each case exactly as it was reviewed."""
    assert snapshot == render(form, CASES[case])


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_a_control_or_bidi_character_through(form: str) -> None:
    """What a repository contains can neither move a cursor nor turn the order of letters."""
    text = render(form, CASES["attack"])

    assert {"\n"} >= {character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Cs"}}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_every_format_ends_in_one_line_feed(form: str, case: str) -> None:
    """Files and terminals both want a last line that ends."""
    text = render(form, CASES[case])

    assert "\n" == text[len(text.rstrip("\n")) :]


def test_html_holds_only_its_own_elements() -> None:
    """No element or attribute of a stranger reaches the page."""
    seen: set[str] = set()

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.update([tag, *(name for name, _ in attrs)])

    Elements().feed(render("html", CASES["attack"] + CASES["several"]))

    assert set() == seen & {"script", "img", "onerror", "src", "iframe"}


def test_a_workflow_command_of_a_stranger_is_no_command() -> None:
    """Only lines that the format itself begins with two colons are commands."""
    commands = [line for line in render("github", CASES["attack"]).splitlines() if line.startswith("::")]

    assert 1 == len(commands)


def test_markdown_mentions_nobody() -> None:
    """An at sign never touches a name outside of code."""
    outside = [piece for number, piece in enumerate(render("markdown", CASES["attack"]).split("`")) if number % 2 == 0]

    assert [] == [piece for piece in outside if "@everyone" in piece]


def test_json_of_several_models_keeps_their_order() -> None:
    """The models come as they were asked for."""
    document = json.loads(render("json", CASES["several"]))

    assert [report.source for report in CASES["several"]] == [model["source"] for model in document["models"]]


def test_json_of_one_model_has_exactly_the_promised_keys() -> None:
    """Version 1 is a promise to programs."""
    document = json.loads(render("json", CASES["bad"]))

    assert ["version", "source", "revision", "verdict", "model", "findings"] == list(document)
    assert ["rule", "severity", "outcome", "message", "help", "where", "docs"] == list(document["findings"][0])
