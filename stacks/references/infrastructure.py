"""The engine's image, and whether the node pools are large enough for the models."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from stacks.infrastructure import Cluster
from stacks.platform import Platform
from stacks.references.view import Found, View
from stacks.scaling import Interceptor
from validation.fit.catalogue import mig_devices

_NAMESPACE = str(Cluster.model_fields["namespace"].default)
_VERSION_TAG = re.compile(r":v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?=[-+@.a-z]|$)")


def engine(found: View) -> Iterator[Found]:
    """Yield where the image is not of the version."""
    version, tag = found.text("version"), _VERSION_TAG.search(found.text("image"))
    if version and tag and tag[1] != version:
        yield found.at("image"), "has the tag of another version than `slipway:engine.version`", "make them agree"


def guests(cluster: View) -> Iterator[Found]:
    """Yield what would have to run already in the namespace that the stack makes, and shuts."""
    own = cluster.text("namespace", _NAMESPACE)
    if cluster.value.get("createNamespace") is False:
        return
    for key, default in (("interceptor", Interceptor().namespace), ("monitoring", "")):
        inner = cluster.inner(key)
        if cluster.states(key) and inner.text("namespace", default) == own:
            yield (
                inner.at("namespace") if inner.states("namespace") else cluster.at("namespace"),
                "is the namespace that the stack makes for its models, and shuts for everything else",
                f"give the models a namespace of their own, or say in `{key}.namespace` where that runs",
            )


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
                f"set it to {max(_nodes(pool, models), -(-wanted[name] // node))} or more",
            )
        elif (least := _nodes(pool, models)) > pool.number("maxNodes", 1):
            yield (
                pool.at("maxNodes"),
                f"has too few nodes: the models' smallest numbers of replicas take {least}, as a pod is on one node",
                f"set it to {least} or more",
            )


def _nodes(pool: View, models: tuple[View, ...]) -> int:
    """Return the nodes that the pool's models take at least: those of any one model, or of pods that fill a node."""
    node = max(1, pool.number("gpusPerNode", 1)) * _devices(pool)
    least, alone = 0, 0
    for model in models:
        gpus = max(1, model.number("gpusPerReplica", 1))
        if model.text("pool") == pool.text("name") and gpus <= node:
            pods = model.number("nodesPerReplica", 1) * model.inner("replicas").number("min", 1)
            least = max(least, -(-pods // (node // gpus)))
            alone += pods if 2 * gpus > node else 0
    return max(least, alone)


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
