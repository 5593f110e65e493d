"""Whatever a configuration holds, the prediction answers."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.configs import real_configs
from tests.vllm.models import TABLE, facts, llama
from validation.engine.predict import predict
from validation.engine.prediction import Support
from validation.jsontext import JsonObject

KEYS = [
    "architectures",
    "model_type",
    "max_position_embeddings",
    "model_max_length",
    "rope_scaling",
    "rope_parameters",
    "quantization_config",
    "text_config",
    "thinker_config",
    "vision_config",
    "auto_map",
    "dtype",
    "num_attention_heads",
    "original_max_position_embeddings",
    "speculators_config",
    "decoder",
    "n_positions",
    "num_experts",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
WORDS = st.sampled_from(["llama", "gpt2", "llava", "qwen2_vl", "eagle", "LlamaForCausalLM", "gptq", "yarn", "bfloat16"])
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8))
def test_any_object_gets_an_answer(config: dict[str, Any]) -> None:
    """Values of any type under the keys that count lead to yes, no or unknown."""
    assert predict(facts({**llama(), **config}), TABLE).supported in Support


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_real_configuration_with_one_value_spoilt_gets_an_answer(data: st.DataObject) -> None:
    """A single wrong value anywhere in a real file breaks nothing."""
    models = {model: found for model, found in real_configs().items() if found.config}
    config: JsonObject = copy.deepcopy(models[data.draw(st.sampled_from(sorted(models)))].config)
    holders = [config, *(value for value in config.values() if isinstance(value, dict) and value)]
    holder = holders[data.draw(st.integers(0, len(holders) - 1))]
    holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(VALUES)

    assert predict(facts(config), TABLE).supported in Support


@given(VALUES)
def test_other_files_of_any_shape_get_an_answer(value: object) -> None:
    """Files beside config.json may hold anything too."""
    odd: Any = {"quantization": value, "max_seq_length": value, "modules": value, "weight_map": value, "moe": value}
    names = ("hf_quant_config.json", "sentence_bert_config.json", "modules.json", "model.safetensors.index.json")
    held = dict.fromkeys((*names, "params.json", "tokenizer_config.json"), odd)

    assert predict(facts(llama(), held, consolidated__safetensors=1), TABLE).supported in Support
