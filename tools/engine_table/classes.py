"""Classes of a package followed through their bases and imports, without importing them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tools.engine_table import literal
from tools.engine_table.archive import Sources

MAX_DEPTH = 30


@dataclass
class Classes:
    """Finds classes by module path and name; remembers what was found."""

    sources: Sources
    _names: dict[str, dict[str, ast.AST]] = field(default_factory=dict)
    _attributes: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)

    def ancestry(self, path: str, name: str, depth: int = 0) -> Iterator[ast.ClassDef]:
        """Yield the class and its ancestors that the package itself defines, nearest first."""
        if depth > MAX_DEPTH or not path:
            return
        node = self._top(path).get(name)
        if isinstance(node, ast.ClassDef):
            yield node
            for base in node.bases:
                yield from self._expression(path, base, depth + 1)
        elif isinstance(node, ast.ImportFrom):
            yield from self._imported(path, name, node, depth + 1)
        elif isinstance(node, ast.Assign):
            yield from self._expression(path, node.value, depth + 1)

    def attributes(self, path: str, name: str) -> dict[str, object]:
        """Return the literal class attributes a class has, inherited ones too; methods are True."""
        if (path, name) not in self._attributes:
            found: dict[str, object] = {}
            for node in self.ancestry(path, name):
                for key, item in _own(node):
                    found.setdefault(key, item)
            self._attributes[path, name] = found
        return self._attributes[path, name]

    def method(self, path: str, name: str, method: str) -> ast.FunctionDef | None:
        """Return the method that a class would call, inherited or its own."""
        for node in self.ancestry(path, name):
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == method:
                    return item
        return None

    def _expression(self, path: str, node: ast.expr, depth: int) -> Iterator[ast.ClassDef]:
        if isinstance(node, ast.Subscript):
            yield from self._expression(path, node.value, depth)
        elif isinstance(node, ast.Name):
            yield from self.ancestry(path, node.id, depth)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"as_embedding_model", "as_seq_cls_model", "as_reward_model"}:
                yield _POOLING
            for argument in node.args:
                yield from self._expression(path, argument, depth)

    def _imported(self, path: str, name: str, node: ast.ImportFrom, depth: int) -> Iterator[ast.ClassDef]:
        target = self.resolve(path, node)
        original = next((alias.name for alias in node.names if (alias.asname or alias.name) == name), name)
        yield from self.ancestry(target, original, depth)

    def resolve(self, path: str, node: ast.ImportFrom) -> str:
        """Return the path of the module that an import in ``path`` reads from."""
        if not node.level:
            return self.sources.module(node.module or "")
        folder = path.split("/")[: -node.level]
        return self.sources.module(".".join([*folder, *(node.module or "").split(".")]).strip("."))

    def _top(self, path: str) -> dict[str, ast.AST]:
        if path not in self._names:
            self._names[path] = dict(_definitions(self.sources.tree(path).body))
        return self._names[path]


_FLAG = ast.parse("is_pooling_model = True").body
_POOLING = ast.ClassDef(name="Pooling", bases=[], keywords=[], body=_FLAG, decorator_list=[])


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node) for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from ((target.id, node) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.If):
            yield from _definitions(node.body)
            yield from _definitions(node.orelse)  # the later one counts: what is not for type checkers, nor for ROCm
        elif isinstance(node, ast.Try):
            yield from _definitions(node.body)


@cache
def _own(node: ast.ClassDef) -> tuple[tuple[str, object], ...]:
    return tuple(_statements(node))


def _statements(node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                yield keyword.arg or "", literal.value(keyword.value)
            if isinstance(decorator.func, ast.Name) and decorator.args:
                yield decorator.func.id, literal.value(decorator.args[0])
    for item in node.body:
        if isinstance(item, ast.FunctionDef):
            yield item.name, True
        elif isinstance(item, ast.AnnAssign | ast.Assign) and item.value is not None:
            for target in item.targets if isinstance(item, ast.Assign) else [item.target]:
                if isinstance(target, ast.Name):
                    yield target.id, literal.value(item.value)
