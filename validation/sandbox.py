"""What is wrong with a chat template, found by reading its syntax tree; nothing is compiled and nothing rendered.

Compiling would already compute constant expressions, which a hostile template makes huge.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, TypeAlias

import jinja2.ext
from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from validation.data import Data

MAX_CHARACTERS = 256 << 10  # the largest real template seen has 36 KiB
MAX_NODES = 50_000
MAX_DEPTH = 300
MAX_REPEAT = 100_000  # what jinja2's sandbox allows a range to count

# Methods that change what they are called on: the immutable sandbox refuses them.
_CHANGING = frozenset(
    [
        "append",
        "appendleft",
        "extend",
        "insert",
        "remove",
        "pop",
        "popitem",
        "clear",
        "reverse",
        "sort",
        "update",
        "setdefault",
        "add",
        "discard",
    ]
)
_PADDING = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})
_INTERNAL = frozenset(
    [
        "mro",
        "func_closure",
        "func_code",
        "func_dict",
        "func_defaults",
        "func_globals",
        "gi_frame",
        "gi_code",
        "cr_frame",
        "cr_code",
        "ag_frame",
        "ag_code",
        "tb_frame",
        "f_globals",
        "f_locals",
        "f_back",
    ]
)
_Check: TypeAlias = tuple[type[nodes.Node] | tuple[type[nodes.Node], ...], Callable[[Any], Iterator["Flaw"]]]
_WIDTH = re.compile(r"[%{][^}]*[0-9]{6}")
_QUOTED = re.compile(r"'[^']{12,}'")


class TemplateError(ValueError):
    """A template that cannot be parsed; ``line`` counts from 1 where known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        """Keep the reason, which never holds more than a word of the template's text."""
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Flaw(Data):
    """Something in a template that the sandbox refuses; ``certain`` is false where only its data decides."""

    line: int
    message: str
    certain: bool = True


class _Generation(jinja2.ext.Extension):
    """The tag ``{% generation %}``, by which training marks the assistant's words."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares an attribute of the instance

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Return the environment that transformers builds for chat templates, as far as reading one needs it."""
    return ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )


@lru_cache(maxsize=1)  # two rules read the same template, and the models of a stack often share theirs
def parse(text: str) -> nodes.Template:
    """Parse a template as transformers and vLLM do; raise TemplateError when it cannot be."""
    if len(text) > MAX_CHARACTERS:
        raise TemplateError(f"has {len(text) >> 10} KiB, more than {MAX_CHARACTERS >> 10} KiB")
    try:
        return _environment().parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(_plain(error.message or "is malformed"), error.lineno) from None
    except RecursionError:
        raise TemplateError(f"nests deeper than {MAX_DEPTH} levels") from None
    except (ValueError, OverflowError, MemoryError, SyntaxError):
        raise TemplateError("holds a number or a string that cannot be read") from None


def flaws(tree: nodes.Template) -> Iterator[Flaw]:
    """Yield what the sandbox refuses in a parsed template, and literals that make it count without end."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    seen = 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            yield Flaw(line=node.lineno or 1, message=f"has more than {MAX_NODES} parts or {MAX_DEPTH} levels")
            return
        for kinds, check in _CHECKS:
            if isinstance(node, kinds):
                yield from check(node)
        waiting.extend((child, depth + 1) for child in reversed(list(node.iter_child_nodes())))


def _loads(node: nodes.Node) -> Iterator[Flaw]:
    yield Flaw(line=node.lineno, message="loads another template, and there is none to load")


def _filter(node: nodes.Filter) -> Iterator[Flaw]:
    if node.name not in _environment().filters:
        yield Flaw(line=node.lineno, message=f"uses the filter `{node.name[:40]}`, which does not exist")
    if node.name in {"attr", "map"}:
        for argument in [*node.args, *(pair.value for pair in node.kwargs)]:
            if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                yield from (flaw for part in argument.value.split(".") for flaw in _name(part, node.lineno))


def _test(node: nodes.Test) -> Iterator[Flaw]:
    if node.name not in _environment().tests:
        yield Flaw(line=node.lineno, message=f"uses the test `{node.name[:40]}`, which does not exist")


def _attribute(node: nodes.Getattr | nodes.NSRef) -> Iterator[Flaw]:
    yield from _name(node.attr, node.lineno)


def _item(node: nodes.Getitem) -> Iterator[Flaw]:
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) and node.arg.value.startswith("__"):
        yield from _name(node.arg.value, node.lineno)


def _name(name: str, line: int) -> Iterator[Flaw]:
    if name.startswith("__") or name in _INTERNAL:
        yield Flaw(line=line, message=f"reaches for `{name[:40]}`, an internal of Python")
    elif name.startswith("_"):
        yield Flaw(line=line, message=f"reaches for `{name[:40]}`, and the sandbox hides such names", certain=False)


def _call(node: nodes.Call) -> Iterator[Flaw]:
    called = node.node
    if isinstance(called, nodes.Getattr) and called.attr in _CHANGING:
        yield Flaw(line=node.lineno, message=f"calls `.{called.attr}()`, which changes a list or a mapping")
    if isinstance(called, nodes.Getattr) and called.attr in _PADDING and any(map(_large, node.args)):
        yield Flaw(line=node.lineno, message=f"pads a string beyond {MAX_REPEAT} characters")
    if isinstance(called, nodes.Name) and called.name in {"range", "lipsum"} and any(map(_large, node.args)):
        yield Flaw(line=node.lineno, message=f"counts with `{called.name}` beyond {MAX_REPEAT}")


def _product(node: nodes.Mul) -> Iterator[Flaw]:
    if _large(node.left) or _large(node.right):
        yield Flaw(line=node.lineno, message=f"repeats something more than {MAX_REPEAT} times")


def _power(node: nodes.Pow) -> Iterator[Flaw]:
    yield Flaw(line=node.lineno, message="raises a number to a power, which has no limit", certain=False)


def _text(node: nodes.Const) -> Iterator[Flaw]:
    if isinstance(node.value, str) and _WIDTH.search(node.value[:1000]):
        yield Flaw(line=node.lineno, message="formats with a width of six digits or more", certain=False)


_CHECKS: tuple[_Check, ...] = (
    ((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends), _loads),
    (nodes.Filter, _filter),
    (nodes.Test, _test),
    ((nodes.Getattr, nodes.NSRef), _attribute),
    (nodes.Getitem, _item),
    (nodes.Call, _call),
    (nodes.Mul, _product),
    (nodes.Pow, _power),
    (nodes.Const, _text),
)


def _large(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Neg | nodes.Pos):
        return _large(node.node)
    if isinstance(node, nodes.Pow):
        return True
    return isinstance(node, nodes.Const) and isinstance(node.value, int | float) and abs(node.value) > MAX_REPEAT


def _plain(message: str) -> str:
    """Return jinja2's first sentence without what it quotes of the template, which a stranger wrote."""
    shown = _QUOTED.sub("...", message).partition(". ")[0][:160].rstrip(".")
    return shown[:1].lower() + shown[1:]
