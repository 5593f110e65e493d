"""What the layers of each family keep, with numbers of vLLM 0.32.0's own specs and of its model code."""

from dataclasses import replace

import pytest

from tests.fit.models import CHATS, LLAMA, resolved
from validation.fit.cache import cache_of
from validation.fit.layer import Kind, LayerCache
from validation.fit.shape import shape_of
from validation.jsontext import JsonObject

POOLS = replace(CHATS, architecture="BertModel", runner="pooling")


def _layers(config: JsonObject, kv_cache_dtype: str = "auto", gpus: int = 1) -> tuple[LayerCache, ...]:
    shape = shape_of(resolved(config), CHATS, kv_cache_dtype, gpus)
    assert shape is not None
    return shape.layers


def _kinds(config: JsonObject) -> list[Kind]:
    return [layer.kind for layer in _layers(config)]


def test_plain_attention_keeps_keys_and_values() -> None:
    """Llama 3 8B: 32 layers of 8 heads, 128 elements, 2 bytes, keys and values."""
    layers = _layers(LLAMA)
    assert 32 == len(layers)
    assert 131072 == sum(layer.bytes_per_token for layer in layers)


def test_an_fp8_cache_takes_half() -> None:
    """One byte an element instead of two."""
    assert 65536 == sum(layer.bytes_per_token for layer in _layers(LLAMA, "fp8"))


def test_tensor_parallelism_divides_heads_down_to_one() -> None:
    """Eight key-value heads over sixteen GPUs: one copy each, not half a head."""
    assert [4096.0, 512.0, 512.0] == [_layers(LLAMA, gpus=gpus)[0].bytes_per_token for gpus in (1, 8, 16)]


def test_latent_attention_keeps_one_vector_on_every_gpu() -> None:
    """DeepSeek V3: 512 + 64 elements a layer, whatever the number of GPUs."""
    config: JsonObject = {
        "model_type": "deepseek_v3",
        "num_hidden_layers": 61,
        "num_attention_heads": 128,
        "hidden_size": 7168,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
    }
    assert 70272 == sum(layer.bytes_per_token for layer in _layers(config))
    assert _layers(config) == _layers(config, gpus=8)


def test_a_sparse_indexer_adds_its_keys() -> None:
    """DeepSeek V3.2: 132 bytes beside the 1152 of each layer."""
    config: JsonObject = {
        "model_type": "deepseek_v32",
        "num_hidden_layers": 61,
        "num_attention_heads": 128,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "index_topk": 2048,
        "index_head_dim": 128,
    }
    assert 78324 == sum(layer.bytes_per_token for layer in _layers(config))


def test_shared_indices_save_indexers() -> None:
    """GLM 5.2 shares indices among four layers: 21 of 78 have an indexer."""
    config: JsonObject = {
        "model_type": "glm_moe_dsa",
        "num_hidden_layers": 78,
        "num_attention_heads": 64,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "index_topk": 2048,
        "index_topk_freq": 4,
        "index_skip_topk_offset": 3,
    }
    assert 92628 == sum(layer.bytes_per_token for layer in _layers(config))


def test_minicpm3_has_plain_heads_in_vllm() -> None:
    """Latent attention in the file, but vLLM keeps full keys and values: 40 heads of 96 elements."""
    config: JsonObject = {
        "model_type": "minicpm3",
        "num_hidden_layers": 62,
        "num_attention_heads": 40,
        "num_key_value_heads": 40,
        "hidden_size": 2560,
        "kv_lora_rank": 256,
        "qk_rope_head_dim": 32,
        "qk_nope_head_dim": 64,
    }
    assert 952320 == sum(layer.bytes_per_token for layer in _layers(config))


def test_every_second_layer_of_gemma2_slides() -> None:
    """Gemma 2 starts with a windowed layer, when the file lists no layer types."""
    config: JsonObject = {**LLAMA, "model_type": "gemma2", "num_hidden_layers": 4, "sliding_window": 4096}
    assert [Kind.SLIDING, Kind.FULL, Kind.SLIDING, Kind.FULL] == _kinds(config)


def test_a_window_without_layer_types_holds_for_all_layers() -> None:
    """Mistral 7B v0.1: all 32 layers slide."""
    assert {Kind.SLIDING} == set(_kinds({**LLAMA, "model_type": "mistral", "sliding_window": 4096}))


@pytest.mark.parametrize("window", [None, 0])
def test_no_window_is_no_window(window: int | None) -> None:
    """Null and zero switch the window off."""
    assert {Kind.FULL} == set(_kinds({**LLAMA, "model_type": "mistral", "sliding_window": window}))


def test_qwen_does_not_use_its_window_by_default() -> None:
    """Qwen 2.5 states a window of 32768 and switches it off."""
    config: JsonObject = {**LLAMA, "model_type": "qwen2", "sliding_window": 32768, "use_sliding_window": False}
    assert {Kind.FULL} == set(_kinds(config))


def test_cohere_counts_the_token_itself() -> None:
    """Command R7B passes its window plus one to vLLM."""
    config: JsonObject = {**LLAMA, "model_type": "cohere2", "num_hidden_layers": 4, "sliding_window": 4096}
    assert [4097, 4097, 4097, 0] == [layer.window for layer in _layers(config)]


def test_llama4_chunks_three_layers_of_four() -> None:
    """The fourth layer has no rotary embedding and attends to everything."""
    config: JsonObject = {
        "model_type": "llama4",
        "text_config": {
            **LLAMA,
            "model_type": "llama4_text",
            "num_hidden_layers": 4,
            "attention_chunk_size": 8192,
            "no_rope_layers": [],
        },
    }
    assert [Kind.CHUNKED, Kind.CHUNKED, Kind.CHUNKED, Kind.FULL] == _kinds(config)


def test_shared_layers_keep_nothing() -> None:
    """Gemma 3n: the last layers read the cache of earlier ones."""
    config: JsonObject = {
        **LLAMA,
        "model_type": "gemma3n_text",
        "num_hidden_layers": 10,
        "num_kv_shared_layers": 4,
        "sliding_window": 512,
    }
    assert 6 == len(_layers(config))


def test_gemma4_has_other_heads_in_full_attention() -> None:
    """Gemma 4 26B: 8 heads of 256 in windowed layers, 2 of 512 in full ones."""
    config: JsonObject = {
        **LLAMA,
        "model_type": "gemma4_text",
        "num_hidden_layers": 6,
        "head_dim": 256,
        "global_head_dim": 512,
        "num_global_key_value_heads": 2,
        "attention_k_eq_v": True,
        "sliding_window": 1024,
    }
    assert [8192.0] * 5 + [4096.0] == [layer.bytes_per_token for layer in _layers(config)]


def test_values_may_be_narrower_than_keys() -> None:
    """MiMo V2 Flash: keys of 192 and values of 128, in 4 heads or, windowed, in 8."""
    config: JsonObject = {
        **LLAMA,
        "model_type": "mimo_v2_flash",
        "num_hidden_layers": 2,
        "num_key_value_heads": 4,
        "head_dim": 192,
        "v_head_dim": 128,
        "swa_num_key_value_heads": 8,
        "swa_head_dim": 192,
        "swa_v_head_dim": 128,
        "sliding_window_size": 128,
        "hybrid_layer_pattern": [0, 1],
    }
    assert [2560.0, 5120.0] == [layer.bytes_per_token for layer in _layers(config)]


def test_a_block_without_attention_keeps_nothing() -> None:
    """Nemotron Super: a no-op block has no cache, another shares each key head among eight queries."""
    config: JsonObject = {
        **LLAMA,
        "model_type": "nemotron-nas",
        "num_hidden_layers": 2,
        "num_attention_heads": 64,
        "hidden_size": 8192,
        "block_configs": [
            {"attention": {"no_op": True, "n_heads_in_group": None}},
            {"attention": {"no_op": False, "n_heads_in_group": 8}},
        ],
    }
    assert [4096.0] == [layer.bytes_per_token for layer in _layers(config)]


def test_multi_query_attention_has_one_head() -> None:
    """Falcon 7B keeps one key-value head, whatever else the file says."""
    config: JsonObject = {
        "model_type": "falcon",
        "num_hidden_layers": 1,
        "num_attention_heads": 71,
        "hidden_size": 4544,
        "multi_query": True,
    }
    assert 256 == _layers(config)[0].bytes_per_token


def test_whisper_keeps_cross_attention_too() -> None:
    """Each decoder layer has its own keys and values, and those of the encoder."""
    config: JsonObject = {
        "model_type": "whisper",
        "num_hidden_layers": 2,
        "num_attention_heads": 20,
        "d_model": 1280,
    }
    assert [Kind.FULL, Kind.CROSS] * 2 == _kinds(config)


def test_an_encoder_keeps_nothing() -> None:
    """BERT attends in both directions and caches no keys."""
    shape = shape_of(resolved({**LLAMA, "architectures": ["BertModel"], "model_type": "bert"}), POOLS)
    assert shape is not None
    assert () == shape.layers


def test_a_decoder_turned_encoder_keeps_nothing() -> None:
    """gte-Qwen2 says `is_causal: false`."""
    assert () == _layers({**LLAMA, "model_type": "qwen2", "is_causal": False})


def test_linear_attention_keeps_a_state() -> None:
    """Qwen3.5 122B: 12288 x 3 elements of convolution and 64 x 128 x 128 floats."""
    config: JsonObject = {
        "model_type": "qwen3_5_moe",
        "text_config": {
            "model_type": "qwen3_5_moe_text",
            "num_hidden_layers": 4,
            "num_attention_heads": 32,
            "num_key_value_heads": 2,
            "head_dim": 256,
            "hidden_size": 3072,
            "linear_num_key_heads": 16,
            "linear_num_value_heads": 64,
            "linear_key_head_dim": 128,
            "linear_value_head_dim": 128,
            "linear_conv_kernel_dim": 4,
            "mamba_ssm_dtype": "float32",
        },
    }
    layers = _layers(config)
    assert [Kind.STATE] * 3 + [Kind.FULL] == [layer.kind for layer in layers]
    assert 3 * 12288 * 2 + 64 * 128 * 128 * 4 == layers[0].page_bytes
    assert 2 == layers[0].states


def test_mamba2_keeps_a_page_to_checkpoint_a_prefill() -> None:
    """Nemotron-H: three pages for each sequence, and states in float32."""
    config: JsonObject = {
        "model_type": "nemotron_h",
        "num_hidden_layers": 4,
        "hybrid_override_pattern": "M-*E",
        "num_attention_heads": 32,
        "num_key_value_heads": 2,
        "head_dim": 128,
        "hidden_size": 2688,
        "mamba_num_heads": 64,
        "mamba_head_dim": 64,
        "n_groups": 8,
        "ssm_state_size": 128,
        "conv_kernel": 4,
    }
    state, attention = _layers(config)
    assert (3, 3 * 6144 * 2 + 64 * 64 * 128 * 4) == (state.states, state.page_bytes)
    assert 1024 == attention.bytes_per_token


def test_a_hybrid_layer_keeps_both() -> None:
    """Falcon-H1 runs attention and Mamba side by side in each layer."""
    config: JsonObject = {
        **LLAMA,
        "model_type": "falcon_h1",
        "num_hidden_layers": 2,
        "mamba_d_ssm": 1536,
        "mamba_expand": 2,
        "mamba_n_groups": 1,
        "mamba_n_heads": 24,
        "mamba_d_head": 64,
        "mamba_d_state": 128,
        "mamba_d_conv": 4,
    }
    assert [Kind.FULL, Kind.STATE] * 2 == _kinds(config)


def test_an_attention_free_model_keeps_states_alone() -> None:
    """Mamba has no attention layer, so a token costs nothing and a sequence one state."""
    config: JsonObject = {
        "model_type": "mamba",
        "num_hidden_layers": 24,
        "hidden_size": 768,
        "intermediate_size": 1536,
        "state_size": 16,
        "conv_kernel": 4,
    }
    shape = shape_of(resolved(config), CHATS)
    assert shape is not None
    cache = cache_of(shape)
    assert 0 == cache.bytes_per_token
    assert 24 * (1536 * 3 + 1536 * 16) * 2 == cache.request_bytes(4096)


@pytest.mark.parametrize("config", [{}, {"model_type": "llama"}, {"num_hidden_layers": 1 << 40}])
def test_a_configuration_without_numbers_gives_no_shape(config: JsonObject) -> None:
    """Nothing is guessed when the file does not say how many layers or heads there are."""
    assert shape_of(resolved(config), CHATS) is None
