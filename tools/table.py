"""The lines of docs/benchmarks.md: what was measured, and the goal."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tools.environment import Pair
from tools.stage import ROUND_TRIP


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; ``goal`` is the most that ``value`` may be, None where there is nothing to reach."""

    what: str
    value: float = 0
    shown: str
    goal: float | None = None
    goal_shown: str = "-"

    @property
    def met(self) -> bool:
        """Return whether the goal was reached."""
        return self.goal is None or self.value <= self.goal

    def __str__(self) -> str:
        """Return the row."""
        met = "-" if self.goal is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {self.shown} | {self.goal_shown} | {met} |"


def fact(what: str, shown: str) -> Line:
    """Return a line without a goal."""
    return Line(what=what, shown=shown)


def most(what: str, value: float, goal: float, shown: str, *, unit: str = "", digits: int = -1) -> Line:
    """Return a line on a value that is to be at most ``goal``; without ``digits``, 2, or none before a unit."""
    places = digits if digits >= 0 else 0 if unit else 2
    return Line(what=what, value=value, shown=f"{value:.{places}f}{unit}", goal=goal, goal_shown=f"{shown}{unit}")


def pair(what: str, measured: Pair, goal: float, shown: str) -> Line:
    """Return a line on the ratio of two commands by the clock, which also shows that of the processor's time."""
    both = f"{measured.clock:.2f} (processor {measured.processor:.2f})"
    return Line(what=what, value=measured.clock, shown=both, goal=goal, goal_shown=shown)


def page(lines: Sequence[Line], repeats: int) -> str:
    """Return docs/benchmarks.md."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"""# Benchmarks

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}, with Python {version} on {os.cpu_count()} cores; do not edit.
The Hub is the tests' stand-in on loopback, {1000 * ROUND_TRIP:.0f} ms an answer, in a process of its own; connections
cost nothing there. The cache is off.

| what | measured | goal | met |
|---|---|---|---|
{chr(10).join(map(str, lines))}

![Cost as models and findings grow](pictures/growth.svg)

A ratio is that of two commands which ran in turn, again and again, one right after the other: the median over
{repeats} pairs or more, so that a machine which slows down slows both. By the clock it decides whether a goal is met;
beside it stands the ratio of the time of the processor, which other work on the machine hardly changes.

An answer is waited for after another when its request arrived after that one was sent: the stand-in counts them. A
chain of base models, each named in the card of the one before, costs an answer more for each further generation.

A preview's checks are timed inside the program, their imports included, and set against all the rest of it.
"""
