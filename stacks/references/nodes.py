"""One model on several nodes a replica: what its volume, its pool and its network have to be."""

from collections.abc import Iterator, Mapping

from stacks.references.view import Found, View
from stacks.references.weights import for_many_nodes
from stacks.weights import AccessMode

HOSTNAME = "kubernetes.io/hostname"


def nodes(model: View, pools: Mapping[str, View]) -> Iterator[Found]:
    """Yield what does not go together with the model's number of nodes a replica."""
    wanted = model.number("nodesPerReplica", 1)
    if wanted <= 1:
        if model.inner("interconnect").value:
            yield (
                model.at("interconnect"),
                "means nothing for a replica on one node",
                "remove it, or set `nodesPerReplica`",
            )
        return
    pool = pools.get(model.text("pool"))
    if pool is not None and pool.states("migProfile"):
        yield (
            model.at("nodesPerReplica"),
            "is above 1, and the pool has parts of GPUs (`migProfile`), which cannot talk across nodes",
            "set it to 1, or choose a pool of whole GPUs",
        )
    yield from _volume(model)
    if model.inner("interconnect").text("topologyKey") == HOSTNAME:
        yield (
            model.at("interconnect", "topologyKey"),
            "is the label of a single node, and the replica spans several",
            "name a label that several nodes share, like `topology.kubernetes.io/zone`, or remove it",
        )


def _volume(model: View) -> Iterator[Found]:
    files = model.inner("weights")
    if files.text("accessMode") == AccessMode.READ_WRITE_ONCE:
        yield (
            model.at("weights", "accessMode"),
            "lets one node mount the volume, and each replica spans several",
            f"{for_many_nodes(files)}, or set `nodesPerReplica` to 1",
        )
