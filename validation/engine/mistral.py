"""Mistral's own configuration format, params.json, in the names that the rest of vLLM reads."""

from validation.engine.config import Config
from validation.jsontext import JsonObject

NO_LENGTH = 128_000  # vLLM's default where neither params.json nor config.json states a length
NAMES = {
    "dim": "hidden_size",
    "norm_eps": "rms_norm_eps",
    "n_kv_heads": "num_key_value_heads",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "hidden_dim": "intermediate_size",
    "activation": "hidden_act",
    "tied_embeddings": "tie_word_embeddings",
}


def adapted(params: JsonObject, defaults: JsonObject) -> JsonObject:
    """Return params.json as vLLM's ``adapt_config_dict`` makes it; ``defaults`` is config.json, which fills gaps."""
    stated = Config(value=params)
    inner = Config(value=defaults).section("text_config").value or defaults
    found: JsonObject = {NAMES.get(key, key): item for key, item in params.items() if key not in _MOVED}
    length = (
        stated.integer("max_position_embeddings") or Config(value=inner).integer("max_position_embeddings") or NO_LENGTH
    )
    found["max_position_embeddings"] = length
    found["max_seq_len"] = stated.integer("max_seq_len") or length
    found["model_type"] = stated.text("model_type") or "transformer"
    found["architectures"] = [_architecture(stated)]
    _add_moe(found, stated)
    _add_quantization(found, stated)
    if stated.section("yarn"):
        found["rope_parameters"] = {"rope_type": "yarn", **stated.section("yarn").value}
    return {**defaults, **_composed(found, stated)}


_MOVED = {"moe", "yarn", "quantization", "multimodal", "vision_encoder"}


def _architecture(stated: Config) -> str:
    if stated.text("model_type") == "mamba":
        return "Mamba2ForCausalLM"
    if (stated.section("moe").integer("num_shared_experts") or 0) > 0 or stated.integer("qk_nope_head_dim"):
        return "MistralLarge3ForCausalLM"
    return "MixtralForCausalLM" if stated.section("moe") else "MistralForCausalLM"


def _add_moe(found: JsonObject, stated: Config) -> None:
    moe = stated.section("moe")
    if found["architectures"] == ["MistralLarge3ForCausalLM"]:
        found["model_type"] = "deepseek_v3"
    names = {
        "num_experts": "n_routed_experts",
        "expert_hidden_dim": "moe_intermediate_size",
        "num_shared_experts": "n_shared_experts",
        "first_k_dense_replace": "first_k_dense_replace",
        "num_experts_per_tok": "num_experts_per_tok",
    }
    found.update({new: moe.raw(old) for old, new in names.items() if moe.has(old)})


def _add_quantization(found: JsonObject, stated: Config) -> None:
    quantization = stated.section("quantization")
    if quantization.text("qformat_weight") == "fp8_e4m3":
        dynamic = quantization.text("qscheme_act") == "NO_SCALES"
        found["quantization_config"] = {"quant_method": "fp8", "activation_scheme": "dynamic" if dynamic else "static"}
    elif quantization:
        found["quantization_config"] = quantization.value


def _composed(found: JsonObject, stated: Config) -> JsonObject:
    """Return the configuration with the language model inside, when there are eyes or ears beside it."""
    multimodal = stated.section("multimodal")
    sees = multimodal.section("vision_encoder_args") or stated.section("vision_encoder")
    hears = multimodal.section("whisper_model_args").section("encoder_args")
    if not sees and not hears:
        return found
    causal = hears.flag("causal")
    speech = "VoxtralRealtimeGeneration" if causal else "VoxtralForConditionalGeneration"
    outer: JsonObject = {
        "model_type": "pixtral" if sees else "voxtral",
        "architectures": ["PixtralForConditionalGeneration" if sees else speech],
        "text_config": found,
    }
    outer["vision_config" if sees else "audio_config"] = (sees or hears).value
    if "quantization_config" in found:
        outer["quantization_config"] = found["quantization_config"]
    return outer
