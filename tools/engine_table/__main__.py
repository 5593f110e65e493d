"""Write the table of a vLLM version: ``python -m tools.engine_table VLLM TRANSFORMERS --date YYYY-MM-DD``.

Both arguments are a wheel or an sdist, as ``pip download --no-deps`` or a package index gives them. Take the newest
transformers that the vLLM version allowed on the day of its release: that is what its image holds.
"""

import argparse
import ast
import gc
import gzip
import json
import re
from pathlib import Path
from typing import Any

from tools.engine_table import defaults, literal, quantization, registry
from tools.engine_table.archive import Sources
from tools.engine_table.configs import ConfigClasses
from tools.engine_table.modeling import Modeling

FOLDER = Path(__file__).parent.parent.parent / "validation" / "contracts" / "engines"
CONFIG = "vllm/transformers_utils/config.py"
BACKEND = re.compile(r"vllm/model_executor/models/(transformers|registry)")
CHECKS = {
    "can_set": "_can_set_attn_implementation",
    "forward": "position_ids=-1",
    "dispatch": "does not dispatch through",
}

QUIRKS = {
    "gptq_order_refused": "def normalize_and_validate_gptq_desc_act",
    "modelopt_mixed_named": 'quant_cfg["quant_method"] = "modelopt_mixed"',
    "longcat_by_name": "_ARCHITECTURE_TO_MODEL_TYPE",
}


def main() -> None:
    """Read both archives and write the two files."""
    gc.disable()  # a thousand syntax trees are kept to the end, and collecting between them triples the time
    parser = argparse.ArgumentParser(prog="python -m tools.engine_table", description=__doc__)
    parser.add_argument("vllm", type=Path)
    parser.add_argument("transformers", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the table of transformers as it is")
    parser.add_argument("--date", required=True, help="day of vLLM's release")
    args = parser.parse_args()
    vllm, library = Sources.open(args.vllm, "vllm"), Sources.open(args.transformers, "transformers")
    classes = ConfigClasses()
    classes.read(library, r"models/.*/configuration_\w+\.py$")
    if not args.keep:
        write(FOLDER / f"transformers-{library.version}.json.gz", library_table(library, classes))
    write(FOLDER / f"vllm-{vllm.version}.json.gz", vllm_table(vllm, library, classes, args.date))


def write(path: Path, table: dict[str, Any]) -> None:
    """Write a table, the same bytes for the same table."""
    classes = {name: _dumps(item) for name, item in table["config_classes"].items()}  # parsed one by one, when needed
    data = _dumps({**table, "config_classes": classes}).encode()
    path.write_bytes(gzip.compress(data, mtime=0))  # unpacked in a quarter of the time that xz takes
    print(f"{path.name}: {path.stat().st_size} bytes")


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def library_table(library: Sources, classes: ConfigClasses) -> dict[str, Any]:
    """Return what a transformers version knows: configuration classes by model type, model classes, obstacles."""
    tree = library.tree("transformers/models/auto/configuration_auto.py")
    names = literal.dictionary(tree, literal.assigned(tree, "CONFIG_MAPPING_NAMES"))
    generated = "transformers/models/auto/auto_mappings.py"
    if library.has(generated):
        other = library.tree(generated)
        names = {**literal.dictionary(other, literal.assigned(other, "CONFIG_MAPPING_NAMES")), **names}
    names.update(_updates(tree, "CONFIG_MAPPING_NAMES"))
    registered = {name: str(literal.value(node)) for name, node in names.items()}
    stated = {classes.model_type(name): name for name in sorted(classes.nodes) if classes.model_type(name)}
    modeling = Modeling(library)
    return {
        "version": library.version,
        "source": library.archive.name,
        "sha256": library.sha256,
        "licence": "Apache-2.0",
        "types": sorted(registered),
        "config_classes": {name: classes.describe(cls) for name, cls in {**stated, **registered}.items()},
        "base_classes": modeling.base_classes(),
        "classes": modeling.names,
        "incompatible": modeling.incompatible(),
        "unmarked": modeling.unmarked(),
        "obstacles": modeling.obstacles(),
    }


def vllm_table(vllm: Sources, library: Sources, classes: ConfigClasses, date: str) -> dict[str, Any]:
    """Return what a vLLM version is."""
    own = ConfigClasses(dict(classes.nodes))
    own.read(vllm, r"vllm/transformers_utils/configs/")
    tree = vllm.tree(CONFIG)
    types = {
        name: _name(node) for name, node in literal.dictionary(tree, literal.assigned(tree, "_CONFIG_REGISTRY")).items()
    }
    taken = {classes.model_type(name) for name in classes.nodes}
    inner = {own.model_type(name): name for name in sorted(own.nodes) if own.model_type(name) not in taken | {""}}
    backend = "".join(text for path, text in vllm.texts.items() if BACKEND.match(path))
    return {
        "version": vllm.version,
        "source": vllm.archive.name,
        "sha256": vllm.sha256,
        "date": date,
        "licence": "Apache-2.0",
        "transformers": {"range": vllm.requirement("transformers"), "version": library.version},
        "defaults": defaults.engine(vllm),
        "batches": defaults.batches(vllm),
        "length": defaults.length(vllm),
        "mla_types": defaults.mla_types(vllm),
        "lora_ranks": defaults.lora_ranks(vllm),
        "float16_refused": defaults.float16_refused(vllm),
        "backend": [name for name, text in CHECKS.items() if text in backend],
        "quirks": [name for name, text in QUIRKS.items() if any(text in source for source in vllm.texts.values())],
        "suffixes": defaults.suffixes(vllm),
        "quantization": quantization.methods(vllm),
        "model_types": sorted(types),
        "config_classes": {name: own.describe(cls) for name, cls in sorted({**inner, **types}.items())},
        "removed": registry.removed(vllm),
        "plugins": registry.plugins(vllm),
        "serve_flags": defaults.flags(vllm),
        "architectures": registry.architectures(vllm),
    }


def _name(node: ast.expr) -> str:
    found = literal.value(node)
    return found if isinstance(found, str) else ast.unparse(node)


def _updates(tree: ast.Module, name: str) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == f"{name}.update"
        ):
            found.update(literal.dictionary(tree, node.value.args[0]))
    return found


if __name__ == "__main__":
    main()
