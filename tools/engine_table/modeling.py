"""What vLLM's Transformers backend would meet in transformers' model classes: read from their source.

The backend takes a class that lets its attention be replaced, builds the base model of the configuration's type, and
needs a decoder whose ``forward`` takes ``input_ids``, ``inputs_embeds`` and ``position_ids`` and whose attention
modules look the interface up and know their layer.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from tools.engine_table import literal
from tools.engine_table.archive import Sources
from tools.engine_table.classes import Classes

AUTO = "transformers/models/auto/modeling_auto.py"
WANTED = ("input_ids", "inputs_embeds", "position_ids")
DECODERS = ("language_model", "text_model", "decoder", "text_decoder")
_GENERIC = {"PreTrainedModel", "EmbeddingAccessMixin", "ModuleUtilsMixin"}
_OWN_ATTENTION = re.compile(r"^class \w*Attention\w*\(nn\.Module\):", re.MULTILINE)
_NO_ATTENTION = re.compile(
    r"^class \w*(Mamba|Recurrent|Rglru|LightningAttention|GatedDelta|LSTM|ShortConv|LinearAttention|Mixer)\w*"
    r"\(nn\.Module\):",
    re.MULTILINE,
)
_FIXED_CHOICE = re.compile(r"CLASSES\[(self\.)?config\._attn_implementation\]")


@dataclass
class Modeling:
    """The model classes of one transformers version."""

    sources: Sources
    paths: dict[str, str] = field(default_factory=dict)  # class -> file
    classes: Classes = field(init=False)

    def __post_init__(self) -> None:
        """Find every model class by name."""
        self.classes = Classes(self.sources)
        for path in sorted(self.sources.texts):
            if re.search(r"models/\w+/modeling_\w+\.py$", path) and "_flax_" not in path and "_tf_" not in path:
                for name in literal.strings(literal.assigned(self.sources.tree(path), "__all__")):
                    self.paths.setdefault(name, path)

    def base_classes(self) -> dict[str, str]:
        """Return the base model class by model type."""
        tree = self.sources.tree(AUTO)
        found = literal.dictionary(tree, literal.assigned(tree, "MODEL_MAPPING_NAMES"))
        return {name: literal.strings(node)[0] for name, node in sorted(found.items())}

    @cached_property
    def names(self) -> list[str]:
        """Return the model classes that transformers exports."""
        return sorted(name for name, path in self.paths.items() if self._is_model(path, name))

    def incompatible(self) -> list[str]:
        """Return the exported classes whose attention cannot be replaced."""
        return [name for name in self.names if not self._marked(name) and not self._looks_replaceable(name)]

    def unmarked(self) -> list[str]:
        """Return the exported classes whose attention can be replaced although they do not say so."""
        return [name for name in self.names if not self._marked(name) and self._looks_replaceable(name)]

    def obstacles(self) -> dict[str, str]:
        """Return why the backend fails with a model type's base class; ``@text_config``: the inner type decides."""
        found = {name: self._obstacle(base) for name, base in self.base_classes().items() if base in self.paths}
        return {name: reason for name, reason in found.items() if reason}

    def _is_model(self, path: str, name: str) -> bool:
        return any(
            "PreTrainedModel" in ast.unparse(base) for node in self.classes.ancestry(path, name) for base in node.bases
        )

    def _marked(self, name: str) -> bool:
        return self.classes.attributes(self.paths[name], name).get("_supports_attention_backend") is True

    def _looks_replaceable(self, name: str) -> bool:
        """Return what transformers' ``_can_set_attn_implementation`` finds in the source."""
        text = self.sources.texts[self.paths[name]]
        return not _OWN_ATTENTION.search(text) or "ALL_ATTENTION_FUNCTIONS.get_interface(" in text

    def _obstacle(self, base: str) -> str:
        path = self.paths[base]
        parts = dict(self._parts(path, base))
        decoder = self._decoder(path, base, parts)
        if decoder == "AutoModel":
            return "@text_config"
        missing = [argument for argument in WANTED if argument not in self._arguments(path, decoder)]
        if missing:
            return f"`{decoder}` takes no `{missing[0]}`"
        return self._attention_obstacle(base, {"encoder", "decoder"} <= parts.keys())

    def _attention_obstacle(self, base: str, twice: bool) -> str:  # noqa: FBT001 - one internal call
        path = self.paths[base]
        text = self.sources.texts[path]
        if _FIXED_CHOICE.search(text):
            return f"`{base}` chooses its attention from a fixed list"
        if twice:
            return f"`{base}` attends in its encoder and in its decoder"
        if _NO_ATTENTION.search(text):
            return f"`{base}` has layers without attention"
        if not any(self._dispatches(path, node) for node in self._attention(path)):
            return f"the attention of `{base}` does not use the interface of transformers"
        return ""

    def _parts(self, path: str, name: str) -> Iterator[tuple[str, str]]:
        """Yield the modules a class builds, with the name of their class."""
        for node in self.classes.ancestry(path, name):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    for part in ast.walk(method):
                        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
                            target = ast.unparse(part.targets[0])
                            if target.startswith("self."):
                                yield (
                                    target[5:],
                                    ast.unparse(part.value.func)
                                    .removesuffix(".from_config")
                                    .removesuffix("._from_config"),
                                )

    def _decoder(self, path: str, base: str, parts: dict[str, str]) -> str:
        for node in self.classes.ancestry(path, base):
            for method in node.body if node.name not in _GENERIC else ():
                if isinstance(method, ast.FunctionDef) and method.name == "get_decoder":
                    returned = re.findall(r"return self\.(\w+)", ast.unparse(method))
                    return parts.get(returned[0], base) if returned else base
        return next((parts[name] for name in DECODERS if name in parts), base)

    def _arguments(self, path: str, name: str) -> set[str]:
        place = self.paths.get(name, path)
        for node in self.classes.ancestry(place, name):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "forward":
                    return {argument.arg for argument in [*method.args.args, *method.args.kwonlyargs]}
        return set()

    def _attention(self, path: str) -> Iterator[ast.ClassDef]:
        for node in self.sources.tree(path).body:
            if isinstance(node, ast.ClassDef) and _mentions(node, "ALL_ATTENTION_FUNCTIONS"):
                yield node
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if "Attention" in alias.name:
                        yield from list(self.classes.ancestry(self.classes.resolve(path, node), alias.name))[:1]

    def _dispatches(self, path: str, node: ast.ClassDef) -> bool:
        parts = (node, *self.classes.ancestry(path, node.name))
        return any(_mentions(part, "layer_idx", ast.Store) for part in parts)


def _mentions(node: ast.ClassDef, name: str, context: type[ast.expr_context] = ast.Load) -> bool:
    """Return whether a class reads a name, or sets an attribute of itself."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == name and context is ast.Load:
            return True
        if isinstance(part, ast.Attribute) and part.attr == name and isinstance(part.ctx, context):
            return True
    return False
