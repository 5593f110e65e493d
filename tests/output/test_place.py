"""Where a finding stands as seen from the folder in which the command runs."""

from dataclasses import replace

import pytest

from tests.output.reports import FOLDER, GOOD, MEMORY
from validation.finding import Place
from validation.output.place import is_local, located, path_of
from validation.report import Report

STACK = Place(path="stacks/Pulumi.prod.yaml", line=3)
CONFIG = Place(path="config.json", key="architectures")
SETTING = Place(path="stack config", key="slipway:models[0].pool")


@pytest.mark.parametrize(
    ("expected", "local", "report", "place"),
    [
        ("stacks/Pulumi.prod.yaml", True, GOOD, STACK),
        ("stacks/Pulumi.prod.yaml", True, FOLDER, STACK),
        ("hf://ibm-granite/granite-3.3-2b-instruct/config.json", False, GOOD, CONFIG),
        ("examples/bad/tiny/config.json", True, FOLDER, CONFIG),
        ("stack config", False, FOLDER, SETTING),
        ("examples/bad/tiny/a.json", True, FOLDER, Place(path="examples/bad/tiny/a.json")),
    ],
)
def test_a_place_is_named_as_a_reader_would_open_it(
    expected: str,
    local: bool,  # noqa: FBT001 - a parameter of the test
    report: Report,
    place: Place,
) -> None:
    """Stack files and folders are here, repositories are on the Hub, settings are in no file."""
    assert (expected, local) == (path_of(report, place), is_local(report, place))


def test_only_a_local_finding_gets_another_path() -> None:
    """A file on the Hub is named as the repository names it."""
    found = replace(MEMORY, where=CONFIG)

    assert found is located(GOOD, found)
    assert Place(path="examples/bad/tiny/config.json", key="architectures") == located(FOLDER, found).where
