"""How the model that an adapter was trained on is related to the one that is served: by names alone."""

import re
from collections.abc import Iterator
from enum import StrEnum

from validation.adapter import Adapter
from validation.data import Data
from validation.facts import Ancestor, RepositoryFacts

_REPOSITORY = r"[a-z0-9_.-]+/[a-z0-9_.-]+"  # in lower case
_QUANTIZED = "quantized"
_PACKED = (  # what names of quantizations and of mirrors end in
    r"[-_.](unsloth|bnb|4bit|8bit|awq|gptq|int4|int8|fp8|nvfp4|mxfp4|w4a16|w8a8|w8a16|dynamic|quantized|autoround|g128)+$"
)


class Kinship(StrEnum):
    """What the base of an adapter is to the model that is served."""

    SAME = "same"
    QUANTIZED = "quantized"  # the same weights, in another number format
    ALIKE = "alike"  # the same name in another place: a mirror, or a namesake
    DERIVED = "derived"  # a fine-tune of it, what it was fine-tuned from, or a fine-tune of the same model
    OTHER = "other"
    UNKNOWN = "unknown"  # the adapter does not say, or the served model is a folder of unknown origin


class _Line(Data):
    """Names that a repository goes back to, in lower case, each with whether only quantization lies in between."""

    names: dict[str, bool]

    def same(self, other: "_Line") -> Iterator[bool]:
        """Yield for each name that both lines have whether neither has trained since."""
        yield from (quantized and other.names[name] for name, quantized in self.names.items() if name in other.names)


def kinship(model: RepositoryFacts, adapter: Adapter) -> Kinship:
    """Return how the adapter's base is related to the model that is served."""
    base, served = adapter.base.casefold(), (model.repository or model.source).casefold().removeprefix("hf://")
    parents = [item for item in adapter.facts.ancestors if item.relation in {"adapter", ""}][:1]
    direct = {name for name in (base, *(item.repository.casefold() for item in parents)) if name}
    if served in direct or (not model.repository and _last(base) == _last(served) and not _is_repository(base)):
        return Kinship.SAME
    if not direct:
        return Kinship.UNKNOWN
    trained = _line(direct, [item for item in adapter.facts.ancestors if item not in parents])
    common = list(trained.same(_line({served}, model.ancestors)))
    if common:
        return Kinship.QUANTIZED if any(common) else Kinship.DERIVED
    if _plain(served) in {_plain(name) for name in direct}:
        return Kinship.ALIKE
    return Kinship.OTHER if model.repository and _is_repository(base) else Kinship.UNKNOWN


def _line(own: set[str], ancestors: "tuple[Ancestor, ...] | list[Ancestor]") -> _Line:
    names = dict.fromkeys(own, True)
    quantized = True
    for item in ancestors:
        quantized = quantized and item.relation == _QUANTIZED
        names.setdefault(item.repository.casefold(), quantized)
    return _Line(names=names)


def _is_repository(name: str) -> bool:
    return re.fullmatch(_REPOSITORY, name) is not None and not name.startswith((".", "/", "~"))


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _plain(name: str) -> str:
    """Return the last part of a name without the endings of quantizations."""
    short = _last(name)
    while (stripped := re.sub(_PACKED, "", short)) != short:
        short = stripped
    return short
