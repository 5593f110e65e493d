"""Pydantic's errors in this project's words."""

from typing import Any

import pytest

from stacks.explanation import dotted, nearest, shown
from tests.stacks.stack import found, stack, with_cluster, with_model, with_pool

NO_KEY = "is no key that belongs here"
ACCESS_MODES = "has to be one of `ReadWriteOnce`, `ReadWriteMany` or `ReadOnlyMany`"


@pytest.mark.parametrize(
    ("values", "path", "message", "help_"),
    [
        (with_model(pool=None), "models[0].pool", "is missing", "add it"),
        (with_model(maxModelLen="4096"), "models[0].maxModelLen", "has to be a whole number", None),
        (with_model(maxModelLen=True), "models[0].maxModelLen", "has to be a whole number", None),
        (with_model(maxModelLen=0), "models[0].maxModelLen", "has to be at least 1", "set it to 1 or more"),
        (with_model(gpusPerReplica=17), "models[0].gpusPerReplica", "has to be at most 16", "set it to 16 or less"),
        (with_model(gpuMemoryUtilization="0.9"), "models[0].gpuMemoryUtilization", "has to be a number", None),
        (with_model(functionCalling="yes"), "models[0].functionCalling", "has to be true or false", None),
        (with_model(endpoint=[]), "models[0].endpoint", "has to be a mapping of keys", "write `key: value` pairs"),
        (with_model(ignore={}), "models[0].ignore", "has to be a list", None),
        (with_model(revision=7), "models[0].revision", "has to be a string", "put the value in quotes"),
        (
            with_model(dtype="int4"),
            "models[0].dtype",
            "has to be one of `auto`, `bfloat16`, `float16` or `float32`",
            None,
        ),
        (
            with_model(kvCacheDtype="FP8"),
            "models[0].kvCacheDtype",
            "has to be one of `auto`, `bfloat16`, `float16`, `fp8`, `fp8_e4m3` or `fp8_e5m2`",
            "did you mean `fp8`?",
        ),
        (with_model(weights={"accessMode": 1}), "models[0].weights.accessMode", ACCESS_MODES, ""),
        (
            with_model(replicas={"minimum": 1}),
            "models[0].replicas.minimum",
            NO_KEY,
            "did you mean `min`?",
        ),
        (
            with_model(max_model_len=4096),
            "models[0].max_model_len",
            NO_KEY,
            "did you mean `maxModelLen`?",
        ),
        (
            with_cluster(gateway={"name": "a", "namespace": "b", "qqq": 1}),
            "cluster.gateway.qqq",
            NO_KEY,
            "use one of `name`, `namespace`, `sectionName`",
        ),
        (with_pool(nodeSelector={"a b": "c"}), "nodePools[0].nodeSelector.<key>", "is no label of a node", None),
        (with_model(tensorParallelSize=2), "models[0].tensorParallelSize", NO_KEY, "did you mean `gpusPerReplica`?"),
        (with_model(hostname="a.example.com"), "models[0].hostname", NO_KEY, "move it under `endpoint`"),
        (with_model(path="granite"), "models[0].path", NO_KEY, "move it under `adapters` or `weights`"),
        (with_model(cachePath="/mnt/a"), "models[0].cachePath", NO_KEY, "move it to `slipway:nodePools[].cachePath`"),
        (
            with_model(replicas={"idleSeconds": 1800}),
            "models[0].replicas.idleSeconds",
            NO_KEY,
            "move it to `slipway:models[].scaling.idleSeconds`",
        ),
        (
            with_model(replicas=2),
            "models[0].replicas",
            "has to be a mapping of keys",
            "write `key: value` pairs, with the keys `min`, `max`",
        ),
        (with_model(source="models/mine", weights="claim"), "models[0].weights", "has to be a mapping of keys", None),
        (with_cluster(hosts=[]), "cluster.hosts", NO_KEY, "move it out, to `slipway:hosts`"),
        ({**stack(), "modells": []}, "modells", NO_KEY, "did you mean `models`?"),
        (
            {**stack(), "hosts": [{"name": "api", "hostname": "a.example.com", "routes": []}]},
            "hosts[0].routes",
            "has to have 1 or more items",
            "add what is missing",
        ),
        ({**stack(), "engine": {}}, "engine.version", "is missing", "add it"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_type(
    values: dict[str, Any], path: str, message: str, help_: str | None
) -> None:
    """One problem, at the key, in words that a person can act on."""
    (problem,) = found(values)

    assert (f"slipway:{path}", message) == (problem.path, problem.message)
    assert help_ in {None, problem.help}


def test_a_long_list_is_refused_by_its_length() -> None:
    """A stack of a thousand models is the largest."""
    values = stack()
    values["nodePools"] = values["nodePools"] * 1001

    assert "has more than 1000 items" in {problem.message for problem in found(values)}


@pytest.mark.parametrize("key", ["hf_abcdefgh", "sk-proj", "eyJhbGciOi", "a" * 25, "two words", "ключ", ""])
def test_a_key_that_may_be_a_pasted_secret_is_not_shown(key: str) -> None:
    """People paste tokens in the wrong column too."""
    assert "<key>" == shown(key)


@pytest.mark.parametrize("key", ["maxModelLen", "gpu", "nvidia.com/gpu.product", "limit_mm_per_prompt"])
def test_a_key_that_is_a_name_is_shown(key: str) -> None:
    """A mistyped key is found by reading it."""
    assert key == shown(key)


def test_paths_read_as_they_are_typed() -> None:
    """The namespace, dots between keys, brackets around numbers."""
    assert "slipway:models[0].replicas.min" == dotted(("models", 0, "replicas", "min"))


def test_nothing_is_nearest_to_nonsense() -> None:
    """A suggestion that is no help is not made."""
    assert "" == nearest("zzzzzz", ["models", "engine"])
