"""The model registry of vLLM: names, categories, classes and what the classes can do."""

import ast
from collections.abc import Mapping

from tools.engine_table import literal
from tools.engine_table.archive import Sources
from tools.engine_table.classes import Classes

REGISTRY = "vllm/model_executor/models/registry.py"
CATEGORIES = {
    "_TEXT_GENERATION_MODELS": "text-generation",
    "_EMBEDDING_MODELS": "embedding",
    "_CROSS_ENCODER_MODELS": "classification",
    "_LATE_INTERACTION_MODELS": "late-interaction",
    "_REWARD_MODELS": "reward",
    "_TOKEN_CLASSIFICATION_MODELS": "token-classification",
    "_SEQUENCE_CLASSIFICATION_MODELS": "classification",
    "_MULTIMODAL_MODELS": "multimodal",
    "_SPECULATIVE_DECODING_MODELS": "speculative",
    "_TRANSFORMERS_SUPPORTED_MODELS": "transformers-backed",
    "_TRANSFORMERS_BACKEND_MODELS": "transformers-backend",
}
FLAGS = {
    "supports_pp": "pp",
    "supports_lora": "lora",
    "supports_multimodal": "multimodal",
    "is_hybrid": "hybrid",
    "has_inner_state": "inner_state",
    "is_attention_free": "attention_free",
    "has_noops": "noops",
    "supports_transcription": "transcription",
    "supports_transcription_only": "transcription_only",
    "is_pooling_model": "pooling",
    "supports_eagle3": "eagle3",
}


def architectures(sources: Sources) -> dict[str, list[str]]:
    """Return for each supported name its categories, ``module:class`` and flags, each as one string."""
    tree = sources.tree(REGISTRY)
    classes = Classes(sources)
    found: dict[str, list[str]] = {}
    for variable, category in CATEGORIES.items():
        for name, node in literal.dictionary(tree, literal.assigned(tree, variable)).items():
            parts = literal.strings(node)
            module, implementation = parts[0], parts[1]
            if name in found:
                found[name][0] = f"{found[name][0]} {category}"
                continue
            found[name] = [category, f"{module}:{implementation}", _flags(classes, module, implementation)]
    return dict(sorted(found.items()))


def removed(sources: Sources) -> dict[str, str]:
    """Return the names that were dropped, with the last version that had them."""
    return _strings(sources, "_PREVIOUSLY_SUPPORTED_MODELS")


def plugins(sources: Sources) -> dict[str, str]:
    """Return the names that a plugin has, with the plugin's address."""
    return _strings(sources, "_OOT_SUPPORTED_MODELS")


def _strings(sources: Sources, variable: str) -> dict[str, str]:
    tree = sources.tree(REGISTRY)
    items: Mapping[str, ast.expr] = literal.dictionary(tree, literal.assigned(tree, variable))
    return dict(sorted((name, str(literal.value(node))) for name, node in items.items()))


def _flags(classes: Classes, module: str, implementation: str) -> str:
    dotted = module if module.startswith("vllm.") else f"vllm.model_executor.models.{module}"
    path = classes.sources.module(dotted)
    attributes = classes.attributes(path, implementation)
    found = [flag for name, flag in FLAGS.items() if attributes.get(name) is True]
    served = _is_served(classes, path, implementation)
    if served and "compute_logits" in attributes:
        found.append("generates")
    if not served and "pooling" in found:
        found.remove("pooling")
    if _drafts(classes, path, implementation):
        found.append("draft")
    if any(
        "SupportsQuant" in ast.unparse(base) for node in classes.ancestry(path, implementation) for base in node.bases
    ):
        found.append("quant")
    if attributes.get("default_seq_pooling_type", attributes.get("seq_pooling_type")) == "CLS":
        found.append("cls")
    if attributes.get("attn_type") == "encoder_only":
        found.append("encoder_only")
    return " ".join(sorted(found))


def _is_served(classes: Classes, path: str, name: str) -> bool:
    """Return what vLLM's ``is_vllm_model`` finds: a ``forward`` that takes tokens and positions."""
    method = classes.method(path, name, "forward")
    if method is None:
        return False
    named = {argument.arg for argument in [*method.args.args, *method.args.kwonlyargs]}
    return method.args.kwarg is not None or {"input_ids", "positions"} <= named


def _drafts(classes: Classes, path: str, name: str) -> bool:
    """Return whether the class can only be built beside the model that it drafts for."""
    method = classes.method(path, name, "__init__")
    parts = ast.walk(method) if method is not None else ()
    return any(isinstance(part, ast.Attribute) and part.attr == "speculative_config" for part in parts)
