"""The memory plan against published start-up logs."""

import pytest

from tests.fit.measured import Log, logs, plan

NEAR = 0.10
GOAL = 0.8


def _near(log: Log) -> bool:
    left = plan(log).kv_cache_bytes
    return log.kv_cache is not None and abs(left - log.kv_cache) <= NEAR * abs(log.kv_cache)


def test_the_size_of_the_cache_is_near_what_was_logged() -> None:
    """Four of five logs are met within a tenth."""
    measured = [log for log in logs() if log.kv_cache is not None]
    assert GOAL * len(measured) <= len([log for log in measured if _near(log)])


@pytest.mark.parametrize("log", [log for log in logs() if not log.started], ids=lambda log: f"{log.model} {log.gpu}")
def test_what_failed_is_not_said_to_fit_for_sure(log: Log) -> None:
    """A start that failed is refused, or the stated interval says that it may fail."""
    found = plan(log)
    needed = found.kv_cache_bytes_per_request // found.tensor_parallel
    assert not found.fits or found.low < needed


@pytest.mark.parametrize("log", [log for log in logs() if log.started], ids=lambda log: f"{log.model} {log.gpu}")
def test_what_started_is_said_to_fit(log: Log) -> None:
    """A start that went well is not refused."""
    assert plan(log).fits


def test_every_log_names_its_source() -> None:
    """A number without a source is no measurement."""
    assert all(log.source for log in logs())
