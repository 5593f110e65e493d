"""What the benchmarks make of what they measure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.fixtures import hub, tiny_chat
from tests.hub.server import Fault, Hub
from tests.sources.reading import read
from tools.environment import ROOT, Environment, Pair, Ran
from tools.stage import traffic
from tools.table import fact, most, pair

__all__ = ["hub"]


def ran(clock: float, processor: float = 1.0) -> Ran:
    """Return a command that took so long."""
    return Ran(clock=clock, processor=processor, printed="")


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    """A machine that was slow for one pair was slow for both of it."""
    measured = Pair(own=(ran(1), ran(50), ran(3)), other=(ran(2), ran(100), ran(3)))

    assert (0.5, 1.0) == (measured.clock, measured.processor)


def test_a_line_says_whether_its_goal_is_met() -> None:
    """A fact has none."""
    measured = Pair(own=(ran(2, 1),), other=(ran(1, 2),))

    assert "| a | 0.50 | below 1 | yes |" == str(most("a", 0.5, 1, "below 1"))
    assert "| a | 2.00 (processor 0.50) | below 1 | **no** |" == str(pair("a", measured, 1, "below 1"))
    assert "| a | b | - | - |" == str(fact("a", "b"))


def test_a_command_is_measured_alone(tmp_path: Path) -> None:
    """Its processor time is its own, not that of what ran before."""
    done = Environment(home=tmp_path).run("-c", "print('hello')")

    assert "hello\n" == done.printed
    assert 0 < done.processor < 5


def test_a_command_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    """A number without an answer is worth nothing."""
    with pytest.raises(SystemExit, match="ended with 3: oh"):
        Environment(home=tmp_path).run("-c", "import sys; sys.stderr.write('oh'); sys.exit(3)")


def test_traffic_counts_answers_that_were_waited_for(hub: Hub) -> None:
    """One model takes the listing and what follows from it."""
    hub.add(tiny_chat())
    hub.fail("/resolve/", Fault(together=3))
    read(hub)

    assert (4, 2) == ((found := traffic(hub)).requests, found.depth)
    assert (0, 0) == ((found := traffic(hub)).requests, found.depth)


def test_only_the_watched_program_is_timed(tmp_path: Path) -> None:
    """Other Pythons that start meanwhile import nothing of the checks."""
    program = "import tools.watch, sys; print('validation.check' in sys.modules)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SLIPWAY_BENCH": str(tmp_path / "seconds")}
    answers = [
        subprocess.run(  # noqa: S603 - fixed
            [sys.executable, "-c", program, name], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for name in ("dryrun", "other")
    ]

    assert ["True\n", "False\n"] == answers
