"""Every disagreement of a stack.

The checks look at the raw values, so that they speak even where other keys of the same model are wrong.
"""

from collections.abc import Iterator, Mapping

from stacks.references.adapters import adapters
from stacks.references.infrastructure import capacity, devices, engine
from stacks.references.model import model
from stacks.references.nodes import nodes
from stacks.references.platform import cluster, pool
from stacks.references.view import Found, View, unique


def contradictions(raw: Mapping[str, object]) -> Iterator[Found]:
    """Yield every disagreement between keys of a stack, given by their names without the namespace."""
    stack = View(value=raw, path=())
    pools, models = stack.items("nodePools"), stack.items("models")
    yield from engine(stack.inner("engine"))
    yield from cluster(stack.inner("cluster"))
    yield from unique(pools, "name", "another pool has this name")
    yield from unique(models, "name", "another model has this name")
    platform = stack.inner("cluster").text("platform")
    for each in pools:
        yield from pool(each, platform)
    by_name = {each.text("name"): each for each in pools if each.states("name")}
    for each in models:
        yield from model(each, by_name)
        yield from nodes(each, by_name)
    yield from unique([each.inner("endpoint") for each in models], "hostname", "another model has this host name")
    yield from devices(by_name, models)
    yield from adapters(models)
    yield from capacity(by_name, models, platform)
