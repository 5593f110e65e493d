"""The JSON schema of a stack file: ``python -m stacks.schema`` writes it, with ``--check`` compares."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stacks.settings import NAMESPACE, SECRETS, Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = Path(__file__).parent / "schema.json"
_SECRET_TEXTS = {
    "huggingFaceToken": "The Hub token, for gated and private models; read or fine-grained is enough.",
    "apiKey": "The API key of public endpoints; left out: each gets its own.",
}


def schema() -> dict[str, Any]:
    """Return the schema of a whole stack file, ``config:`` and Pulumi's own keys included."""
    settings = Settings.model_json_schema(by_alias=True)
    definitions = settings.pop("$defs")
    properties = {f"{NAMESPACE}:{key}": _tidy(value) for key, value in settings["properties"].items()}
    properties |= {f"{NAMESPACE}:{key}": _sealed(key) for key in SECRETS}
    config = {
        "type": "object",
        "description": "The stack's configuration; keys of other namespaces belong to Pulumi's providers.",
        "properties": properties,
        "required": [f"{NAMESPACE}:{key}" for key in settings["required"]],
        "patternProperties": {f"^(?!{NAMESPACE}:)[^:]+:": True},
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "A stack of Slipway",
        "type": "object",
        "properties": {
            "config": config,
            "environment": {"description": "Pulumi ESC environments to import."},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "encryptionsalt": {"type": "string"},
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": {name: _tidy(value) for name, value in sorted(definitions.items())},
    }


def render() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(), indent=2) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the file, or with ``--check`` return 1 when it is not fresh, or 2 for another argument."""
    text = render()
    if list(arguments) == ["--check"]:
        fresh = FILE.is_file() and FILE.read_text(encoding="utf-8") == text
        if not fresh:
            print(f"{FILE.name} is not fresh: run `make schema`", file=sys.stderr)  # noqa: T201 - a command's output
        return 0 if fresh else 1
    if arguments:
        print("usage: python -m stacks.schema [--check]", file=sys.stderr)  # noqa: T201 - a command's output
        return 2
    FILE.write_text(text, encoding="utf-8")
    return 0


def _sealed(key: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": f"{_SECRET_TEXTS[key]} Seal it: `pulumi config set --secret {key}`.",
        "properties": {"secure": {"type": "string"}},
        "required": ["secure"],
        "additionalProperties": False,
    }


def _tidy(value: object) -> object:
    """Leave out the titles that pydantic makes from names, and ``null`` where leaving a key out says the same."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {key: _tidy(inner) for key, inner in value.items() if not (key == "title" and isinstance(inner, str))}
    if "$ref" in tidy:
        tidy.pop("default", None)  # the defaults stand beside the keys inside
    choices = tidy.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        if len(rest) == 1 and tidy.get("default", ...) is None:
            del tidy["anyOf"], tidy["default"]
            return {**rest[0], **tidy}
    return tidy


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
