"""The tables of vLLM versions: found by version number, read once, kept for the life of the program."""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from validation.engine.table import (
    Advisory,
    Architecture,
    Backend,
    BatchTier,
    ConfigClass,
    EngineTable,
    QuantizationMethod,
    Status,
)

GZIP = 31  # of zlib: with the header of gzip
FOLDER = Path(__file__).parent.parent / "contracts" / "engines"
T = TypeVar("T")
_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:\.?(?:post|rc|dev)\d{0,6})?(?:\+[\w.]{0,40})?")


class EngineError(ValueError):
    """The wished engine version is no version, or older than every table."""


def available_versions() -> tuple[str, ...]:
    """Return the versions that have a table, oldest first."""
    names = [path.name.removeprefix("vllm-").removesuffix(".json.gz") for path in FOLDER.glob("vllm-*.json.gz")]
    return tuple(sorted(names, key=number))


def number(version: str) -> tuple[int, int, int]:
    """Return a version as three numbers to compare by; raise EngineError for what is no version."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        raise EngineError("is no vLLM version: a version reads like `0.33.0`")
    return int(found[1]), int(found[2]), int(found[3] or 0)


@cache
def load_engine(version: str) -> EngineTable:
    """Return the table of a vLLM version, or of the nearest lower one; ``asked`` keeps what was asked for."""
    wished = number(version)
    known = available_versions()
    lower = [name for name in known if number(name) <= wished]
    if not lower:
        raise EngineError(f"is older than every engine table: the oldest is `{known[0]}`")
    same = number(lower[-1]) == wished
    return _read(lower[-1], lower[-1] if same else version.strip().removeprefix("v"))


def versions_with(architecture: str) -> tuple[str, ...]:
    """Return the versions whose table has this architecture as supported, oldest first."""
    return tuple(
        name
        for name in available_versions()
        if architecture in _object(FOLDER / f"vllm-{name}.json.gz")["architectures"]
    )


def versions_taking_adapters(architecture: str) -> tuple[str, ...]:
    """Return the versions that serve this architecture with LoRA adapters, oldest first."""
    tables = ((name, _object(FOLDER / f"vllm-{name}.json.gz")["architectures"]) for name in available_versions())
    return tuple(name for name, known in tables if architecture in known and "lora" in known[architecture][2].split())


def versions_knowing(model_type: str) -> tuple[str, ...]:
    """Return the versions that know this model type without remote code, oldest first."""
    return tuple(name for name in available_versions() if model_type in load_engine(name).model_types)


def _read(version: str, asked: str) -> EngineTable:
    data = _object(FOLDER / f"vllm-{version}.json.gz")
    pinned = data["transformers"]["version"]
    library = _object(FOLDER / f"transformers-{pinned}.json.gz")
    classes = {**library["config_classes"], **data["config_classes"]}
    return EngineTable(
        version=version,
        asked=asked,
        source=data["source"],
        date=data["date"],
        transformers=data["transformers"]["range"],
        transformers_version=pinned,
        architectures=_architectures(data),
        model_types=frozenset([*data["model_types"], *library["types"]]),
        transformers_types=frozenset(library["types"]),
        transformers_classes=frozenset(library["classes"]),
        base_classes=library["base_classes"],
        config_classes=_Entries(classes, _config_class),
        quantization={name: _method(name, *parts) for name, parts in data["quantization"].items()},
        serve_flags=frozenset(data["serve_flags"]),
        suffixes=tuple((suffix, runner, convert) for suffix, runner, convert in data["suffixes"]),
        gpu_memory_utilization=data["defaults"]["gpu_memory_utilization"],
        block_size=data["defaults"]["block_size"],
        length_keys=tuple(data["length"]["keys"]),
        unscaled_ropes=frozenset(data["length"]["unscaled_ropes"]),
        mla_types=frozenset(data["mla_types"]),
        float16_refused=frozenset(data["float16_refused"]),
        advisories=advisories_of(asked),
        lora_ranks=tuple(data["lora_ranks"]),
        quirks=frozenset(data["quirks"]),
        backend=_backend(data["backend"], library),
        batch_tiers=tuple(_tier(*tier) for tier in data["batches"]),
    )


def advisories_of(version: str) -> tuple[Advisory, ...]:
    """Return the published weaknesses that a version is open to."""
    return tuple(item for item in _advisories() if number(version) < number(item.below))


@cache
def _advisories() -> tuple[Advisory, ...]:
    items = json.loads((FOLDER / "advisories.json").read_bytes())
    return tuple(Advisory(**item) for item in items)


def _backend(checks: list[str], library: Mapping[str, Any]) -> Backend:
    return Backend(
        checks=frozenset(checks),
        incompatible=frozenset(library["incompatible"]),
        unmarked=frozenset(library["unmarked"]),
        obstacles=library["obstacles"],
    )


def _tier(memory: int, excepted: str, tokens: int, sequences: int) -> BatchTier:
    return BatchTier(memory_gib=memory, excepted=excepted, max_num_batched_tokens=tokens, max_num_seqs=sequences)


class _Entries(Mapping[str, T]):
    """Entries of a table that are made when they are looked at: a model needs one of a thousand."""

    def __init__(self, stated: Mapping[str, Any], make: Callable[[str, Any], T]) -> None:
        self._stated = stated
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._make(name, self._stated[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stated)

    def __len__(self) -> int:
        return len(self._stated)

    def __contains__(self, name: object) -> bool:
        return name in self._stated


def _architectures(data: Mapping[str, Any]) -> Mapping[str, Architecture]:
    removed = {name: (Status.REMOVED, last) for name, last in data["removed"].items()}
    plugins = {name: (Status.PLUGIN, plugin) for name, plugin in data["plugins"].items()}
    return _Entries({**data["architectures"], **removed, **plugins}, _architecture)


def _architecture(name: str, stated: Sequence[Any]) -> Architecture:
    match stated:
        case (Status.REMOVED, last_version):
            return Architecture(name=name, status=Status.REMOVED, last_version=last_version)
        case (Status.PLUGIN, plugin):
            return Architecture(name=name, status=Status.PLUGIN, plugin=plugin)
    categories, implementation, flags = stated
    return Architecture(
        name=name,
        status=Status.SUPPORTED,
        categories=tuple(categories.split()),
        implementation=implementation,
        flags=frozenset(flags.split()),
    )


def _config_class(_: str, stated: str) -> ConfigClass:
    defaults, aliases, sections, text, copies = json.loads(stated)
    return ConfigClass(defaults=defaults, aliases=aliases, sections=sections, text=text, copies=copies)


def _method(name: str, capability: int, activations: str, state: str) -> QuantizationMethod:
    return QuantizationMethod(
        name=name, min_capability=capability, activations=tuple(activations.split()), deprecated=state == "deprecated"
    )


@cache
def _object(path: Path) -> Mapping[str, Any]:
    data = path.read_bytes()
    value: Mapping[str, Any] = json.loads(zlib.decompress(data, wbits=GZIP) if path.suffix == ".gz" else data)
    return value
