"""Bytes of weights on one GPU: from the tensors where headers are known, else from sizes, counts, or the shape."""

import math
from collections.abc import Iterator
from enum import StrEnum

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.engine.prediction import Prediction, Support
from validation.facts import RepositoryFacts, Tensor
from validation.fit.heads import kv_heads
from validation.fit.layertype import layer_count
from validation.fit.parameter import Part, parts
from validation.fit.quantized import Quantization, quantization_of
from validation.fit.shape import item_size, language
from validation.fit.stage import WHOLE, Stage
from validation.wish import Wish

_ITEM_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2}
_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
_REPLICATED = (".q_a_proj.", ".kv_a_proj_with_mqa.", ".indexer.", "mlp.gate.", "router.")
_DRAFT = ("mtp.", "model.mtp.", "mtp_layers.", "model.mtp_layers.")
RECOGNISED = 0.015  # how near to the shape a figure is one GPU's; FP8 on two is 3 % off, by its embeddings
SMALL = 1 << 20  # bytes: norms, biases and scales below this stand on every GPU


class WeightsSource(StrEnum):
    """What a figure of the weights was made from, the surest first."""

    STATED = "stated"
    TENSORS = "tensors"
    FILES = "files"
    PARAMETERS = "parameters"
    SHAPE = "shape"


class Weights(Data):
    """The weights of the whole model and of the fullest GPU, in bytes."""

    total: int
    each: int
    source: WeightsSource


class Place(Data):
    """Where in a replica one GPU stands: which stage of the pipeline, and how many share that stage."""

    tensor_parallel: int = 1
    stage: Stage = WHOLE


def weights_of(
    facts: RepositoryFacts, config: ResolvedConfig, prediction: Prediction, wish: Wish | None, place: Place
) -> Weights | None:
    """Return the weights that vLLM would hold on one GPU; None when nothing says how many they are."""
    loaded = list(_loaded(facts, config, prediction))
    stated = wish.serving.weights_bytes if wish is not None else None
    if loaded and not stated:
        tied = _tied(config)
        here = [tensor for tensor in loaded if place.stage.has_weight(tensor.name, tied=tied)]
        return Weights(
            total=sum(_held(tensor, prediction) for tensor in loaded),
            each=sum(_on_one(tensor, prediction, config, place.tensor_parallel) for tensor in here),
            source=WeightsSource.TENSORS,
        )
    total, source = _whole(stated, facts, config, prediction)
    return _shared(total, config, place, source) if total else None


def _whole(
    stated: int | None, facts: RepositoryFacts, config: ResolvedConfig, prediction: Prediction
) -> tuple[int, WeightsSource]:
    """Return the bytes of the whole model by the surest source that says something besides the tensors."""
    if stated:
        return stated, WeightsSource.STATED
    if files := prediction.weights_bytes or _file_bytes(facts):
        return files, WeightsSource.FILES
    if counted := sum(count * _ITEM_SIZES.get(dtype, 1) for dtype, count in facts.parameters.items()):
        return counted, WeightsSource.PARAMETERS
    return shape_bytes(facts, config, prediction), WeightsSource.SHAPE


def quantization(facts: RepositoryFacts, config: ResolvedConfig) -> Quantization | None:
    """Return how the repository is quantized, from the places where vLLM looks; None when it is not."""
    for holder in (config.whole, config.text):
        for key in ("quantization_config", "compression_config"):
            found = quantization_of(holder.section(key), four_bit_experts=config.text.text("expert_dtype") == "fp4")
            if found:
                return found
    return quantization_of(Config(value=facts.document("hf_quant_config.json")))


def shape_bytes(facts: RepositoryFacts, config: ResolvedConfig, prediction: Prediction) -> int:
    """Return the bytes of the weights as the configuration alone gives them; 0 when it does not."""
    method = quantization(facts, config) if prediction.quantization or prediction.supported is not Support.YES else None
    return round(sum(_part_bytes(part, method, item_size(prediction.dtype)) for part in parts(config)))


def whole_model(stated: int, shaped: int, gpus: int) -> int:
    """Return the whole model's bytes: people state those of one GPU too, as vLLM logs them; the shape tells which.

    ``shaped`` is ``shape_bytes`` of the model, ``gpus`` the tensor parallel size that the figure may be for.
    """
    if gpus == 1 or not shaped:
        return stated
    as_one, as_whole = stated * gpus / shaped, stated / shaped
    return stated * gpus if abs(as_one - 1) <= RECOGNISED < abs(as_whole - 1) else stated


def _part_bytes(part: Part, method: Quantization | None, item: int) -> float:
    converted = method.bytes_of(part.name) if method is not None and part.quantizable else None
    return part.elements * (item if converted is None else converted)


def _shared(total: int, config: ResolvedConfig, place: Place, source: WeightsSource) -> Weights:
    """Divide the weights: each GPU holds its share of its stage, and a copy of what is not divided."""
    if place.tensor_parallel == 1 and place.stage.whole:
        return Weights(total=total, each=total, source=source)
    everything = list(parts(config))
    elements = sum(part.elements for part in everything)
    if not elements:
        return Weights(total=total, each=math.ceil(total * place.stage.share / place.tensor_parallel), source=source)
    heads, tied = kv_heads(language(config)), not any(part.name == "lm_head" for part in everything)
    here = (part for part in everything if place.stage.has_weight(part.name, tied=tied))
    share = sum(_elements_on_one(part, heads, place.tensor_parallel) for part in here) / elements
    return Weights(total=total, each=round(total * share), source=source)


def _elements_on_one(part: Part, heads: int, tensor_parallel: int) -> float:
    if part.replicated:
        return part.elements
    if part.name.endswith(".k_proj") and 0 < heads < tensor_parallel:
        return part.elements / heads
    return part.elements / tensor_parallel


def _loaded(facts: RepositoryFacts, config: ResolvedConfig, prediction: Prediction) -> Iterator[Tensor]:
    """Yield the tensors that vLLM keeps: of the files it picks, without draft layers and a tied output head."""
    wanted = set(prediction.weight_files)
    count = layer_count(language(config))
    tied = _tied(config)
    for tensor in facts.tensors:
        if wanted and tensor.file not in wanted:
            continue
        if tied and tensor.name.endswith("lm_head.weight"):
            continue
        if not _is_draft(tensor.name, count):
            yield tensor


def _tied(config: ResolvedConfig) -> bool:
    return config.whole.flag("tie_word_embeddings", default=language(config).flag("tie_word_embeddings"))


def _is_draft(name: str, layers: int) -> bool:
    """Return whether a tensor belongs to multi-token prediction, which plain serving does not load."""
    if name.startswith(_DRAFT):
        return True
    head, found, tail = name.partition("layers.")
    index = tail.partition(".")[0]
    return (
        bool(found)
        and layers > 0
        and head in {"model.", "language_model.model."}
        and index.isdigit()
        and int(index) >= layers
    )


def _held(tensor: Tensor, prediction: Prediction) -> int:
    """Return the bytes in memory: floats take the model's dtype, except scales and other small ones."""
    item = _ITEM_SIZES.get(tensor.dtype, 0)
    if tensor.dtype not in _FLOATS or not item or tensor.size <= SMALL or "scale" in tensor.name:
        return tensor.size
    return tensor.size // item * item_size(prediction.dtype)


def _on_one(tensor: Tensor, prediction: Prediction, config: ResolvedConfig, tensor_parallel: int) -> int:
    size = _held(tensor, prediction)
    if tensor.size <= SMALL or len(tensor.shape) < 2 or any(name in tensor.name for name in _REPLICATED):  # noqa: PLR2004 - a vector
        return size
    heads = kv_heads(language(config))
    if (".k_proj." in tensor.name or ".v_proj." in tensor.name) and 0 < heads < tensor_parallel:
        return -(-size // heads)
    return -(-size // tensor_parallel)


def _file_bytes(facts: RepositoryFacts) -> int:
    """Return the bytes of the weight files: consolidated ones alone, else those the index names, else all."""
    sizes = {
        file.path: file.size or 0 for file in facts.files if file.path.endswith(".safetensors") and "/" not in file.path
    }
    consolidated = {path: size for path, size in sizes.items() if path.startswith("consolidated")}
    if consolidated:
        return sum(consolidated.values())
    named = facts.document("model.safetensors.index.json").get("weight_map")
    if isinstance(named, dict):
        wanted = {name for name in named.values() if isinstance(name, str)}
        return sum(size for path, size in sizes.items() if path in wanted) or sum(sizes.values())
    return sum(sizes.values())
