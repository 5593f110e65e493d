"""Write what every vLLM version makes of LoRA adapters: ``python -m tools.engine_table.lora ARCHIVE...``.

Read statically from the loader of adapters and from the classes of the model registry.
"""

import argparse
import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.engine_table import literal
from tools.engine_table.archive import Sources
from tools.engine_table.classes import Classes
from tools.engine_table.registry import CATEGORIES, REGISTRY
from validation.engine.tables import FOLDER, number

HELPER = "vllm/lora/peft_helper.py"
PROCESSOR = "vllm/lora/layers/logits_processor.py"
HEADS = {"classifier", "score"}


def main() -> None:
    """Read the archives and write lora.json: one entry a version."""
    parser = argparse.ArgumentParser(prog="python -m tools.engine_table.lora", description=__doc__)
    parser.add_argument("vllm", type=Path, nargs="+")
    found: dict[str, Any] = {}
    for path in parser.parse_args().vllm:
        sources = Sources.open(path, "vllm")
        found[sources.version] = adapters(sources)
    path = FOLDER / "lora.json"
    lines = [f'"{version}": {json.dumps(found[version], sort_keys=True)}' for version in sorted(found, key=number)]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path.name}: {len(found)} versions")


def adapters(vllm: Sources) -> dict[str, Any]:
    """Return how a version reads adapters, and what its architectures take besides linear layers.

    ``embeddings`` groups the architectures by the embeddings that an adapter may be on, where there are any;
    ``unsure`` are those whose class does not say it outright. ``fused_experts`` have one tensor for all experts.
    """
    helper = vllm.tree(HELPER)
    classes = Classes(vllm)
    embeddings: dict[str, list[str]] = {}
    fused, unsure = [], []
    for name, attributes in _architectures(vllm, classes):
        modules = attributes.get("embedding_modules", {})
        if not isinstance(modules, dict):
            unsure.append(name)
        elif modules and attributes.get("supports_lora") is True:
            embeddings.setdefault(" ".join(sorted(modules)), []).append(name)
        if attributes.get("is_3d_moe_weight") is True:
            fused.append(name)
    return {
        "patterns": "rank_pattern" in _fields(helper),
        "heads": sorted(HEADS.intersection(_strings(helper, "_validate_features"))),
        "vocabulary": _vocabulary(vllm),
        "embeddings": {key: sorted(names) for key, names in sorted(embeddings.items())},
        "unsure": sorted(unsure),
        "fused_experts": sorted(fused),
    }


def _architectures(vllm: Sources, classes: Classes) -> Iterator[tuple[str, dict[str, object]]]:
    tree = vllm.tree(REGISTRY)
    for variable in CATEGORIES:
        for name, node in literal.dictionary(tree, literal.assigned(tree, variable)).items():
            module, implementation = literal.strings(node)[:2]
            dotted = module if module.startswith("vllm.") else f"vllm.model_executor.models.{module}"
            yield name, classes.attributes(vllm.module(dotted), implementation)


def _fields(tree: ast.Module) -> set[str]:
    return {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def _strings(tree: ast.Module, function: str) -> list[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function]
    parts = [part for node in nodes for part in ast.walk(node)]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def _vocabulary(vllm: Sources) -> int:
    """Return the largest vocabulary whose output head an adapter may be on."""
    compares = [node for node in ast.walk(vllm.tree(PROCESSOR)) if isinstance(node, ast.Compare)]
    limits = [literal.value(node.comparators[-1]) for node in compares if "vocab_size" in ast.unparse(node)]
    return max(limit for limit in limits if isinstance(limit, int))


if __name__ == "__main__":
    main()
