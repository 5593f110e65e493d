"""Write the metrics of every vLLM version: ``python -m tools.engine_table.metrics ARCHIVE...``, oldest first or not.

Read statically from the one module that defines what `/metrics` shows of requests, queue and cache in every version.
"""

import argparse
import ast
import json
from pathlib import Path

from tools.engine_table.archive import Sources
from validation.engine.tables import FOLDER, number

LOGGERS = "vllm/v1/metrics/loggers.py"
KINDS = {"_gauge_cls": "gauge", "_counter_cls": "counter", "_histogram_cls": "histogram"}


def main() -> None:
    """Read the archives and write metrics.json: each metric with its kind and the versions that have it."""
    parser = argparse.ArgumentParser(prog="python -m tools.engine_table.metrics", description=__doc__)
    parser.add_argument("vllm", type=Path, nargs="+")
    found = {}
    for path in parser.parse_args().vllm:
        sources = Sources.open(path, "vllm")
        found[sources.version] = metrics(sources)
    path = FOLDER / "metrics.json"
    path.write_text(json.dumps(merged(found), indent=1, sort_keys=True) + "\n")
    print(f"{path.name}: {len(found)} versions")


def metrics(vllm: Sources) -> dict[str, str]:
    """Return the kind of each metric by its name in the source, which for a counter lacks `_total`."""
    found: dict[str, str] = {}
    for node in ast.walk(vllm.tree(LOGGERS)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KINDS:
            names = (each.value for each in node.keywords if each.arg == "name")
            found |= {ast.literal_eval(name): KINDS[node.func.attr] for name in names if _is_text(name)}
    return found


def merged(found: dict[str, dict[str, str]]) -> dict[str, object]:
    """Return the versions that were read, and each metric with its kind and those of them that have it."""
    versions = sorted(found, key=number)
    names = sorted({name for table in found.values() for name in table})
    return {
        "versions": versions,
        "metrics": {
            name: {
                "kind": next(found[version][name] for version in versions if name in found[version]),
                "first": next(version for version in versions if name in found[version]),
                "last": next(version for version in reversed(versions) if name in found[version]),
            }
            for name in names
        },
    }


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("vllm:")


if __name__ == "__main__":
    main()
