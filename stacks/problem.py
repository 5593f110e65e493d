"""What is wrong with a stack's settings: every problem with its path, its place and the value to type."""

from collections.abc import Iterable
from dataclasses import dataclass

from validation.finding import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a stack file: the key's path, what is wrong with it, what to type; never its value."""

    path: str
    message: str
    help: str = ""
    place: Place | None = None

    def render(self) -> str:
        """Return the problem as text of two or three lines, without a line end."""
        lines = [f"error[settings]: `{self.path}` {self.message}" if self.path else f"error[settings]: {self.message}"]
        if self.place is not None:
            lines.append(f"  --> {self.place}")
        if self.help:
            lines.append(f"  = help: {self.help}")
        return "\n".join(lines)


class SettingsError(ValueError):
    """A stack's settings are not usable; ``problems`` has every reason, in the order of the file where known."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems; the message counts them and shows the first."""
        self.problems = tuple(problems)
        first = self.problems[0]
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        super().__init__(f"`{first.path}` {first.message}{more}" if first.path else f"{first.message}{more}")

    def render(self) -> str:
        """Return all problems as text, one paragraph each."""
        return "\n\n".join(problem.render() for problem in self.problems)
