"""What is measured, each in a process of its own: ``python -m tools.measured WHAT ARGUMENTS...`` prints one JSON line.

``network URL SOURCE`` reads a repository; ``huge URL SOURCE`` checks one and tells its memory; ``findings COUNT``
renders a report.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path


def network(url: str, source: str) -> dict[str, float]:
    """Return the seconds from the first request to the last answer."""
    from validation.sources import session  # noqa: PLC0415 - its import is not the network's
    from validation.sources.read import SourceOptions, SourceRequest, read_all  # noqa: PLC0415 - as above

    start = time.perf_counter()
    (facts,) = read_all([SourceRequest(source)], SourceOptions(endpoint=url, token=""))
    return {"seconds": time.perf_counter() - start, "ok": facts.readable and session is not None}


def huge(url: str, source: str) -> dict[str, float]:
    """Return the seconds of a whole check, and the most memory that this process ever had, in bytes."""
    from validation.check import ModelRequest, Policy, check_models  # noqa: PLC0415 - measured too
    from validation.sources.read import SourceOptions  # noqa: PLC0415 - as above

    start = time.perf_counter()
    (report,) = check_models([ModelRequest(source=source)], Policy(sources=SourceOptions(endpoint=url, token="")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": time.perf_counter() - start, "peak": peak, "ok": report.facts.readable}


def findings(count: str) -> dict[str, float]:
    """Return the seconds of the processor that a report of so many findings takes in all formats together."""
    from validation.check import ModelRequest, Policy, check_models  # noqa: PLC0415 - not measured
    from validation.output import FORMATS, render  # noqa: PLC0415 - not measured
    from validation.sources.read import SourceOptions  # noqa: PLC0415 - not measured

    options = SourceOptions(base=Path(__file__).parent.parent)
    (report,) = check_models([ModelRequest(source="examples/bad/chat-template-missing")], Policy(sources=options))
    several = replace(report, findings=tuple(report.findings[0] for _ in range(int(count))))
    start = time.process_time()
    size = sum(len(render(name, [several])) for name in FORMATS)
    return {"seconds": time.process_time() - start, "ok": size > 0}


KINDS: dict[str, Callable[..., dict[str, float]]] = {
    "network": network,
    "huge": huge,
    "findings": findings,
}


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a line of JSON."""
    print(json.dumps(KINDS[arguments[0]](*arguments[1:])))


if __name__ == "__main__":
    main(sys.argv[1:])
