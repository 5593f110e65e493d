"""Immutable data: all of ``dataclass(frozen=True, slots=True, kw_only=True)``, without compiling code for each class.

The standard library writes and compiles six methods a class, which takes half a millisecond whenever a program starts;
a check has seventy such classes. Here the methods are inherited (docs/adr/0016-what-a-start-costs.md).
``dataclasses.replace``, ``fields`` and ``asdict`` work on these classes as on any data class.
"""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, dataclass_transform

if TYPE_CHECKING:
    from dataclasses import Field

_REQUIRED: Any = object()


class _Default:
    """What a field is when it is left out, whether ``repr`` shows it, and whether objects are compared by it."""

    __slots__ = ("compared", "factory", "shown", "value")

    def __init__(
        self,
        value: object,
        factory: Callable[[], object] | None = None,
        *,
        shown: bool = True,
        compared: bool = True,
    ) -> None:
        self.value = value
        self.factory = factory
        self.shown = shown
        self.compared = compared


def field(
    *,
    default: Any = _REQUIRED,  # noqa: ANN401 - as dataclasses.field has it
    default_factory: Callable[[], Any] | None = None,
    repr: bool = True,  # noqa: A002 - the same
    compare: bool = True,
) -> Any:  # noqa: ANN401 - the same
    """Describe a field whose default is made anew for each object, or that is not shown, or not compared."""
    return _Default(default, default_factory, shown=repr, compared=compare)


class _Fields:
    """``__dataclass_fields__`` of a class, made when somebody asks for it."""

    def __get__(self, instance: object, kind: "_DataType") -> "Mapping[str, Field[Any]]":
        return _fields(kind)


@cache
def _fields(kind: "_DataType") -> "Mapping[str, Field[Any]]":
    import dataclasses  # noqa: PLC0415 - takes ten milliseconds

    found = []
    for name, known in kind.__defaults__.items():
        given: dict[str, Any] = {} if known.value is _REQUIRED else {"default": known.value}
        if known.factory is not None:
            given = {"default_factory": known.factory}
        found.append((name, object, dataclasses.field(repr=known.shown, compare=known.compared, kw_only=True, **given)))
    told = {"__doc__": kind.__doc__ or kind.__name__}  # else a signature is made to tell
    twin = dataclasses.make_dataclass(kind.__name__, found, namespace=told, init=False, repr=False, eq=False)
    fields: Mapping[str, Field[Any]] = vars(twin)["__dataclass_fields__"]
    return MappingProxyType(fields)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class _DataType(type):
    """Makes the annotated names of a class its slots, and keeps what they are when they are left out."""

    __names__: tuple[str, ...]
    __defaults__: Mapping[str, _Default]
    __setters__: Mapping[str, Callable[[object, object], None]]
    __content__: Callable[[object], object]
    __dataclass_fields__: "Mapping[str, Field[Any]]"

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> "_DataType":
        own = tuple(namespace.get("__annotations__", ()))
        stated = {key: namespace.pop(key, _REQUIRED) for key in own}
        made = super().__new__(cls, name, bases, {**namespace, "__slots__": own, "__match_args__": ()})
        inherited: Mapping[str, _Default] = getattr(made.__base__, "__defaults__", {})
        made.__defaults__ = {**inherited} | {
            key: value if isinstance(value, _Default) else _Default(value) for key, value in stated.items()
        }
        names = made.__names__ = tuple(made.__defaults__)
        made.__setters__ = {key: getattr(made, key).__set__ for key in names}
        compared = [key for key, default in made.__defaults__.items() if default.compared]
        made.__content__ = attrgetter(*compared) if compared else type
        return made


class Data(metaclass=_DataType):
    """The base of immutable data: fields are annotated, given by keyword, and what objects are compared by."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - each class has its own fields, which mypy knows
        """Set every field; raise TypeError for one that is missing or unknown."""
        kind = type(self)
        if len(given) != len(kind.__setters__):
            given = _completed(kind, given)
        try:
            for name, setter in kind.__setters__.items():
                setter(self, given[name])
        except KeyError:
            raise _mistake(kind, given) from None

    def __repr__(self) -> str:
        """Return the class with its fields, but for those that are not to be shown."""
        kind = type(self)
        shown = (name for name in kind.__names__ if kind.__defaults__[name].shown)
        return f"{kind.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __eq__(self, other: object) -> bool:
        """Return whether the other is of the same class with equal fields."""
        kind = type(self)
        return kind.__content__(self) == kind.__content__(other) if type(other) is kind else NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the fields; raise TypeError when one has none."""
        return hash(type(self).__content__(self))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: nothing of it changes."""
        _refuse(name)

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse, as above."""
        _refuse(name)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """Let ``copy`` make an equal object."""
        return _made, (type(self), {name: getattr(self, name) for name in type(self).__names__})


Data.__dataclass_fields__ = _Fields()  # type: ignore[assignment]  # a descriptor of what it is declared to be


def _made(kind: type[Data], given: Mapping[str, Any]) -> Data:
    return kind(**given)


def _completed(kind: _DataType, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the defaults of those that were left out."""
    found = dict(given)
    for name, default in kind.__defaults__.items():
        if name not in found and default.factory is not None:
            found[name] = default.factory()
        elif name not in found and default.value is not _REQUIRED:
            found[name] = default.value
    if len(found) != len(kind.__names__):
        raise _mistake(kind, found)
    return found


def _mistake(kind: _DataType, given: Mapping[str, object]) -> TypeError:
    missing = [name for name in kind.__names__ if name not in given]
    unknown = [name for name in given if name not in kind.__names__]
    told = f"has no `{unknown[0]}`" if unknown else f"lacks `{missing[0]}`"
    return TypeError(f"{kind.__qualname__} {told}")


def _refuse(name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - only where somebody errs

    raise FrozenInstanceError(f"cannot assign to field {name!r}")
