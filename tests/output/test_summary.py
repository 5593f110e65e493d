"""Counts, verdicts and numbers as people read them."""

from dataclasses import replace

import pytest

from tests.output.reports import BAD, GOOD, OUTAGE, PLAN
from validation.output.quantity import count, gib, plural
from validation.output.summary import conclusion, described, memory, overall, pinned, tally


def test_the_summary_counts_every_kind() -> None:
    """Errors, warnings, notes, suppressed and not checked are told apart."""
    assert "1 error, 1 warning, 1 note, 1 suppressed, 1 not checked" == str(tally([BAD, OUTAGE]))


def test_the_conclusion_begins_with_the_verdict() -> None:
    """One line says it all on one model."""
    expected = "unknown: 0 errors, 0 warnings, 0 notes, 0 suppressed, 1 not checked; 0 rules passed"

    assert expected == conclusion(OUTAGE)


def test_the_last_line_counts_models_by_verdict() -> None:
    """Verdicts that no model has are not mentioned."""
    assert overall([GOOD, GOOD, BAD]).startswith("3 models: 2 compatible, 1 incompatible; 1 error")


def test_what_is_not_known_is_not_described() -> None:
    """A repository that could not be read has no facts to show."""
    assert () == described(OUTAGE)


def test_a_plan_says_what_is_left_for_requests() -> None:
    """The memory line adds up to the GPU, and ends in what the cache is worth."""
    expected = (
        "1 x L4 of 22.5 GiB: 4.7 GiB weights, 1.6 GiB overhead, 14.4 GiB KV cache a GPU; "
        "5.8 requests of 32,768 tokens at once"
    )

    assert expected == memory(PLAN)


def test_a_plan_that_does_not_fit_says_so() -> None:
    """No cache is shown where there is none."""
    assert memory(replace(PLAN, fits=False)).endswith("1.6 GiB overhead; does not fit")


def test_a_source_is_shown_with_its_commit_else_its_revision() -> None:
    """What was checked is more exact than what was asked for."""
    assert "hf://microsoft/phi-4" == pinned(OUTAGE)
    assert "hf://microsoft/phi-4 at v1" == pinned(replace(OUTAGE, revision="v1"))


@pytest.mark.parametrize(
    ("expected", "size"),
    [("0 bytes", 0), ("1,023 bytes", 1023), ("1.5 MiB", 3 << 19), ("0.1 GiB", 1 << 27), ("1,024.0 GiB", 1 << 40)],
)
def test_bytes_are_shown_in_gib(expected: str, size: int) -> None:
    """Small files keep their bytes."""
    assert expected == gib(size)


@pytest.mark.parametrize(
    ("expected", "number"), [("131,072", 131072), ("2.53 billion", 2_533_539_840), ("1.04 trillion", 1_040 * 10**9)]
)
def test_large_counts_are_shown_in_words(expected: str, number: int) -> None:
    """Nobody counts nine digits."""
    assert expected == count(number)


def test_one_is_singular() -> None:
    """One error is not 1 errors."""
    assert ["1 error", "0 errors", "2 errors"] == [plural(number, "error") for number in (1, 0, 2)]
