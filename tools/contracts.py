"""The packaged contracts as JSON, which is read in a hundredth of the time: ``python -m tools.contracts`` writes it.

The YAML beside each is the source, with its comments; tests/contracts/test_load.py wants the two in step.
"""

import json

from validation.contracts.load import NAMES, packaged
from validation.yamltext import parse_yaml


def render(name: str) -> str:
    """Return the JSON of a packaged contract, made of its YAML."""
    return json.dumps(parse_yaml(packaged(name, ".yaml").read_bytes()).value, indent=1) + "\n"


def main() -> None:
    """Write the JSON of all of them."""
    for name in NAMES:
        packaged(name, ".json").write_text(render(name))


if __name__ == "__main__":
    main()
