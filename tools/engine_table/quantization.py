"""The quantization methods of a vLLM version, with the lowest compute capability each states."""

import ast
from collections.abc import Iterator

from tools.engine_table import literal
from tools.engine_table.archive import Sources
from tools.engine_table.classes import Classes

PATH = "vllm/model_executor/layers/quantization/__init__.py"


def methods(sources: Sources) -> dict[str, list[object]]:
    """Return for each method: lowest compute capability (75 is 7.5), activation dtypes, ``deprecated`` or nothing.

    A method that only other hardware has (its class states a negative capability) is left out.
    """
    tree = sources.tree(PATH)
    names = literal.strings(literal.assigned(tree, "QuantizationMethods"))
    deprecated = set(literal.strings(literal.assigned(tree, "DEPRECATED_QUANTIZATION_METHODS")))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == _FUNCTION)
    imports = dict(_imports(function))
    classes = Classes(sources)
    assigns = (node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.AnnAssign))
    mapping = next(node.value for node in assigns if _is_mapping(node))
    found: dict[str, list[object]] = {}
    for name, node in literal.dictionary(tree, mapping).items():
        capability, activations = _statements(classes, imports, node.id if isinstance(node, ast.Name) else "")
        if capability >= 0:
            found[name] = [capability, " ".join(activations), "deprecated" if name in deprecated else ""]
    online = [75, "float16 bfloat16", ""]
    return {name: found.get(name, online) for name in names if name in found or name not in _OTHER_HARDWARE}


_FUNCTION = "get_quantization_config"
_TORCH = {"half": "float16"}
_DTYPES = {"float16", "bfloat16", "float32", "half"}
_OTHER_HARDWARE = {"ipex", "tpu_int8", "neuron_quant", "cpu_awq", "cpu_gptq", "rtn"}


def _is_mapping(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
    return any(isinstance(target, ast.Name) and target.id == "method_to_config" for target in targets)


def _imports(function: ast.FunctionDef) -> Iterator[tuple[str, ast.ImportFrom]]:
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node) for alias in node.names)


def _statements(classes: Classes, imports: dict[str, ast.ImportFrom], name: str) -> tuple[int, list[str]]:
    capability: int | None = None
    activations: list[str] = []
    path = classes.resolve(PATH, imports[name]) if name in imports else ""
    for node in classes.ancestry(path, name):
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "get_min_capability" and capability is None:
                capability = _integer(method)
            if isinstance(method, ast.FunctionDef) and method.name == "get_supported_act_dtypes" and not activations:
                activations = [
                    _TORCH.get(part.attr, part.attr)
                    for part in ast.walk(method)
                    if isinstance(part, ast.Attribute) and part.attr in _DTYPES
                ]
    return (75 if capability is None else capability), list(dict.fromkeys(activations))


def _integer(method: ast.FunctionDef) -> int | None:
    returned = [literal.value(node.value) for node in ast.walk(method) if isinstance(node, ast.Return)]
    return next((number for number in returned if isinstance(number, int)), None)
