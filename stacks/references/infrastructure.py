"""The engine's image, and whether the node pools are large enough for the models."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from stacks.platform import Platform
from stacks.references.view import Found, View
from validation.fit.catalogue import mig_devices

_VERSION_TAG = re.compile(r":v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?=[-+@.a-z]|$)")


def engine(found: View) -> Iterator[Found]:
    """Yield where the image is not of the version."""
    version, tag = found.text("version"), _VERSION_TAG.search(found.text("image"))
    if version and tag and tag[1] != version:
        yield found.at("image"), "has the tag of another version than `slipway:engine.version`", "make them agree"


def capacity(pools: Mapping[str, View], models: tuple[View, ...], platform: str) -> Iterator[Found]:
    """Yield the pools that are too small for the models' smallest numbers of replicas."""
    wanted: Counter[str] = Counter()
    for model in models:
        replica = model.number("gpusPerReplica", 1) * model.number("nodesPerReplica", 1)
        wanted[model.text("pool")] += replica * model.inner("replicas").number("min", 1)
    for name, pool in pools.items() if platform and platform != Platform.EXISTING else ():
        node = max(1, pool.number("gpusPerNode", 1)) * _devices(pool)
        there = pool.number("maxNodes", 1) * node
        if wanted[name] > there:
            yield (
                pool.at("maxNodes"),
                f"gives {there} GPUs, the models' smallest numbers of replicas take {wanted[name]}",
                f"set it to {-(-wanted[name] // node)} or more",
            )


def devices(pools: Mapping[str, View], models: tuple[View, ...]) -> Iterator[Found]:
    """Yield the replicas that would span MIG devices, between which no model can be shared."""
    for model in models:
        pool = pools.get(model.text("pool"))
        alone = model.number("nodesPerReplica", 1) == 1  # several nodes are told already
        if alone and pool is not None and pool.states("migProfile") and model.number("gpusPerReplica", 1) > 1:
            yield model.at("gpusPerReplica"), "is above 1 on a pool of MIG devices, which share no model", "set it to 1"


def _devices(pool: View) -> int:
    """Return what one GPU of the pool counts for: its MIG devices, or 1; an unknown profile is told by a rule."""
    try:
        return mig_devices(pool.text("gpu"), pool.text("migProfile")) if pool.states("migProfile") else 1
    except ValueError:
        return 1
