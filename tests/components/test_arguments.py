"""The arguments, against the flags that the engine's own table knows."""

from typing import Any

import pytest
import yaml
from packaging.version import Version

from components.server.args import VllmInferenceServiceArgs
from components.server.arguments import REFUSED, arguments, config_text
from tests.components.examples import service_args
from validation.engine.tables import available_versions, load_engine

# Older ones are refused: their API key can be bypassed.
SERVED = [version for version in available_versions() if Version(version) >= Version("0.22.0")]
EVERYTHING: dict[str, Any] = {
    "gpu_memory_utilization": 0.9,
    "dtype": "bfloat16",
    "kv_cache_dtype": "fp8",
    "quantization": "fp8",
    "max_num_seqs": 1,
    "max_num_batched_tokens": 1,
    "limit_mm_per_prompt": {"image": 1},
    "runner": "pooling",
    "convert": "embed",
    "config_format": "mistral",
    "multimodal": True,
    "enforce_eager": True,
    "trust_remote_code": True,
    "nodes_per_replica": 2,
    "adapters": [{"name": "sql", "path": "sql"}],
    "max_lora_rank": 16,
    "max_loras": 1,
    "max_cpu_loras": 1,
}


OF_A_POD = ("node-rank", "master-addr", "headless")  # on the command line of a replica that spans nodes


def everything() -> VllmInferenceServiceArgs:
    """Return arguments that make every flag Slipway has."""
    return service_args(**EVERYTHING)


@pytest.mark.parametrize("version", SERVED)
def test_every_flag_is_one_that_the_engine_has(version: str) -> None:
    """An unknown flag stops the server after the GPU is rented."""
    table = load_engine(version)
    known = {flag.replace("_", "-") for flag in table.serve_flags}

    assert set() == {*arguments(everything(), 120), *OF_A_POD} - known


def test_every_refused_flag_is_one_that_the_newest_engine_has() -> None:
    """A refusal of a flag that was renamed would guard nothing."""
    known = {flag.replace("_", "-") for flag in load_engine(SERVED[-1]).serve_flags}

    assert set() == set(REFUSED) - known


def test_the_config_file_reads_back_as_the_flags() -> None:
    """YAML that vLLM's loader reads: flat, in the order of the names, with texts that stay texts."""
    flags = {**arguments(service_args(served_model_name="1e3"), 120), "z": "no", "a": "0x10"}
    text = config_text(flags)

    assert flags == yaml.safe_load(text)
    assert ["1e3"] == yaml.safe_load(text)["served-model-name"]
    assert sorted(flags) == [line.partition(":")[0] for line in text.splitlines() if not line.startswith("- ")]


def test_a_switch_that_is_off_is_left_out() -> None:
    """The loader of vLLM turns false into `--no-...`, which not every flag has."""
    assert set() == {"enforce-eager", "trust-remote-code"} & set(
        arguments(service_args(enforce_eager=False, trust_remote_code=False), 120)
    )
