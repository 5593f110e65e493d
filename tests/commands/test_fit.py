"""``python -m validation fit`` as a black box: exit codes, JSON, and folders that hold a config.json alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command import validation

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
    "max_position_embeddings": 8192,
    "torch_dtype": "bfloat16",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that holds the configuration of Llama 3 8B and nothing else."""
    found = tmp_path / "llama"
    found.mkdir()
    (found / "config.json").write_text(json.dumps(LLAMA))
    return found


def _json(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = validation("fit", str(folder), "--format", "json", *arguments, home=folder)
    assert not done.stderr
    return done.returncode, json.loads(done.stdout)


def test_without_a_gpu_the_cache_is_known_and_the_rest_is_null(folder: Path) -> None:
    """A config.json alone says what a token and a request take, and what would hold the model."""
    code, found = _json(folder)
    assert 0 == code
    assert 1 == found["version"]
    assert {"version", "supported", "reason", "architecture", "runner", "max_model_len"} == set(found["engine"])
    assert 131072 == found["fit"]["kv_cache_bytes_per_token"]
    assert 1 << 30 == found["fit"]["kv_cache_bytes_per_request"]
    assert [None] * 8 == [
        found["fit"][key]
        for key in (
            "gpu",
            "tensor_parallel",
            "kv_cache_bytes",
            "kv_cache_tokens",
            "max_concurrency",
            "fits",
            "low",
            "high",
        )
    ]
    assert "L4" == found["alternatives"][0]["gpu"]


def test_a_gpu_that_holds_the_model_exits_with_0(folder: Path) -> None:
    """Everything about the GPU is a number, and the estimate lies within its own bounds."""
    code, found = _json(folder, "--gpu", "H100", "--max-model-len", "4096")
    fit = found["fit"]
    assert 0 == code
    assert ("H100-SXM", 1, True) == (fit["gpu"], fit["tensor_parallel"], fit["fits"])
    assert fit["low"] < fit["kv_cache_bytes"] < fit["high"]
    assert 1 << 29 == fit["kv_cache_bytes_per_request"]
    assert fit["max_concurrency"] > 1


def test_a_gpu_that_does_not_exits_with_1(folder: Path) -> None:
    """61 GiB of stated weights are too much for an L4."""
    code, found = _json(folder, "--gpu", "L4", "--weights-gib", "61")
    assert (1, False) == (code, found["fit"]["fits"])
    assert 61 * (1 << 30) == found["fit"]["weights_bytes"]


def test_an_empty_configuration_exits_with_3(tmp_path: Path) -> None:
    """Nothing is guessed: null, no alternatives, and the exit code for what could not be checked."""
    (tmp_path / "config.json").write_text("{}")
    code, found = _json(tmp_path, "--gpu", "L4")
    assert 3 == code
    assert [None, None] == [found["fit"][key] for key in ("fits", "kv_cache_bytes_per_token")]
    assert [] == found["alternatives"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--gpu", "L40X"), "GPU `L40X` is not in the catalogue, did you mean `L40S`"),
        (("--gpus", "2"), "--gpus needs --gpu; type `--gpu NAME` too"),
        (("--nodes", "2"), "--nodes needs --gpu; type `--gpu NAME` too"),
        (("--gpu", "H100", "--gpus", "16"), "--gpus: a node has 8 H100-SXM at most; type `--gpus 8 --nodes 2`"),
        (("--gpu", "H100", "--nodes", "17"), "takes a number up to 16"),
        (("--gpu", "h100/1g.10gb", "--nodes", "2"), "a part of a GPU cannot span nodes"),
        (("--engine", "newest"), "--engine is no vLLM version"),
        (("--gpu-memory-utilization", "1.5"), "takes a number above 0 and at most 1"),
        (("--weights-gib", "nan"), "takes a number above 0 and at most"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    """One line that says what to type instead, and no traceback."""
    done = validation("fit", str(folder), *arguments, home=folder)
    assert 2 == done.returncode
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_text_shows_a_bar_for_each_gpu_and_what_else_would_do(folder: Path) -> None:
    """Two GPUs, two bars, a verdict and a table with the cheapest first."""
    done = validation("fit", str(folder), "--gpu", "L4", "--gpus", "2", "--max-model-len", "8192", home=folder)
    lines = done.stdout.splitlines()
    assert 0 == done.returncode
    assert 2 == len([line for line in lines if line.startswith("GPU ") and "[#" in line])
    assert any(line.startswith("fits 2 x L4 with a context of 8,192 tokens, ") for line in lines)
    header = next(number for number, line in enumerate(lines) if line.startswith("GPUs "))
    assert "1 x L4" == lines[header + 1].split("  ")[0]


def test_several_nodes_are_shown_with_their_layers(folder: Path) -> None:
    """The stack's own words: GPUs of each node, nodes, and which stage is the tightest."""
    wished = ("--gpu", "L4", "--gpus", "2", "--nodes", "2", "--max-model-len", "8192")
    code, found = _json(folder, *wished)
    done = validation("fit", str(folder), *wished, home=folder)
    assert (0, 2, 2) == (code, found["fit"]["tensor_parallel"], found["fit"]["pipeline_parallel"])
    assert "layers 16 + 16 on 2 nodes; shown is stage 1, the tightest" in done.stdout.splitlines()
    assert 4 == done.stdout.count("GPU ")
