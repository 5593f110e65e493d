"""The checks that some stacks fail on purpose, each with its reason; ``make judges`` wants exactly these to fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

PAGE = Path(__file__).parents[2] / "docs" / "judges.md"
SMALL = ("demo", "dev", "staging", "shared")  # the stacks of one replica, by a tag that people read
BEGIN, END = "<!-- kept, by `make docs` -->\n", "<!-- end of kept -->"
COLUMNS = "| check | fails in | because |\n|---|---|---|\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Which stacks may fail a check, and why."""

    stacks: Sequence[str]
    why: str


KEPT: Mapping[str, Leave] = MappingProxyType(
    {
        "CKV_K8S_43 Image should use digest": Leave(
            stacks=SMALL,
            why="a tag says which vLLM it is; a digest has to be looked up first, and `engine.image` takes one",
        ),
        "deployment-replicas": Leave(
            stacks=SMALL,
            why="one replica is one GPU to pay for; who needs a second one sets `replicas.min`, as `prod` does",
        ),
    }
)


def document(page: str) -> str:
    """Return the page with the table as the list has it."""
    head, _, rest = page.partition(BEGIN)
    rows = (f"| `{check}` | {', '.join(leave.stacks)} | {leave.why} |\n" for check, leave in KEPT.items())
    return "".join([head, BEGIN, "\n", COLUMNS, *rows, "\n", END, rest.partition(END)[2]])


if __name__ == "__main__":
    PAGE.write_text(document(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
