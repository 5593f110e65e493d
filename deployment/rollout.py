"""Whether a pool has room for one server more than its models' most, which is what a rollout without a gap takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stacks.endpoint import Visibility
from stacks.infrastructure import NodePool
from stacks.model import Model
from stacks.platform import Platform
from stacks.settings import Settings
from stacks.weights import AccessMode, Store
from validation.fit.catalogue import mig_devices


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The GPUs (or MIG devices) of a pool: nodes, and how many a node has."""

    nodes: int
    node: int

    def takes(self, pods: Sequence[int], wanted: int) -> bool:
        """Return whether a pod of ``wanted`` GPUs finds a node, wherever the scheduler has put the other pods.

        A node is lost to it with at least ``lost`` GPUs taken, which one large pod does alone and small ones together.
        """
        if wanted > self.node:
            return False
        lost = self.node - wanted + 1
        small = [each for each in pods if each < lost]
        pairs = len(small) // -(-lost // max(small)) if small else 0
        return len(pods) - len(small) + min(sum(small) // lost, pairs) < self.nodes


def surging(settings: Settings) -> frozenset[str]:
    """Return the models whose rollout starts a server before it stops one.

    Every model counts with its most servers. What is left is given out in the stack's order, one server a model, so
    that all of them may be rolled at once.
    """
    found: set[str] = set()
    for pool in settings.node_pools:
        room = known_room(settings, pool)
        mine = _models(settings, pool)
        pods = [each.gpus_per_replica for each in mine for _ in range(each.replicas.most * each.nodes_per_replica)]
        for model in mine if room else ():
            if room and shared(model) and _places(room, pods, model):
                pods += [model.gpus_per_replica] * model.nodes_per_replica
                found.add(model.name)
    return frozenset(found)


def known_room(settings: Settings, pool: NodePool) -> Room | None:
    """Return a pool's GPUs; None for nodes that are not counted in the stack, or of devices that nobody knows."""
    if settings.cluster.platform is Platform.EXISTING and "max_nodes" not in pool.model_fields_set:
        return None
    try:
        devices = mig_devices(pool.gpu, pool.mig_profile) if pool.mig_profile else 1
    except ValueError:  # told by a rule
        return None
    return Room(nodes=pool.max_nodes, node=pool.gpus_per_node * devices)


def shared(model: Model) -> bool:
    """Return whether servers on two nodes can have the weights at once."""
    weights = model.weights
    if weights.store is not Store.VOLUME or weights.claim:
        return True
    if weights.access_mode is None:
        return model.replicas.most * model.nodes_per_replica > 1
    return weights.access_mode is not AccessMode.READ_WRITE_ONCE


def crowded(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield pool and warning where the models' most servers together are more than there is room for."""
    for pool in settings.node_pools:
        room = known_room(settings, pool)
        mine = _models(settings, pool)
        wanted = sum(each.replicas.most * each.nodes_per_replica * each.gpus_per_replica for each in mine)
        if room and any(each.replicas.scale for each in mine) and wanted > room.nodes * room.node:
            there, needed = room.nodes * room.node, -(-wanted // room.node)
            told = f"its models may take {wanted} GPUs together (`replicas.max`), and it gives {there}"
            yield (
                pool.name,
                f"{told}: the last servers would wait; raise `maxNodes` to {needed}, or lower `replicas.max`",
            )


def interrupted(settings: Settings, model: Model, surging: frozenset[str]) -> str:
    """Return the warning that a public model's only server stops before the next one starts; nothing otherwise."""
    if model.endpoint.visibility is not Visibility.PUBLIC or model.replicas.most > 1 or model.name in surging:
        return ""
    room = known_room(settings, settings.pool(model.pool))
    lacks = "its volume is for one node" if room and not shared(model) else "no GPU of its pool is known to be spare"
    told = f"nobody answers while a new version of its only server loads, since {lacks}"
    return (
        f"{told}; raise `replicas.min` to 2, or take `weights.accessMode: ReadWriteMany` and one node more (`maxNodes`)"
    )


def _models(settings: Settings, pool: NodePool) -> list[Model]:
    return [each for each in settings.models if each.pool == pool.name]


def _places(room: Room, pods: Sequence[int], model: Model) -> bool:
    """Return whether every pod of one more replica finds a node."""
    size = model.gpus_per_replica
    return all(room.takes([*pods, *[size] * placed], size) for placed in range(model.nodes_per_replica))
