"""One model: its replicas, its pool, its endpoint and its files."""

from collections.abc import Iterator, Mapping

from stacks.explanation import nearest
from stacks.references.view import Found, View
from stacks.references.weights import for_many_nodes, weights
from stacks.weights import AccessMode, Store

_ONE_NODE = {AccessMode.READ_WRITE_ONCE.value}


def model(found: View, pools: Mapping[str, View]) -> Iterator[Found]:
    """Yield everything about one model."""
    yield from _scale(found)
    yield from _placement(found, pools)
    yield from weights(found, pools)


def _scale(model: View) -> Iterator[Found]:
    replicas = model.inner("replicas")
    least = replicas.number("min", 1)
    most = replicas.number("max", least)
    if least > most:
        yield replicas.at("min"), "is above `replicas.max`", f"set it to {most} or less, or raise `max`"
    files = model.inner("weights")
    mode = files.text("accessMode") if files.text("store", Store.VOLUME) == Store.VOLUME else ""
    if max(least, most) > 1 and mode in _ONE_NODE:
        yield (
            model.at("weights", "accessMode"),
            "lets one node mount the volume, and there is more than one replica",
            f"{for_many_nodes(files)}, or run one replica",
        )


def _placement(model: View, pools: Mapping[str, View]) -> Iterator[Found]:
    name = model.text("pool")
    pool = pools.get(name)
    if pool is not None:
        wanted, there = model.number("gpusPerReplica", 1), pool.number("gpusPerNode", 1)
        if wanted > there:
            nodes = "" if not there or wanted % there else f", with `nodesPerReplica: {wanted // there}`"
            yield (
                model.at("gpusPerReplica"),
                f"is {wanted}, a node of the pool has {there}",
                f"set it to {there} or less{nodes}, or raise `gpusPerNode` of the pool",
            )
    elif name:
        meant = nearest(name, pools)
        yield (
            model.at("pool"),
            "names no pool of `slipway:nodePools`",
            f"did you mean `{meant}`?" if meant else "add the pool, or name another one",
        )
