"""Names and labels of objects."""

import re

import pytest

from components.hardening import quantity
from components.naming import digest, labels, object_name, selector

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def test_a_short_name_stays_as_it_is() -> None:
    """Readable names are the rule."""
    assert "granite-weights-0123456789ab" == object_name("granite", "weights", "0123456789ab")


def test_empty_parts_leave_no_trace() -> None:
    """A claim of a folder has no commit in its name."""
    assert "granite-prefetch" == object_name("granite", "prefetch", "")


@pytest.mark.parametrize("name", ["a" * 63, "a" * 64, "a" * 200, "Grünspan", "with.dot", "-dash-", "Upper_Case", "é"])
def test_every_name_is_a_dns_label(name: str) -> None:
    """Whatever the parts, the API server takes the name."""
    assert DNS_LABEL.fullmatch(object_name(name, "server"))


def test_names_that_were_cut_stay_different() -> None:
    """Two long names with one beginning do not become one object."""
    assert object_name("a" * 70, "one") != object_name("a" * 70, "two")
    assert object_name("a.b") != object_name("a_b")


def test_a_digest_tells_its_texts_apart() -> None:
    """Moving a letter from one text to the next is a change."""
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", "c") == digest("ab", "c")


def test_labels_hold_the_selector() -> None:
    """Pods are found by the labels they have, and the commit is no part of what finds them."""
    assert set(selector("granite", "server").items()) <= set(labels("granite", "server", "a" * 40).items())
    assert "a" * 12 == labels("granite", "server", "a" * 40)["app.kubernetes.io/version"]


@pytest.mark.parametrize(
    ("size", "text"), [(1 << 30, "1Gi"), (3 << 29, "1536Mi"), (1, "1Mi"), (0, "0Gi"), ((1 << 30) + 1, "1025Mi")]
)
def test_a_quantity_is_never_less_than_asked(size: int, text: str) -> None:
    """Bytes are rounded up to whole MiB."""
    assert text == quantity(size)
