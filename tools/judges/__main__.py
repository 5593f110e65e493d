"""The command: ``python -m tools.judges [--peers FOLDER]``."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.judges.bench import install, judge
from tools.judges.kept import KEPT
from tools.judges.peers import judged_now, measured
from tools.judges.stacks import rendered
from tools.judges.verdict import Verdict, faults, head

FAULTS, COULD_NOT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 for a check that fails without leave, 2 when a judge or a rendering cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tools.judges", description=__doc__)
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="judge the manifests of others in the same run")
    options = parser.parse_args(arguments)
    try:
        install()
        with tempfile.TemporaryDirectory() as folder:
            verdicts = [judge(stack, objects) for stack, objects in rendered(Path(folder)).items()]
        others = list(judged_now(options.peers)) if options.peers else []
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"could not judge: {error}", file=sys.stderr)
        return COULD_NOT
    _show(verdicts, others)
    found = list(faults(verdicts, {check: leave.stacks for check, leave in KEPT.items()}))
    print("\n".join(found) if found else "nothing fails but what docs/judges.md lists with its reason")
    return FAULTS if found else 0


def _show(verdicts: Sequence[Verdict], others: Sequence[Verdict]) -> None:
    print(head(), *verdicts, sep="\n")
    if others:
        print("  others, judged in this run", *others, sep="\n")
    print("  others' defaults (tests/fixtures/peer_scan.csv)", *measured(), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
