"""What every layer of a model keeps in vLLM's cache, from its configuration: families as vLLM's model code has them."""

from collections.abc import Iterator
from dataclasses import replace

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.engine.prediction import Prediction
from validation.fit.deepseek import compressed_layers, indexer_layers
from validation.fit.heads import layer_heads
from validation.fit.layer import BLOCK, Kind, LayerCache
from validation.fit.layertype import (
    CHUNKED,
    CONV,
    EXPERTS,
    FULL,
    HYBRID,
    LINEAR,
    OTHER,
    SLIDING,
    layer_count,
    layer_types,
)
from validation.fit.state import recurrent_state

MLA_TYPES = frozenset(  # ``is_deepseek_mla`` in vllm/transformers_utils/model_arch_config_convertor.py (0.32.0)
    {
        "axk1",
        "bailing_hybrid",
        "deepseek_v2",
        "deepseek_v3",
        "deepseek_v32",
        "dots3_note",
        "glm4_moe_lite",
        "glm5_next_text",
        "glm_moe_dsa",
        "hy_v4",
        "kimi_k2",
        "kimi_linear",
        "longcat_flash",
        "pangu_ultra_moe",
    }
)
_IGNORE_LAYER_TYPES = frozenset(  # their vLLM classes know one window for all layers, or none
    {
        "qwen2",
        "qwen3",
        "qwen2_moe",
        "qwen3_moe",
        "qwen2_vl_text",
        "qwen2_5_vl_text",
        "qwen3_vl_text",
        "qwen3_vl_moe_text",
        "mixtral",
    }
)
_ONE_MORE = frozenset({"cohere2", "cohere2_moe"})  # their window does not count the token itself
_ENCODERS = (
    "Bert",
    "Roberta",
    "Electra",
    "DistilBert",
    "NomicBert",
    "GteModel",
    "GteNew",
    "ModernBert",
    "Deberta",
    "MPNet",
    "EuroBert",
    "XLMRoberta",
    "Camembert",
    "Siglip",
    "Albert",
    "OpenAIPrivacyFilter",
    "Bidirectional",
    "ColBERT",
    "ModernVBert",
    "UltraVBert",
    "BgeM3",
    "EmbeddingGemma",
    "LlamaNemotronVL",
    "NewModel",
    "Terratorch",
    "Prithvi",
)
_CROSS_ATTENDING = frozenset({"whisper", "mbart", "nemotron_parse"})
_WINDOW_KEYS = ("sliding_window_size", "sliding_window")
_RECURRENT = frozenset({LINEAR, CONV})
_NOTHING = frozenset({OTHER, EXPERTS})
_LATENT_BLOCK = 64  # tokens of a page that FlashMLA's FP8 and sparse kernels take


class Shape(Data):
    """The caches of all layers on one GPU, in order; ``packed`` when vLLM lays unequal pages side by side."""

    layers: tuple[LayerCache, ...]
    packed: bool = False
    kernel_block: int = BLOCK  # what a hybrid's page is rounded up to, in tokens


def item_size(dtype: str) -> int:
    """Return the bytes of one element of a torch dtype or KV cache dtype; 2 for what is not known."""
    if dtype.startswith(("fp8", "float8", "int8", "uint8")):
        return 1
    return {"float32": 4, "float": 4, "float64": 8}.get(dtype.removeprefix("torch."), 2)


def language(config: ResolvedConfig) -> Config:
    """Return the part of the configuration that describes the language model."""
    if layer_count(config.text) and (config.text.stated or config.text is config.whole):
        return config.text
    for key in ("llm_config", "language_config", "text_config", "lm_config", "decoder_config"):
        found = config.whole.section(key)
        if layer_count(found):
            return found
    return config.text


def shape_of(
    config: ResolvedConfig, prediction: Prediction, kv_cache_dtype: str = "auto", tensor_parallel: int = 1
) -> Shape | None:
    """Return the caches of the model's layers on one GPU of ``tensor_parallel``; None when the file does not say."""
    text = language(config)
    if keeps_nothing(config, prediction):
        return Shape(layers=())
    item = item_size(prediction.dtype)
    kv_item = item if kv_cache_dtype == "auto" else item_size(kv_cache_dtype)
    reader = _Reader(text=text, prediction=prediction, item=item, kv_item=kv_item, parallel=tensor_parallel)
    compressed = compressed_layers(text, kv_cache_dtype)
    if compressed:
        return Shape(layers=compressed, packed=True)
    layers = tuple(reader.layers())
    if not layers:
        return None
    latent = any(layer.latent for layer in layers)
    return Shape(layers=layers, kernel_block=128 if latent else BLOCK)


def keeps_nothing(config: ResolvedConfig, prediction: Prediction) -> bool:
    """Return whether the model attends in both directions: an encoder keeps no keys and values at all."""
    names = (prediction.architecture, *config.whole.names("architectures")[:1])
    if any(part in name for name in names for part in _ENCODERS):
        return True
    text = config.text
    causal = config.whole.flag("is_causal", default=text.flag("is_causal", default=True))
    two_way = text.raw("use_bidirectional_attention") is True
    return not causal or two_way


class _Reader(Data):
    """Reads the layers of one language model."""

    text: Config
    prediction: Prediction
    item: int
    kv_item: int
    parallel: int

    def layers(self) -> Iterator[LayerCache]:
        """Yield the cache of each layer that has one."""
        count = layer_count(self.text)
        kinds = layer_types(self.text)
        if self._recurrent_only():
            yield from (replace(state, index=index) for index in range(count) for state in self._state())
            return
        own = count - (self.text.integer("num_kv_shared_layers") or 0)
        for index in range(count if not kinds else min(count, len(kinds)) or len(kinds)):
            kind = kinds[index] if kinds else FULL
            if index < own or not 0 < own < count:
                yield from (replace(layer, index=index) for layer in self._layer(index, kind))

    def _recurrent_only(self) -> bool:
        return self.text.model_type in {"mamba", "mamba2", "falcon_mamba"}

    def _layer(self, index: int, kind: str) -> Iterator[LayerCache]:
        if kind in _RECURRENT:
            yield from self._state()
        elif kind == HYBRID:
            yield from self._attention(index, FULL)
            yield from self._state()
        elif kind not in _NOTHING:
            yield from self._attention(index, kind)

    def _state(self) -> Iterator[LayerCache]:
        state = recurrent_state(self.text, self.parallel, self.item)
        if state is not None and state.size > 0:
            cached = not self._recurrent_only() and self.prediction.runner != "pooling"
            states = 1 + (1 + state.checkpoint if cached else 0)
            yield LayerCache(kind=Kind.STATE, page=state.size, states=states)

    def _attention(self, index: int, kind: str) -> Iterator[LayerCache]:
        if self.text.model_type in MLA_TYPES and self.text.has("kv_lora_rank"):
            yield from self._latent(index)
            return
        heads = layer_heads(self.text, index, kind)
        if heads is None:
            return
        layer = LayerCache(
            kind=Kind.FULL,
            heads=max(1, heads.count // self.parallel),
            content=(heads.key + heads.value) * self.kv_item,
        )
        window = self._window(index, kind)
        if kind == CHUNKED:
            chunk = self.text.integer("attention_chunk_size") or 0
            layer = replace(layer, kind=Kind.CHUNKED, window=chunk) if chunk > 0 else layer
        elif window:
            layer = replace(layer, kind=Kind.SLIDING, window=window)
        yield layer
        yield from indexer_layers(self.text, index, layer)
        if self.text.model_type in _CROSS_ATTENDING:
            yield replace(layer, kind=Kind.CROSS)

    def _latent(self, index: int) -> Iterator[LayerCache]:
        width = (self.text.integer("kv_lora_rank") or 0) + (self.text.integer("qk_rope_head_dim") or 0)
        sparse = self.text.has("index_topk")
        block = _LATENT_BLOCK if sparse or self.kv_item == 1 else BLOCK
        layer = LayerCache(kind=Kind.FULL, content=width * self.kv_item, block=block, latent=True)
        for _ in range(2 if self.text.model_type == "longcat_flash" else 1):
            yield layer
            yield from indexer_layers(self.text, index, layer)

    def _window(self, index: int, kind: str) -> int:
        """Return the window of a layer in tokens; 0 for none."""
        listed = self.text.integers("sliding_windows")
        window = listed[index] if index < len(listed) else self.text.first_integer(*_WINDOW_KEYS)
        if not window or window < 0 or self._window_unused():
            return 0
        kinds = layer_types(self.text)
        everywhere = not kinds or all(name == SLIDING for name in kinds)
        if self.text.model_type in _IGNORE_LAYER_TYPES and not everywhere:
            return 0
        return window + (self.text.model_type in _ONE_MORE) if everywhere or kind == SLIDING else 0

    def _window_unused(self) -> bool:
        switch = self.text.raw("use_sliding_window")
        return switch is False or (switch is None and self.text.model_type.startswith("qwen"))
