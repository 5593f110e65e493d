"""Bytes of weights on one GPU, from whatever is known of them."""

from dataclasses import replace

import pytest

from tests.fit.models import CHATS, LLAMA, facts, resolved, wish
from validation.engine.prediction import Prediction
from validation.facts import File, RepositoryFacts, Tensor
from validation.fit.catalogue import GIB
from validation.fit.weights import Place, Weights, WeightsSource, weights_of, whole_model
from validation.jsontext import JsonObject

FP8 = replace(CHATS, quantization="fp8")
SMALL: JsonObject = {**LLAMA, "num_hidden_layers": 2}


def _tensor(name: str, shape: tuple[int, ...], dtype: str = "BF16", file: str = "model.safetensors") -> Tensor:
    size = {"F32": 4, "BF16": 2, "F8_E4M3": 1}[dtype]
    for edge in shape:
        size *= edge
    return Tensor(name=name, dtype=dtype, shape=shape, size=size, file=file)


def _weights(found: RepositoryFacts, gpus: int = 1, prediction: Prediction = CHATS) -> Weights:
    weights = weights_of(found, resolved(found.config), prediction, None, Place(tensor_parallel=gpus))
    assert weights is not None
    return weights


def test_stated_bytes_beat_everything() -> None:
    """What is typed on the command line is taken."""
    found = facts(LLAMA, (File(path="model.safetensors", size=5),))
    weights = weights_of(found, resolved(LLAMA), CHATS, wish(weights_bytes=1 << 34), Place())
    assert Weights(total=1 << 34, each=1 << 34, source=WeightsSource.STATED) == weights


@pytest.mark.parametrize(
    ("stated", "shaped", "gpus", "whole"),
    [
        (30.59, 61.02, 2, 61.18),  # Qwen3-32B: what vLLM logs for one of two GPUs
        (61.03, 61.02, 2, 61.03),  # the same model as a whole
        (67.76, 131.41, 2, 67.76),  # Llama 3.3 70B in FP8, of which only the shape in bfloat16 is known
        (30.59, 61.02, 1, 30.59),
        (30.59, 0.0, 2, 30.59),
    ],
)
def test_what_one_gpu_of_several_holds_is_recognised(stated: float, shaped: float, gpus: int, whole: float) -> None:
    """A figure that is one GPU's share by the model's shape is taken as that, any other as the whole."""
    found = whole_model(round(stated * GIB), round(shaped * GIB), gpus)
    assert pytest.approx(whole * GIB, rel=0.0001) == found


def test_tensors_are_divided_and_small_ones_copied() -> None:
    """A matrix is halved over two GPUs; a norm stands on both."""
    matrix, norm = _tensor("model.layers.0.mlp.up_proj.weight", (4096, 4096)), _tensor("model.norm.weight", (4096,))
    weights = _weights(replace(facts(SMALL), tensors=(matrix, norm)), gpus=2)
    assert matrix.size + norm.size == weights.total
    assert matrix.size // 2 + norm.size == weights.each


def test_key_heads_are_copied_where_gpus_outnumber_them() -> None:
    """Two key heads over eight GPUs: each GPU holds one of the two."""
    keys = _tensor("model.layers.0.self_attn.k_proj.weight", (1024, 4096))
    weights = _weights(replace(facts({**SMALL, "num_key_value_heads": 2}), tensors=(keys,)), gpus=8)
    assert keys.size // 2 == weights.each


def test_a_tied_head_is_not_loaded_twice() -> None:
    """With tied embeddings a stored output head is skipped."""
    stored = tuple(_tensor(name, (1024, 1024)) for name in ("model.embed_tokens.weight", "lm_head.weight"))
    assert stored[0].size == _weights(replace(facts({**SMALL, "tie_word_embeddings": True}), tensors=stored)).total


def test_draft_layers_are_not_loaded() -> None:
    """Multi-token prediction stands behind the last layer and is for speculative decoding."""
    stored = tuple(_tensor(f"model.layers.{index}.mlp.up_proj.weight", (1024, 1024)) for index in range(3))
    assert 2 * stored[0].size == _weights(replace(facts(SMALL), tensors=stored)).total


def test_floats_take_the_models_dtype() -> None:
    """A checkpoint in float32 that is served in bfloat16 takes half its bytes; FP8 stays as it is."""
    wide, narrow = _tensor("model.a.weight", (1024, 1024), "F32"), _tensor("model.b.weight", (2048, 1024), "F8_E4M3")
    assert wide.size // 2 + narrow.size == _weights(replace(facts(SMALL), tensors=(wide, narrow))).total


def test_only_the_files_that_vllm_picks_count() -> None:
    """A consolidated copy beside the shards is one set, not two."""
    stored = (_tensor("a", (1024, 1024)), _tensor("b", (1024, 1024), file="consolidated.safetensors"))
    prediction = replace(CHATS, weight_files=("model.safetensors",))
    assert stored[0].size == _weights(replace(facts(SMALL), tensors=stored), prediction=prediction).total


def test_file_sizes_stand_in_for_tensors() -> None:
    """Without headers the sizes of the files say how large the model is."""
    weights = _weights(facts(LLAMA, (File(path="model.safetensors", size=16 << 30),)))
    assert (16 << 30, WeightsSource.FILES) == (weights.total, weights.source)


def test_counts_stand_in_for_sizes() -> None:
    """The Hub's counts by dtype say it too."""
    weights = _weights(replace(facts(LLAMA), parameters={"BF16": 8_030_261_248}))
    assert (16_060_522_496, WeightsSource.PARAMETERS) == (weights.total, weights.source)


def test_the_shape_stands_in_for_everything() -> None:
    """Llama 3 8B has 8.03 billion parameters by its configuration alone."""
    weights = _weights(facts(LLAMA))
    assert WeightsSource.SHAPE == weights.source
    assert abs(weights.total - 16_060_522_496) < 0.001 * weights.total


def test_a_quantized_shape_takes_fewer_bytes() -> None:
    """FP8 halves the matrices and leaves the embeddings."""
    quantized: JsonObject = {**LLAMA, "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
    embeddings = 2 * 2 * 128256 * 4096
    plain, narrow = _weights(facts(LLAMA)).total, _weights(facts(quantized), prediction=FP8).total
    assert abs(narrow - (embeddings + (plain - embeddings) / 2)) < 0.001 * plain


def test_modules_that_are_left_alone_keep_their_bytes() -> None:
    """An ignored module stays in bfloat16."""
    stated: JsonObject = {"quant_method": "fp8", "ignored_layers": ["re:.*self_attn.*", "lm_head"]}
    ignoring = _weights(facts({**LLAMA, "quantization_config": stated}), prediction=FP8).total
    everything = _weights(facts({**LLAMA, "quantization_config": {"quant_method": "fp8"}}), prediction=FP8).total
    assert ignoring > everything


def test_each_layer_may_have_its_own_method() -> None:
    """ModelOpt's mixed precision names the method of each module; what it does not name is left alone."""
    mixed: JsonObject = {
        "quant_method": "modelopt",
        "quantization": {
            "quant_algo": "MIXED_PRECISION",
            "quantized_layers": {"model.layers.0.mlp.down_proj": {"quant_algo": "NVFP4"}},
        },
    }
    config: JsonObject = {**SMALL, "quantization_config": mixed}
    network = 3 * 4096 * 14336
    saved = _weights(facts(SMALL)).total - _weights(facts(config), prediction=FP8).total
    assert network * (2 - 0.5 - 1 / 16) == saved


def test_nothing_known_is_nothing_said() -> None:
    """An empty configuration has no weights, rather than some."""
    assert weights_of(facts({}), resolved({}), CHATS, None, Place()) is None
