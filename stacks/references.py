"""What no single key can say: keys of a stack that have to agree with each other.

The checks look at the raw values, so that they speak even where other keys of the same model are wrong.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from stacks.explanation import Path, nearest
from stacks.settings import AccessMode, Platform, Visibility

Found: TypeAlias = tuple[Path, str, str]  # path, message, help

_PUBLIC_ONLY = ("hostname", "allowFrom", "tlsSecret")
_EXISTING_IGNORES = ("instanceType", "zones", "spot", "diskGib")
_PLATFORM_KEYS = {
    "clusterId": Platform.KAPSULE,
    "clusterName": Platform.KARPENTER,
    "nodeRole": Platform.KARPENTER,
    "amiAlias": Platform.KARPENTER,
}
_VERSION_TAG = re.compile(r":v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?=[-+@.a-z]|$)")
_ONE_NODE = {AccessMode.READ_WRITE_ONCE.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A mapping of the stack and its path; a key of another type reads as if it were absent."""

    value: Mapping[str, object]
    path: Path

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        found = self.value.get(key)
        return found if isinstance(found, str) else default

    def number(self, key: str, default: int) -> int:
        """Return a whole number; the default also for what is below 1, which is an error already."""
        found = self.value.get(key)
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else default

    def inner(self, key: str) -> "View":
        """Return a mapping inside this one; empty when absent."""
        found = self.value.get(key)
        return View(value=found if isinstance(found, Mapping) else {}, path=(*self.path, key))

    def items(self, key: str) -> tuple["View", ...]:
        """Return the mappings of a list."""
        found = self.value.get(key)
        pairs = enumerate(found if isinstance(found, list | tuple) else ())
        return tuple(View(value=item, path=(*self.path, key, at)) for at, item in pairs if isinstance(item, Mapping))

    def states(self, key: str) -> bool:
        """Return whether the key is there with a value."""
        return self.value.get(key) is not None

    def at(self, *keys: str) -> Path:
        """Return the path of a key."""
        return (*self.path, *keys)


def contradictions(raw: Mapping[str, object]) -> Iterator[Found]:
    """Yield every disagreement between keys of a stack, given by their names without the namespace."""
    stack = View(value=raw, path=())
    pools, models = stack.items("nodePools"), stack.items("models")
    yield from _engine(stack.inner("engine"))
    yield from _cluster(stack.inner("cluster"))
    yield from _unique(pools, "name", "another pool has this name")
    yield from _unique(models, "name", "another model has this name")
    platform = stack.inner("cluster").text("platform")
    for pool in pools:
        yield from _pool(pool, platform)
    by_name = {pool.text("name"): pool for pool in pools if pool.states("name")}
    for model in models:
        yield from _model(model, by_name)
    yield from _unique([model.inner("endpoint") for model in models], "hostname", "another model has this host name")
    yield from _capacity(by_name, models, platform)


def _engine(engine: View) -> Iterator[Found]:
    version, tag = engine.text("version"), _VERSION_TAG.search(engine.text("image"))
    if version and tag and tag[1] != version:
        yield engine.at("image"), "has the tag of another version than `slipway:engine.version`", "make them agree"


def _cluster(cluster: View) -> Iterator[Found]:
    platform = cluster.text("platform")
    if platform == Platform.KARPENTER:
        for key, other in (("nodeRole", "clusterName"), ("clusterName", "nodeRole")):
            if cluster.states(other) and not cluster.states(key):
                yield cluster.at(key), f"is missing beside `{other}`", f"add it, or remove `{other}`"
    for key, owner in _PLATFORM_KEYS.items() if platform in set(Platform) else ():
        if cluster.states(key) and platform != owner:
            yield cluster.at(key), f"is only for the platform `{owner}`", "remove it"


def _unique(views: "list[View] | tuple[View, ...]", key: str, message: str) -> Iterator[Found]:
    counts: Counter[str] = Counter()
    for view in views:
        value = view.text(key)
        counts[value] += 1
        if value and counts[value] > 1:
            yield view.at(key), f"is taken: {message}", "choose another one"


def _pool(pool: View, platform: str) -> Iterator[Found]:
    if pool.number("minNodes", 0) > (most := pool.number("maxNodes", 1)):
        yield pool.at("minNodes"), "is above `maxNodes`", f"set it to {most} or less, or raise `maxNodes`"
    if platform == Platform.EXISTING:
        for key in _EXISTING_IGNORES:
            if pool.states(key) and pool.value[key] is not False:
                yield pool.at(key), "means nothing for nodes that exist already", "remove it"
    elif platform in set(Platform) and pool.states("nodeSelector"):
        yield pool.at("nodeSelector"), f"is only for the platform `{Platform.EXISTING}`", "remove it"
    if platform == Platform.KARPENTER and pool.number("minNodes", 0):
        yield pool.at("minNodes"), "is above 0, and Karpenter keeps no minimum of nodes", "set it to 0"
    if platform == Platform.KAPSULE:
        yield from _kapsule(pool)


def _kapsule(pool: View) -> Iterator[Found]:
    zones = pool.value.get("zones")
    if isinstance(zones, list) and len(zones) > 1:
        yield pool.at("zones"), "has more than one zone, and a Kapsule pool lies in one", "make a pool for each zone"
    if pool.value.get("spot") is True:
        yield pool.at("spot"), "asks for interruptible nodes, which Kapsule has not", "set it to false"


def _model(model: View, pools: Mapping[str, View]) -> Iterator[Found]:
    yield from _scale(model)
    yield from _placement(model, pools)
    yield from _endpoint(model.inner("endpoint"))
    yield from _files(model)


def _scale(model: View) -> Iterator[Found]:
    replicas = model.inner("replicas")
    least = replicas.number("min", 1)
    most = replicas.number("max", least)
    if least > most:
        yield replicas.at("min"), "is above `replicas.max`", f"set it to {most} or less, or raise `max`"
    mode = model.inner("weights").text("accessMode")
    if max(least, most) > 1 and mode in _ONE_NODE:
        yield (
            model.at("weights", "accessMode"),
            "lets one node mount the volume, and there is more than one replica",
            f"set it to `{AccessMode.READ_WRITE_MANY}`, with a storage class that can, or set `replicas.max` to 1",
        )


def _placement(model: View, pools: Mapping[str, View]) -> Iterator[Found]:
    name = model.text("pool")
    pool = pools.get(name)
    if pool is not None:
        wanted, there = model.number("gpusPerReplica", 1), pool.number("gpusPerNode", 1)
        if wanted > there:
            yield (
                model.at("gpusPerReplica"),
                f"is {wanted}, a node of the pool has {there}",
                f"set it to {there} or less, or raise `gpusPerNode` of the pool",
            )
    elif name:
        meant = nearest(name, pools)
        yield (
            model.at("pool"),
            "names no pool of `slipway:nodePools`",
            f"did you mean `{meant}`?" if meant else "add the pool, or name another one",
        )


def _endpoint(endpoint: View) -> Iterator[Found]:
    public = endpoint.text("visibility", Visibility.PRIVATE) == Visibility.PUBLIC
    if public and not endpoint.states("hostname"):
        yield endpoint.at("hostname"), "is missing for a public endpoint", "add the name that clients will call"
    for key in _PUBLIC_ONLY if not public else ():
        if endpoint.value.get(key):
            yield endpoint.at(key), "means nothing for a private endpoint", "remove it, or set `visibility: public`"


def _files(model: View) -> Iterator[Found]:
    source, weights = model.text("source"), model.inner("weights")
    folder = bool(source) and "://" not in source
    if folder and not weights.states("claim"):
        yield (
            weights.at("claim"),
            "is missing: no pod can download a local folder",
            "name the PersistentVolumeClaim that holds its files, or use a source of the Hub (`hf://organisation/name`)",
        )
    if folder and model.states("revision"):
        yield model.at("revision"), "means nothing for a local folder", "remove it"
    if weights.states("path") and not weights.states("claim"):
        yield weights.at("path"), "means nothing without `weights.claim`", "name the claim, or remove it"
    for key in ("storageClass", "accessMode") if weights.states("claim") else ():
        if weights.states(key) and weights.text(key) not in _ONE_NODE:
            yield weights.at(key), "means nothing for a claim that exists already", "remove it"


def _capacity(pools: Mapping[str, View], models: tuple[View, ...], platform: str) -> Iterator[Found]:
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
