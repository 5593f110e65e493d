"""The JSON schema that editors use."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from stacks import schema
from tests.stacks.stack import as_config, stack, with_cluster, with_model, with_pool

ROOT = Path(__file__).parent.parent.parent
STACKS = sorted([*(ROOT / "stacks").glob("Pulumi.*.yaml"), *(ROOT / "examples" / "stacks").glob("Pulumi.*.yaml")])


def errors(document: object) -> list[str]:
    """Return what the schema says against a stack file."""
    return [error.message for error in jsonschema.Draft202012Validator(schema.schema()).iter_errors(document)]


def document(values: dict[str, Any]) -> dict[str, Any]:
    """Return a stack file with these settings."""
    return {"config": {key: json.loads(value) for key, value in as_config(values).items()}}


def test_the_file_is_fresh() -> None:
    """The schema in the repository is the one of these settings; `make schema` writes it."""
    assert 0 == schema.main(["--check"])


def test_a_stale_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check fails before a write and passes after it."""
    monkeypatch.setattr(schema, "FILE", tmp_path / "schema.json")

    assert [1, 0, 0] == [schema.main(["--check"]), schema.main([]), schema.main(["--check"])]


def test_another_argument_is_a_usage_error() -> None:
    """A mistyped option does not write a file."""
    assert 2 == schema.main(["--chekc"])


def test_it_is_a_schema_of_its_dialect() -> None:
    """Editors refuse schemas that are not what they say."""
    jsonschema.Draft202012Validator.check_schema(schema.schema())

    assert schema.DIALECT == schema.schema()["$schema"]


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_every_shipped_stack_is_valid(path: Path) -> None:
    """An editor shows no mark in a stack that ships."""
    assert [] == errors(yaml.safe_load(path.read_text()))


def test_every_key_is_explained() -> None:
    """The texts an editor shows come from the docstrings."""
    silent = [
        f"{name}.{key}"
        for name, definition in schema.schema()["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if not value.get("description")
    ]

    assert [] == silent


@pytest.mark.parametrize(
    "values",
    [
        with_model(maxModelLenght=1),
        with_model(source="https://example.com/x"),
        with_model(replicas={"max": 0}),
        with_model(dtype="int4"),
        with_model(pool=None),
        with_pool(name="vllm"),
        with_cluster(platform="openstack"),
        {**stack(), "apiKey": "plain"},
        {**stack(), "modells": []},
    ],
)
def test_an_editor_marks_what_the_reader_refuses(values: dict[str, Any]) -> None:
    """Most mistakes show while typing."""
    assert errors(document(values))


def test_sealed_secrets_and_keys_of_providers_are_allowed() -> None:
    """A stack file holds more than this project's settings."""
    sealed = document({**stack(), "apiKey": {"secure": "v1:a:b"}})
    sealed["config"]["kubernetes:context"] = "dev"

    assert [] == errors({**sealed, "encryptionsalt": "v1:x"})
