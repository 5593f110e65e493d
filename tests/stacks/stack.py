"""A small valid stack for tests to spoil, and short ways to read one."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stacks.problem import Problem, SettingsError
from stacks.reader import read_config, read_stack_file

_STACK: dict[str, Any] = {
    "cluster": {"platform": "existing", "gateway": {"name": "public", "namespace": "gateways"}},
    "engine": {"version": "0.33.0"},
    "nodePools": [{"name": "l4", "gpu": "L4", "gpusPerNode": 2}],
    "models": [
        {"name": "granite", "source": "hf://ibm-granite/granite-3.3-2b-instruct", "pool": "l4"},
        {"name": "tiny", "source": "examples/good/tiny-chat", "pool": "l4", "weights": {"claim": "models"}},
    ],
}


def stack() -> dict[str, Any]:
    """Return a fresh valid stack, without the namespace of its keys."""
    return copy.deepcopy(_STACK)


def with_model(**keys: object) -> dict[str, Any]:
    """Return the stack with these keys in its first model; None takes a key away."""
    changed = stack()
    model = {**changed["models"][0], **keys}
    changed["models"][0] = {key: value for key, value in model.items() if value is not None}
    return changed


def with_pool(**keys: object) -> dict[str, Any]:
    """Return the stack with these keys in its node pool."""
    changed = stack()
    changed["nodePools"][0] |= keys
    return changed


def with_cluster(**keys: object) -> dict[str, Any]:
    """Return the stack with these keys of its cluster."""
    changed = stack()
    changed["cluster"] |= keys
    return changed


def as_config(values: Mapping[str, object]) -> dict[str, str]:
    """Return the values as Pulumi hands them to a program: JSON text by full key."""
    return {f"slipway:{key}": json.dumps(value) for key, value in values.items()}


def problems(values: Mapping[str, object]) -> dict[str, str]:
    """Return message by path of every problem of a stack; empty when it is valid."""
    return {problem.path: problem.message for problem in found(values)}


def found(values: Mapping[str, object]) -> tuple[Problem, ...]:
    """Return every problem of a stack; empty when it is valid."""
    try:
        read_config(as_config(values))
    except SettingsError as error:
        return error.problems
    return ()


def write(folder: Path, values: Mapping[str, object], **others: object) -> Path:
    """Write a stack file with these settings and return its path."""
    path = folder / "Pulumi.test.yaml"
    config = {f"slipway:{key}": value for key, value in values.items()}
    path.write_text(yaml.safe_dump({"config": config, **others}, sort_keys=False), encoding="utf-8")
    return path


def file_problems(path: Path) -> tuple[Problem, ...]:
    """Return every problem of a stack file; empty when it is valid."""
    try:
        read_stack_file(path)
    except SettingsError as error:
        return error.problems
    return ()
