"""Configuration classes: the defaults, other names and nested configurations they add to a config.json."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.engine_table import literal
from tools.engine_table.archive import Sources

BASES = {"PreTrainedConfig", "PretrainedConfig"}
MAX_DEPTH = 6
_IRRELEVANT = re.compile(
    r"dropout|_token_i|_token$|initializer|_act$|_eps$|epsilon|layerdrop|_activation|_loss|mask_(time|feature|length)|"
    r"(^|_)(std|lambda|alpha|beta|gamma|coef)|use_cache|return_dict|label|init_|_plan$|noise|_range|_prob|_penalty|"
    r"^(bos|eos|pad|sep|cls)_|spec_augment|ctc_|summary_|has_no_defaults|keys_to_ignore|_weight$|aux_",
)
_CALLS = re.compile(r"^(?:\w+\.)*(\w+)$")


@dataclass
class ConfigClasses:
    """Every configuration class of one or more packages, by class name."""

    nodes: dict[str, ast.ClassDef] = field(default_factory=dict)

    def read(self, sources: Sources, pattern: str) -> None:
        """Add the classes of the files whose path matches."""
        for path in sorted(sources.texts):
            if re.search(pattern, path):
                for node in sources.tree(path).body:
                    if isinstance(node, ast.ClassDef) and node.name.endswith("Config"):
                        self.nodes.setdefault(node.name, node)

    def model_type(self, name: str) -> str:
        """Return the model type that a class states, itself or by inheritance; empty when it states none."""
        for node in self._ancestry(name):
            found = literal.value(literal.assigned(ast.Module(body=node.body, type_ignores=[]), "model_type"))
            if isinstance(found, str):
                return found
        return ""

    def describe(self, name: str) -> list[Any]:
        """Return defaults, other names, nested configurations, the text configuration's key and copies of a class.

        A copy is a key that takes another one's value when it is not stated.
        """
        copies: dict[str, str] = {}
        defaults: dict[str, Any] = {}
        aliases: dict[str, str] = {}
        sections: dict[str, str] = {}
        text = ""
        for node in reversed(list(self._ancestry(name))):
            body = ast.Module(body=node.body, type_ignores=[])
            defaults.update(_defaults(node))
            stated = literal.value(literal.assigned(body, "attribute_map"))
            aliases.update(stated if isinstance(stated, dict) else {})
            sections.update(self._sections(node))
            copies.update(_copies(node))
            text = _text(node) or text
        kept = {key: item for key, item in sorted(defaults.items()) if item is not None and not _IRRELEVANT.search(key)}
        copies = {key: item for key, item in copies.items() if key not in kept and not _IRRELEVANT.search(key)}
        return [kept, dict(sorted(aliases.items())), dict(sorted(sections.items())), text, dict(sorted(copies.items()))]

    def _ancestry(self, name: str, depth: int = 0) -> Iterator[ast.ClassDef]:
        node = self.nodes.get(name)
        if node is None or depth > MAX_DEPTH:
            return
        yield node
        for base in node.bases:
            yield from self._ancestry(ast.unparse(base).rpartition(".")[2], depth + 1)

    def _sections(self, node: ast.ClassDef) -> Iterator[tuple[str, str]]:
        body = ast.Module(body=node.body, type_ignores=[])
        classes = literal.dictionary(body, literal.assigned(body, "sub_configs"))
        stated = {key: self.model_type(ast.unparse(item).rpartition(".")[2]) for key, item in classes.items()}
        yield from stated.items()
        for statement in ast.walk(node):
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                found = self._built(statement.value)
                key = ast.unparse(target).removeprefix("self.").partition("[")[0]
                if found and key.isidentifier():
                    yield key, f"*{stated.get(key, '')}" if found == "*" else found

    def _built(self, expression: ast.expr) -> str:
        """Return the model type that an assigned value is built as, ``*`` before one built of the outer keys."""
        text = ast.unparse(expression)
        default = re.search(r"get\('model_type', '([\w.-]+)'\)", text) or re.match(
            r"CONFIG_MAPPING\['([\w.-]+)'\]", text
        )
        if default:
            return default[1]
        if not isinstance(expression, ast.Call):
            return ""
        name = ast.unparse(expression.func).rpartition(".")[2]
        if re.search(r"sub_configs\['text_config'\]\(\*\*(text_)?kwargs\)", text):
            return "*"
        return self.model_type(name) if name in self.nodes else ""


def _defaults(node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    for item in node.body:
        if (
            isinstance(item, ast.AnnAssign)
            and isinstance(item.target, ast.Name)
            and "ClassVar" not in ast.unparse(item.annotation)
        ):
            yield from _literal(item.target.id, item.value)
        elif (
            isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Name)
            and item.targets[0].id not in _CLASS_ONLY
        ):
            yield from _literal(item.targets[0].id, item.value)
        elif isinstance(item, ast.FunctionDef) and item.name == "__init__":
            yield from _parameters(item)
        elif isinstance(item, ast.FunctionDef) and item.name == "__post_init__":
            yield from _popped(item)


_CLASS_ONLY = {
    "model_type",
    "attribute_map",
    "sub_configs",
    "base_model_tp_plan",
    "base_model_pp_plan",
    "base_config_key",
}


def _parameters(function: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    arguments = function.args
    positional = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    pairs = [
        *zip(positional, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    body = ast.unparse(function)
    for parameter, default in pairs:
        if (
            f"self.{parameter.arg} = " in body
            or f"self.{parameter.arg}: " in body
            or f"{parameter.arg}={parameter.arg}" in body
        ):
            yield from _literal(parameter.arg, default)
    for statement in function.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]).startswith("self."):
            yield from _literal(ast.unparse(statement.targets[0]).removeprefix("self."), statement.value)
    yield from _popped(function)


def _popped(function: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """Yield ``self.x = kwargs.pop("x", default)``, which configurations use for keys of old files."""
    for statement in function.body:
        call = getattr(statement, "value", None)
        if isinstance(call, ast.Call) and len(call.args) == 2:  # noqa: PLR2004 - key, default
            called = ast.unparse(call.func)
            if called == "kwargs.setdefault":
                yield from _literal(str(literal.value(call.args[0])), call.args[1])
            elif isinstance(statement, ast.Assign) and called in {"kwargs.pop", "kwargs.get"}:
                yield from _literal(ast.unparse(statement.targets[0]).removeprefix("self."), call.args[1])
        if isinstance(statement, ast.If) and isinstance(statement.body[0], ast.Assign):
            name = ast.unparse(statement.body[0].targets[0]).removeprefix("self.")
            if ast.unparse(statement.test).removeprefix("self.") == f"{name} is None":
                yield from _literal(name, statement.body[0].value)


def _copies(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield ``self.a = b`` and ``if self.a is None: self.a = self.b`` of the class's constructor."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name in {"__init__", "__post_init__"}:
            for statement in ast.walk(method):
                if isinstance(statement, ast.Assign):
                    target, source = ast.unparse(statement.targets[0]), _source(statement.value)
                    bare, other = target.removeprefix("self."), source.removeprefix("self.")
                    if bare.isidentifier() and other.isidentifier() and bare != other and not _fixed(other):
                        yield bare, other


def _source(node: ast.expr) -> str:
    """Return what a value is made of: itself, or the nested configuration that a class is built from."""
    spread = [part.value for part in node.keywords if part.arg is None] if isinstance(node, ast.Call) else []
    if len(spread) == 1 and isinstance(spread[0], ast.Call) and ast.unparse(spread[0].func) == "kwargs.pop":
        return str(literal.value(spread[0].args[0]))
    return ast.unparse(spread[0] if len(spread) == 1 else node)


def _fixed(name: str) -> bool:
    return name in {"None", "True", "False", "kwargs", "self"}


def _literal(name: str, node: ast.expr | None) -> Iterator[tuple[str, Any]]:
    found = literal.value(node)
    if found is not literal.UNKNOWN and name.isidentifier():
        yield name, found


def _text(node: ast.ClassDef) -> str:
    """Return the key that a class's own ``get_text_config`` returns; ``key.`` when it asks that one's in turn."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "get_text_config":
            returned = [
                ast.unparse(part.value) for part in ast.walk(item) if isinstance(part, ast.Return) and part.value
            ]
            found = re.match(r"self\.(\w+)(\.get_text_config)?", returned[-1]) if returned else None
            if found:
                return found[1] + ("." if found[2] else "")
    return ""
