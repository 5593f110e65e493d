"""The GPUs, MIG profiles and instance types that are known, from the tables in ``catalogue/`` (SOURCES.csv there)."""

import csv
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from validation.data import Data
from validation.fit.plan import Gpu

_FOLDER = Path(__file__).parent / "catalogue"
MIB = 1 << 20
GIB = 1 << 30
COMPUTE_SLICES = 7  # of every GPU with MIG whose profiles are in the catalogue
DRIVER_SHARE = 0.006  # of the memory, where no start-up log states CUDA's total: 0.4 to 0.9 % in those that do
_NOISE = re.compile(r"\b(nvidia|amd|instinct|tesla|geforce|gpu|gen|generation|blackwell|edition|hbm2e?|hbm3e?)\b")
_MEMORY = re.compile(r"[ _-]\d+[ _-]?(gb?|gib)\b", re.IGNORECASE)
_ALIASES = {
    "a100": "A100-40",  # GKE's nvidia-tesla-a100 is the 40 GB one; the smaller is the safe reading
    "a10040": "A100-40",
    "a100pcie40": "A100-40",
    "a10080": "A100-80",
    "a100sxm": "A100-80",
    "a100sxm4": "A100-80",
    "a100sxm80": "A100-80",
    "a100pcie80": "A100-80-PCIe",
    "a100pcie": "A100-80-PCIe",
    "h100": "H100-SXM",
    "h10080": "H100-SXM",
    "h100mega": "H100-SXM",
    "h100mega80": "H100-SXM",
    "h100sxm5": "H100-SXM",
    "h100sxm80": "H100-SXM",
    "h100sxm580": "H100-SXM",
    "h100pcie80": "H100-PCIe",
    "h100nvl94": "H100-NVL",
    "h10094": "H100-NVL",
    "h200sxm": "H200",
    "h200141": "H200",
    "h200141nvl": "H200",
    "b200180": "B200",
    "mi300": "MI300X",
    "mi300x192": "MI300X",
    "rtx6000ada": "RTX-6000-Ada",
    "rtxpro6000": "RTX-PRO-6000-BSE",
    "rtxpro6000server": "RTX-PRO-6000-BSE",
    "rtxpro6000se": "RTX-PRO-6000-BSE",
    "v100": "V100-32",
    "v100sxm2": "V100-32",
    "a6000": "RTX-A6000",
    "3090": "RTX-3090",
    "4090": "RTX-4090",
    "5090": "RTX-5090",
}


class UnknownGpu(ValueError):  # noqa: N818 - it reads as the sentence it is
    """No GPU of the catalogue has this name; ``suggestion`` is the nearest, or empty."""

    def __init__(self, name: str, suggestion: str) -> None:
        """Keep the name that was asked for and the nearest one."""
        hint = f", did you mean `{suggestion}`" if suggestion else f"; known are {', '.join(load_gpus())}"
        super().__init__(f"GPU `{name}` is not in the catalogue{hint}")
        self.name = name
        self.suggestion = suggestion


class UnknownMigProfile(UnknownGpu):
    """The GPU has no such MIG profile; ``profiles`` are those that it has, ``suggestion`` a GPU with its nearest."""

    def __init__(self, gpu: str, profile: str, profiles: tuple[str, ...]) -> None:
        """Keep the GPU and the profiles it has."""
        near = difflib.get_close_matches(profile, profiles, n=1, cutoff=0.0)
        super().__init__(f"{gpu}/{profile}", f"{gpu}/{near[0]}" if near else gpu)
        there = f"; there are {', '.join(profiles)}" if profiles else ""
        self.args = (f"{gpu} has no MIG profile `{profile}` that is known{there}",)
        self.profiles = profiles


class Price(Data):
    """An on-demand price an hour, with the day and place it was published."""

    per_hour: float
    currency: str
    date: str
    source: str


class Instance(Data):
    """An instance type of a provider with its GPUs; ``memory`` is the host's, in bytes."""

    provider: str
    type: str
    place: str  # region or zone
    gpu: str
    gpus: int
    vcpus: int
    memory: int
    price: Price | None


@cache
def load_gpus() -> Mapping[str, Gpu]:
    """Return every GPU of the catalogue by its name."""
    return MappingProxyType({row["name"]: _gpu(row) for row in _rows("gpus.csv")})


@cache
def load_mig() -> Mapping[tuple[str, str], int]:
    """Return the bytes of each MIG profile by GPU name and profile (``1g.10gb``)."""
    return MappingProxyType({(row["gpu"], row["profile"]): int(row["memory_mib"]) * MIB for row in _rows("mig.csv")})


@cache
def load_instances() -> tuple[Instance, ...]:
    """Return every instance type of the catalogue, a row for each place that has a price of its own."""
    return tuple(_instance(row) for row in _rows("instances.csv"))


def find_gpu(name: str, mig_profile: str = "") -> Gpu:
    """Return the GPU of this name, product label or common spelling; raise UnknownGpu with the nearest name.

    A MIG profile (also written ``H100-SXM/1g.10gb``) narrows the memory to its slice.
    """
    base, _, profile = name.partition("/")
    gpus = load_gpus()
    key = _key(base)
    found = _by_key().get(key) or _by_key().get(_key(_MEMORY.sub("", base)))
    if found is None:
        near = difflib.get_close_matches(key, _by_key(), n=1, cutoff=0.6)
        raise UnknownGpu(name, _by_key()[near[0]] if near else "")
    profile = mig_profile or profile
    return _slice(gpus[found], profile) if profile else gpus[found]


def find_instances(gpu: str, gpus: int | None = None, provider: str = "") -> tuple[Instance, ...]:
    """Return the instance types with this GPU, cheapest first and those without a price last.

    ``gpus`` narrows to an exact count, ``provider`` to one provider; raise UnknownGpu for an unknown GPU.
    """
    name = find_gpu(gpu).name
    found = [
        instance
        for instance in load_instances()
        if instance.gpu == name and gpus in {None, instance.gpus} and provider in {"", instance.provider}
    ]
    return tuple(sorted(found, key=_order))


def gpus_per_node(gpu: str) -> int:
    """Return the most GPUs of this name that one instance type of the catalogue has; 8 where it lists none."""
    return max((instance.gpus for instance in load_instances() if instance.gpu == gpu), default=8)


def mig_devices(gpu: str, profile: str) -> int:
    """Return how many devices of a MIG profile one GPU gives; raise UnknownGpu for a profile that it has not.

    A profile takes a part of the GPU's compute slices and of its memory; what runs out first decides.
    """
    whole, part = find_gpu(gpu), find_gpu(gpu, profile)
    slices = int(profile.partition("g")[0])
    return max(1, min(COMPUTE_SLICES // slices, whole.memory // part.memory))


def _order(instance: Instance) -> tuple[bool, float, int, str]:
    price = instance.price
    return (price is None, price.per_hour if price else 0.0, instance.gpus, instance.type)


def _slice(gpu: Gpu, profile: str) -> Gpu:
    memory = load_mig().get((gpu.name, profile))
    if memory is None:
        known = tuple(mine for name, mine in load_mig() if name == gpu.name)
        raise UnknownMigProfile(gpu.name, profile, known)
    reserved = gpu.reserved * memory // gpu.memory
    return replace(gpu, memory=memory, mig_profile=profile, reserved=reserved)


@cache
def _by_key() -> Mapping[str, str]:
    names = {_key(spelling): gpu.name for gpu in load_gpus().values() for spelling in (gpu.product_label, gpu.name)}
    return MappingProxyType({**_ALIASES, **{key: name for key, name in names.items() if key}})


def _key(name: str) -> str:
    words = _NOISE.sub(" ", re.sub(r"[^a-z0-9]+", " ", name.lower()))
    return re.sub(r"(?<=\d)gi?b\b|\s+", "", words)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _gpu(row: Mapping[str, str]) -> Gpu:
    memory = int(row["memory_mib"]) * MIB
    cuda = int(row["cuda_mib"]) * MIB if row["cuda_mib"] else round(memory * (1 - DRIVER_SHARE))
    major, _, minor = row["compute_capability"].partition(".")
    return Gpu(
        name=row["name"],
        memory=memory,
        compute_capability=int(major) * 10 + int(minor),
        product_label=row["product_label"],
        bandwidth=float(row["bandwidth_gb_s"]),
        vendor=row["vendor"],
        reserved=memory - cuda,
    )


def _instance(row: Mapping[str, str]) -> Instance:
    price = None
    if row["price_per_hour"]:
        price = Price(
            per_hour=float(row["price_per_hour"]),
            currency=row["currency"],
            date=row["price_date"],
            source=row["price_source"],
        )
    return Instance(
        provider=row["provider"],
        type=row["type"],
        place=row["place"],
        gpu=row["gpu"],
        gpus=int(row["gpus"]),
        vcpus=int(row["vcpus"]),
        memory=round(float(row["memory_gib"]) * GIB),
        price=price,
    )
