"""Whatever a stack holds, reading it ends in settings or in problems, and no value comes back out."""

import json
import string
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stacks.explanation import known_keys
from stacks.problem import SettingsError
from stacks.reader import read_config, read_stack_file
from stacks.wishes import wishes
from tests.stacks.stack import as_config, file_problems, stack

CANARY = "S3cret\tCanary!"  # a tab, so that no free text takes it
KEYS = sorted(
    {
        "name",
        "source",
        "pool",
        "replicas",
        "min",
        "max",
        "endpoint",
        "weights",
        "secure",
        "version",
        "gpu",
        *known_keys(),
    }
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(CANARY)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value in a stack, inner nodes too."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return (
        [path, *(leaf for key, child in children for leaf in leaves(child, (*path, key)))]
        if path
        else [leaf for key, child in children for leaf in leaves(child, (key,))]
    )


def outcome(values: Mapping[str, object]) -> str:
    """Return the rendered problems of a stack, or that it is valid."""
    try:
        return f"{len(wishes(read_config(values)))} models"
    except SettingsError as error:
        return error.render()


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> Any:
    """Return the stack with another value at the path."""
    if not path:
        return new
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


def full() -> dict[str, Any]:
    """Return a stack that states most keys."""
    values = stack()
    values["validation"] = {
        "contract": "vllm",
        "failOn": "warning",
        "licences": {"deny": ["other"], "accepted": ["a/b"]},
    }
    values["cluster"] |= {"autoscaler": "keda", "prometheus": "http://prometheus.monitoring.svc:9090"}
    values["huggingFaceTokenSecret"] = {"name": "hub", "key": "token"}
    values["models"][0] |= {
        "revision": "main",
        "type": "chat",
        "maxModelLen": 4096,
        "dtype": "auto",
        "quantization": "awq",
        "limitMmPerPrompt": {"image": 1},
        "replicas": {"min": 1, "max": 2},
        "scaling": {"waitingRequests": 8},
        "endpoint": {
            "visibility": "public",
            "hostname": "a.example.com",
            "allowFrom": ["10.0.0.0/8"],
            "apiKeySecret": {"name": "key", "key": "api-key"},
        },
        "weights": {"storageClass": "fast", "accessMode": "ReadWriteMany"},
        "ignore": [{"rule": "licence-missing", "reason": "asked the author"}],
    }
    return values


PATHS = leaves(full())


@RELAXED
@given(values=st.dictionaries(st.sampled_from(known_keys()) | st.text(max_size=10), VALUES, max_size=6))
def test_arbitrary_values_end_in_settings_or_problems(values: dict[str, object]) -> None:
    """No value makes a traceback."""
    assert outcome(values)


@RELAXED
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_any_value_in_any_place_ends_in_settings_or_problems(path: tuple[str | int, ...], value: object) -> None:
    """One wrong value in a good stack is told, not raised, from JSON text too."""
    assert outcome(as_config(replaced(full(), path, value)))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", [CANARY, [CANARY], {CANARY: CANARY}, {"secure": CANARY, "x": 1}])
def test_a_secret_pasted_anywhere_is_not_repeated(tmp_path: Path, path: tuple[str | int, ...], value: object) -> None:
    """Errors of both readers name the key and the place, and never show what stands there."""
    values = replaced(full(), path, value)
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(json.dumps({"config": {f"slipway:{key}": item for key, item in values.items()}}))
    with pytest.raises(SettingsError) as caught:
        read_config(values)
    shown = [caught.value.render(), str(caught.value), repr(caught.value), *map(repr, file_problems(file))]

    assert [] == [text for text in shown if "Canary" in text]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@RELAXED
@given(text=st.text(alphabet=string.printable, max_size=200) | st.binary(max_size=200))
def test_arbitrary_files_end_in_problems(text: str | bytes) -> None:
    """No file makes a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Pulumi.test.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        with pytest.raises(SettingsError):
            read_stack_file(file)


@pytest.mark.parametrize(
    "value",
    [
        '"\\ud800"',
        '{"\\ud800": 1}',
        "[" * 10_000,
        "1e999",
        "NaN",
        '{"a": 1, "a": 2}',
        "9" * 5000,
        "\ud800",
        object(),
        {1: 2},
        float("nan"),
        b"bytes",
    ],
    ids=range(12),
)
@pytest.mark.parametrize("key", ["cluster", "models", "unknown", "slipway:engine"])
def test_what_is_no_json_is_a_problem(key: str, value: object) -> None:
    """Values that no YAML file can hold come from programs, and are told too."""
    values = {name: item for name, item in stack().items() if not key.endswith(name)}

    with pytest.raises(SettingsError):
        read_config({**values, key: value})


def test_a_value_that_holds_itself_is_a_problem() -> None:
    """A cycle ends too."""
    cycle: list[object] = []
    cycle.append(cycle)

    with pytest.raises(SettingsError):
        read_config({**stack(), "models": cycle})


def test_a_thousand_models_are_read_in_seconds() -> None:
    """Cost grows with the stack, not with its square."""
    values = stack()
    first = values["models"][0]
    values["models"] = [{**first, "name": f"m{number}"} for number in range(1000)]

    assert 1000 == len(wishes(read_config(as_config(values))))
