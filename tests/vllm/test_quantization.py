"""The quantization method that vLLM takes, and what it refuses."""

import pytest

from tests.vllm.models import TABLE, facts, llama, resolved
from validation.engine.quantization import Quantization, derive_quantization
from validation.engine.tables import load_engine
from validation.jsontext import JsonObject, JsonValue

MODELOPT: JsonObject = {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4"}}


def quantization(config: JsonObject, version: str = "0.32.0", **documents: JsonObject) -> Quantization:
    """Return the method for a configuration and other JSON files of the repository."""
    table = load_engine(version)
    held = {name.replace("__", "."): value for name, value in documents.items()}
    return derive_quantization(resolved(config, table), facts(config, held), table)


def stated(**keys: JsonValue) -> JsonObject:
    """Return a Llama with a quantization configuration."""
    return {**llama(), "quantization_config": {**keys}}


@pytest.mark.parametrize(
    ("expected", "config"),
    [
        ("", llama()),
        ("fp8", stated(quant_method="fp8")),
        ("auto_gptq", stated(quant_method="GPTQ", bits=4, desc_act=False)),
        ("auto_gptq", stated(quant_method="gptq", bits=4, desc_act=True, group_size=-1)),
        ("auto_awq", stated(quant_method="awq", bits=4)),
        ("compressed-tensors", stated(quant_method="compressed_tensors")),
        ("inc", stated(quant_method="auto-round", bits=4)),
        ("modelopt_fp4", stated(quant_method="modelopt", quant_algo="NVFP4")),
        ("modelopt_mixed", stated(quant_method="modelopt", quant_algo="MIXED_PRECISION")),
        ("modelopt_mxfp8", stated(quant_method="modelopt", quant_algo="MXFP8")),
        ("gpt_oss_mxfp4", {**stated(quant_method="mxfp4"), "model_type": "gpt_oss"}),
        ("compressed-tensors", llama(compression_config={"quant_method": "compressed-tensors"})),
        ("fp8", {"model_type": "llava", "text_config": {"quantization_config": {"quant_method": "fp8"}}}),
    ],
)
def test_the_method_is_vllms(expected: str, config: JsonObject) -> None:
    """Each way to state a method leads to the name that vLLM resolves."""
    assert Quantization(method=expected) == quantization(config)


def test_hf_quant_config_is_read_when_config_says_nothing() -> None:
    """Older ModelOpt checkpoints state their method in a file of its own."""
    assert "modelopt_fp4" == quantization(llama(), hf_quant_config__json=MODELOPT).method


def test_config_json_wins_over_hf_quant_config() -> None:
    """What config.json states is taken."""
    assert "fp8" == quantization(stated(quant_method="fp8"), hf_quant_config__json=MODELOPT).method


def test_a_modelopt_checkpoint_chooses_an_fp8_kv_cache() -> None:
    """The KV cache format is part of the checkpoint."""
    inner: JsonObject = {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}
    found = quantization(llama(), hf_quant_config__json={"producer": {"name": "modelopt"}, "quantization": inner})

    assert ("modelopt", "fp8_e4m3") == (found.method, found.kv_cache_dtype)


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("fp8", {}),
        ("auto", {"model_type": "deepseek_v3", "kv_lora_rank": 512}),
        ("fp8", {"model_type": "deepseek_v3", "kv_lora_rank": None}),
    ],
)
def test_compressed_tensors_choose_an_fp8_kv_cache(expected: str, changes: JsonObject) -> None:
    """VLLM's ``Attention`` takes a checkpoint's scheme for its keys and values; latent attention does not look."""
    method: JsonObject = {"quant_method": "compressed-tensors", "kv_cache_scheme": {"num_bits": 8, "type": "float"}}

    assert expected == quantization({**llama(quantization_config=method), **changes}).kv_cache_dtype


@pytest.mark.parametrize(
    ("expected", "scheme"),
    [
        ("fp8_e4m3", {"dynamic": False, "num_bits": 8, "type": "float"}),
        ("nvfp4", {"num_bits": 4, "type": "float"}),
        ("auto", {"num_bits": 8, "type": "int"}),
        ("fp8_e4m3", "FP8"),
        ("auto", "INT3"),
    ],
)
def test_kv_cache_schemes_are_told_apart(expected: str, scheme: JsonValue) -> None:
    """Static float in eight or four bits is taken, anything else is left to vLLM."""
    found = quantization(stated(quant_method="modelopt", quant_algo="NVFP4", kv_cache_scheme=scheme))

    assert expected == found.kv_cache_dtype


@pytest.mark.parametrize(
    ("expected", "config"),
    [
        ("the engine has no quantization method `bitsandbytes`", stated(quant_method="bitsandbytes")),
        (
            "the engine refuses the deprecated quantization method `fbgemm_fp8`",
            stated(quant_method="fbgemm_fp8"),
        ),
        ("the engine refuses GPTQ with `desc_act` true", stated(quant_method="gptq", desc_act=True, group_size=128)),
    ],
)
def test_refusals_say_which_part_is_refused(expected: str, config: JsonObject) -> None:
    """A method that is unknown, deprecated or of a refused kind is a problem with a fix."""
    found = quantization(config)

    assert (expected, True) == (found.problem, bool(found.help))


def test_mixed_precision_is_known_from_033() -> None:
    """0.32.0 cannot tell the mixed algorithm of hf_quant_config.json, 0.33.0 can."""
    mixed: JsonObject = {
        "producer": {"name": "modelopt"},
        "quantization": {"quant_algo": "MIXED_PRECISION", "quantized_layers": {"a": {"quant_algo": "FP8"}}},
    }

    assert "is not known" in quantization(llama(), hf_quant_config__json=mixed).problem
    assert "modelopt_mixed" == quantization(llama(), "0.33.0", hf_quant_config__json=mixed).method


def test_older_engines_know_what_newer_ones_dropped() -> None:
    """Bitsandbytes was a method of 0.16.0."""
    assert "" == quantization(stated(quant_method="bitsandbytes"), "0.16.0").problem


def test_the_table_has_the_capabilities_that_vllm_states() -> None:
    """The lowest compute capability of a method is the class's own number."""
    wanted = {"auto_gptq": 60, "auto_awq": 75, "fp8": 75, "modelopt": 80, "compressed-tensors": 70, "fp_quant": 100}

    assert wanted == {name: TABLE.quantization[name].min_capability for name in wanted}
