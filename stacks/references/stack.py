"""Every disagreement of a stack.

The checks look at the raw values, so that they speak even where other keys of the same model are wrong.
"""

from collections.abc import Collection, Iterator, Mapping

from stacks.references.adapters import adapters
from stacks.references.endpoint import endpoint, entrance
from stacks.references.host import hosts, shared
from stacks.references.infrastructure import capacity, devices, engine, guests
from stacks.references.model import model
from stacks.references.names import derived
from stacks.references.nodes import nodes
from stacks.references.platform import cluster, pool
from stacks.references.scaling import autoscaler, drain, scaling
from stacks.references.view import Found, View, unique


def contradictions(raw: Mapping[str, object], secrets: Collection[str] = ()) -> Iterator[Found]:
    """Yield every disagreement between keys of a stack, given by their names without the namespace.

    ``secrets`` names the sealed keys that the stack has.
    """
    stack = View(value=raw, path=())
    pools, models = stack.items("nodePools"), stack.items("models")
    yield from engine(stack.inner("engine"))
    yield from cluster(stack.inner("cluster"))
    yield from autoscaler(stack.inner("cluster"))
    yield from guests(stack.inner("cluster"))
    yield from unique(pools, "name", "another pool has this name")
    yield from unique(models, "name", "another model has this name")
    platform = stack.inner("cluster").text("platform")
    for each in pools:
        yield from pool(each, stack.inner("cluster"))
    by_name = {each.text("name"): each for each in pools if each.states("name")}
    behind = shared(stack.items("hosts"))
    yield from entrance(stack.inner("cluster"))
    for each in models:
        yield from model(each, by_name)
        yield from nodes(each, by_name)
        yield from endpoint(each, stack.inner("cluster"), behind)
        yield from scaling(each, stack.inner("cluster"), behind)
        yield from drain(each, by_name.get(each.text("pool")))
    yield from derived(models)
    yield from hosts(stack, one_key="apiKey" in secrets)
    yield from devices(by_name, models)
    yield from adapters(models)
    yield from capacity(by_name, models, platform)
