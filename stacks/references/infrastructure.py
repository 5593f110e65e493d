"""The cluster, its engine and its node pools: which keys mean something on which platform."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from stacks.infrastructure import Platform
from stacks.references.view import Found, View

_EXISTING_IGNORES = ("instanceType", "zones", "spot", "diskGib")
_PLATFORM_KEYS = {
    "clusterId": Platform.KAPSULE,
    "clusterName": Platform.KARPENTER,
    "nodeRole": Platform.KARPENTER,
    "amiAlias": Platform.KARPENTER,
}
_VERSION_TAG = re.compile(r":v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?=[-+@.a-z]|$)")


def engine(found: View) -> Iterator[Found]:
    """Yield where the image is not of the version."""
    version, tag = found.text("version"), _VERSION_TAG.search(found.text("image"))
    if version and tag and tag[1] != version:
        yield found.at("image"), "has the tag of another version than `slipway:engine.version`", "make them agree"


def cluster(found: View) -> Iterator[Found]:
    """Yield the keys that are for another platform, or lack their partner."""
    platform = found.text("platform")
    if platform == Platform.KARPENTER:
        for key, other in (("nodeRole", "clusterName"), ("clusterName", "nodeRole")):
            if found.states(other) and not found.states(key):
                yield found.at(key), f"is missing beside `{other}`", f"add it, or remove `{other}`"
    for key, owner in _PLATFORM_KEYS.items() if platform in set(Platform) else ():
        if found.states(key) and platform != owner:
            yield found.at(key), f"is only for the platform `{owner}`", "remove it"


def pool(found: View, platform: str) -> Iterator[Found]:
    """Yield what a pool cannot be on this platform."""
    if found.number("minNodes", 0) > (most := found.number("maxNodes", 1)):
        yield found.at("minNodes"), "is above `maxNodes`", f"set it to {most} or less, or raise `maxNodes`"
    if platform == Platform.EXISTING:
        for key in _EXISTING_IGNORES:
            if found.states(key) and found.value[key] is not False:
                yield found.at(key), "means nothing for nodes that exist already", "remove it"
    elif platform in set(Platform) and found.states("nodeSelector"):
        yield found.at("nodeSelector"), f"is only for the platform `{Platform.EXISTING}`", "remove it"
    if platform == Platform.KARPENTER and found.number("minNodes", 0):
        yield found.at("minNodes"), "is above 0, and Karpenter keeps no minimum of nodes", "set it to 0"
    if platform == Platform.KAPSULE:
        yield from _kapsule(found)


def _kapsule(pool: View) -> Iterator[Found]:
    zones = pool.value.get("zones")
    if isinstance(zones, list) and len(zones) > 1:
        yield pool.at("zones"), "has more than one zone, and a Kapsule pool lies in one", "make a pool for each zone"
    if pool.value.get("spot") is True:
        yield pool.at("spot"), "asks for interruptible nodes, which Kapsule has not", "set it to false"


def capacity(pools: Mapping[str, View], models: tuple[View, ...], platform: str) -> Iterator[Found]:
    """Yield the pools that are too small for the models' smallest numbers of replicas."""
    wanted: Counter[str] = Counter()
    for model in models:
        wanted[model.text("pool")] += model.number("gpusPerReplica", 1) * model.inner("replicas").number("min", 1)
    for name, pool in pools.items() if platform and platform != Platform.EXISTING else ():
        there = pool.number("maxNodes", 1) * pool.number("gpusPerNode", 1)
        if wanted[name] > there:
            yield (
                pool.at("maxNodes"),
                f"gives {there} GPUs, the models' smallest numbers of replicas take {wanted[name]}",
                f"set it to {-(-wanted[name] // max(1, pool.number('gpusPerNode', 1)))} or more",
            )
