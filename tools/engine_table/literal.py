"""Values that Python source states outright: literals, names of constants, simple collections."""

import ast
from typing import Any

UNKNOWN = object()
MAX_FACTOR = 1 << 30
MAX_EXPONENT = 40


def assigned(tree: ast.Module, name: str) -> ast.expr | None:
    """Return the last expression that a module assigns to a name."""
    found = None
    for node in tree.body:
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                found = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            found = node.value or found
    return found


def value(node: ast.expr | None) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value of a literal expression, UNKNOWN for anything that would have to be run."""
    if node is None:
        return UNKNOWN
    number = _arithmetic(node)
    if number is not None:
        return number
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return UNKNOWN
    return _json(found)


def _arithmetic(node: ast.expr) -> int | None:
    """Return what ``4096 * 32`` and ``int(2**20)`` come to; None for anything else."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "int" and len(node.args) == 1:
        return _arithmetic(node.args[0])
    if not isinstance(node, ast.BinOp):
        return None
    pair = (value(node.left), value(node.right))
    left, right = (part if isinstance(part, int) else None for part in pair)
    if left is None or right is None or not 0 <= right <= MAX_FACTOR:
        return None
    if isinstance(node.op, ast.Pow):
        return left**right if right <= MAX_EXPONENT else None
    return left * right if isinstance(node.op, ast.Mult) else None


def _json(found: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(found, tuple | list):
        items = [_json(item) for item in found]
        return UNKNOWN if any(item is UNKNOWN for item in items) else items
    if isinstance(found, dict):
        pairs = {str(key): _json(item) for key, item in found.items()}
        return UNKNOWN if any(item is UNKNOWN for item in pairs.values()) else pairs
    return found if found is None or isinstance(found, str | int | float | bool) else UNKNOWN


def strings(node: ast.expr | None) -> list[str]:
    """Return every string constant inside an expression, in order."""
    if node is None:
        return []
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def dictionary(tree: ast.Module, node: ast.expr | None, seen: frozenset[str] = frozenset()) -> dict[str, ast.expr]:
    """Return the string-keyed items of a dict display or of ``dict(...)``, with ``**`` of both and of constants.

    ``seen`` are the names already followed: a constant made of its own former value is not followed again.
    """
    if isinstance(node, ast.Name):
        return {} if node.id in seen else dictionary(tree, assigned(tree, node.id), seen | {node.id})
    if isinstance(node, ast.Dict):
        found: dict[str, ast.expr] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(dictionary(tree, item, seen))
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                found[key.value] = item
        return found
    if isinstance(node, ast.Call):
        found = {}
        for argument in node.args:
            found.update(dictionary(tree, argument, seen) or _pairs(argument))
        for keyword in node.keywords:
            found.update({keyword.arg: keyword.value} if keyword.arg else dictionary(tree, keyword.value, seen))
        return found
    return {}


def _pairs(node: ast.expr) -> dict[str, ast.expr]:
    """Return the items of a list of pairs, as ``OrderedDict([(key, value), ...])`` takes it."""
    if not isinstance(node, ast.List):
        return {}
    pairs = [item.elts for item in node.elts if isinstance(item, ast.Tuple) and len(item.elts) == 2]  # noqa: PLR2004 - a pair
    return {key.value: item for key, item in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)}
