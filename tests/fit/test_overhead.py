"""The overhead against start-up logs that people have published; each case names its thread or file."""

from dataclasses import replace

import pytest

from tests.fit.models import LLAMA, resolved
from validation.fit.catalogue import GIB, find_gpu
from validation.fit.overhead import Batch, default_batch, overhead
from validation.jsontext import JsonObject

QWEN: JsonObject = {**LLAMA, "hidden_size": 5120, "intermediate_size": 25600, "vocab_size": 151936}  # Qwen3-32B
GPT_OSS: JsonObject = {
    **LLAMA,
    "hidden_size": 2880,
    "intermediate_size": 2880,
    "num_local_experts": 32,
    "num_experts_per_tok": 4,
    "vocab_size": 201088,
    "num_hidden_layers": 24,
}
LARGE, SMALL = Batch(tokens=8192, sequences=1024), Batch(tokens=2048, sequences=256)


@pytest.mark.parametrize(
    ("config", "batch", "version", "gpus", "measured"),
    [
        (GPT_OSS, LARGE, "0.11.0", 1, 7.38 + 0.13),  # llm-d-benchmark 87ab01be: H100
        (QWEN, LARGE, "0.11.0", 1, 5.64 + 0.14),  # the same
        (QWEN, LARGE, "0.11.0", 2, 5.64 + 0.54),  # the same
        (GPT_OSS, SMALL, "0.19.0", 1, 1.21),  # myoceane.fr: A100, 0.65 x 79.22 - 13.72 - 36.56
        (
            {**QWEN, "hidden_size": 4096, "intermediate_size": 12288},
            SMALL,
            "0.19.0",
            1,
            0.86,
        ),  # Qwen3-8B on an RTX 5090
    ],
)
def test_logs_are_met(config: JsonObject, batch: Batch, version: str, gpus: int, measured: float) -> None:
    """The model comes within a tenth of what was logged."""
    found = overhead(
        resolved(config), batch, version=version, tensor_parallel=gpus, multimodal=False, eager=False, pooling=False
    )
    assert pytest.approx(measured, rel=0.1) == found.total / GIB
    assert found.spread > abs(found.total - measured * GIB)


def test_graphs_count_since_0_21() -> None:
    """Newer versions take CUDA graphs from the budget, and none when they are switched off."""
    found = {
        (version, eager): overhead(
            resolved(LLAMA), SMALL, version=version, tensor_parallel=1, multimodal=False, eager=eager, pooling=False
        ).graphs
        for version in ("0.20.0", "0.21.0")
        for eager in (False, True)
    }
    assert [False, False, True, False] == [size > 0 for size in found.values()]


def test_an_image_encoder_has_a_peak_of_its_own() -> None:
    """An encoder of free resolution is profiled with the largest image."""
    vision: JsonObject = {"hidden_size": 1280, "intermediate_size": 3420, "spatial_merge_size": 2}
    config = resolved({**LLAMA, "vocab_size": 1000, "vision_config": vision})
    with_images, without = (
        overhead(config, SMALL, version="0.33.0", tensor_parallel=1, multimodal=seen, eager=True, pooling=False)
        for seen in (True, False)
    )
    assert with_images.total - without.total > GIB


def test_a_pooling_model_runs_no_sampler() -> None:
    """A large vocabulary costs an embedding model nothing."""
    pooled, sampled = (
        overhead(
            resolved(QWEN), SMALL, version="0.33.0", tensor_parallel=1, multimodal=False, eager=True, pooling=pooling
        )
        for pooling in (True, False)
    )
    assert pooled.total < sampled.total


@pytest.mark.parametrize(
    ("gpu", "batch"),
    [
        ("L4", Batch(tokens=2048, sequences=256)),
        ("A100-80", Batch(tokens=2048, sequences=256)),
        ("H100-SXM", Batch(tokens=8192, sequences=1024)),
        ("B200", Batch(tokens=16384, sequences=1024)),
    ],
)
def test_larger_gpus_take_larger_batches(gpu: str, batch: Batch) -> None:
    """The API server's defaults depend on the GPU's memory, and on its not being an A100."""
    assert batch == default_batch(find_gpu(gpu))


def test_the_spread_grows_with_the_overhead() -> None:
    """A larger estimate is less sure in absolute terms."""
    small, large = (
        overhead(
            resolved(QWEN), batch, version="0.33.0", tensor_parallel=1, multimodal=False, eager=True, pooling=False
        )
        for batch in (SMALL, LARGE)
    )
    assert small.spread < large.spread
    assert replace(small, activations=0).spread < small.spread
