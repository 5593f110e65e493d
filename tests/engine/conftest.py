"""Tests of the real engine: they need ``pulumi`` on PATH, and run in a virtual environment with pip."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.engine.cli import Engine, make_engine


def missing() -> str:
    """Return what keeps the real engine from running here, or nothing."""
    if shutil.which("pulumi") is None:
        return "`pulumi` is not on PATH"
    if sys.prefix == sys.base_prefix or find_spec("pip") is None:
        return "the tests do not run in a virtual environment with pip, which the CLI asks for its plugins"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them with the reason where the engine is missing."""
    reason = missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return an engine on a fresh copy of the project, with an empty state."""
    return make_engine(tmp_path)
