"""Host names that several models share: who lies behind them, and whether those can stand in for each other."""

from collections import Counter
from collections.abc import Iterator, Mapping

from stacks.explanation import nearest
from stacks.references.endpoint import by_policy, public
from stacks.references.view import Found, View, served_name, unique


def told_apart(models: tuple[View, ...], cluster: View) -> Iterator[Found]:
    """Yield the models that would be scaled by the load of another one, since both serve one name."""
    names = [served_name(model) for model in models]
    for model in models:
        least = model.inner("replicas").number("min", 1)
        scaled = model.inner("replicas").number("max", least) > least
        alone = names.count(served_name(model)) == 1 or cluster.text("autoscaler") != "keda"
        if scaled and not alone and not cluster.states("monitoring"):
            yield (
                model.at("servedModelName") if model.states("servedModelName") else model.at("name"),
                "is served by another model too, and Prometheus would count the requests of both",
                "set `slipway:cluster.monitoring`, whose PodMonitor tells them apart, or fix the number of replicas",
            )


def shared(hosts: tuple[View, ...]) -> frozenset[str]:
    """Return the names of the models that some host leads to."""
    return frozenset(
        model.text("name") for host in hosts for route in host.items("routes") for model in route.items("models")
    )


def hosts(stack: View, *, one_key: bool) -> Iterator[Found]:
    """Yield everything about the hosts; ``one_key``: models without a Secret of their own share the stack's."""
    found, models = stack.items("hosts"), stack.items("models")
    yield from unique([*models, *found], "name", "a model or another host has this name", besides=len(models))
    addresses = [each.inner("endpoint") for each in models]
    yield from unique([*addresses, *found], "hostname", "a model or another host has this host name")
    yield from told_apart(models, stack.inner("cluster"))
    by_name = {each.text("name"): each for each in models if each.states("name")}
    for each in found:
        yield from by_policy(each, stack.inner("cluster"))
        yield from _host(each)
        for route in each.items("routes"):
            yield from _route(route, by_name, one_key=one_key)


def _host(host: View) -> Iterator[Found]:
    routes = host.items("routes")
    if host.states("modelHeader") and not any(route.states("modelName") for route in routes):
        yield host.at("modelHeader"), "means nothing without a route that has a `modelName`", "remove it"
    places: Counter[tuple[str, str]] = Counter()
    for route in routes:
        place = (route.text("path"), route.text("modelName"))
        places[place] += 1
        if places[place] > 1:
            key = next((key for key in ("path", "modelName") if route.states(key)), "path")
            yield (
                route.at(key),
                "leads where another route of this host leads",
                "choose another `path` or `modelName`, or put the models on one route by `weight`",
            )


def _route(route: View, models: Mapping[str, View], *, one_key: bool) -> Iterator[Found]:
    wanted = route.items("models")
    yield from unique(wanted, "name", "the route has this model already")
    if wanted and not sum(each.number("weight", 1) for each in wanted):
        yield route.at("models"), "has no weight above 0, so that nobody would answer", "give one model a weight"
    for each in wanted:
        yield from _reachable(each, models)
    known = [(each, models[each.text("name")]) for each in wanted if each.text("name") in models]
    for each, model in known[1:]:
        yield from _stands_in(each, model, known[0][1], one_key=one_key)
    if route.text("modelName") and known and route.text("modelName") not in _names(known[0][1]):
        yield (
            route.at("modelName"),
            "is not the name that its models serve, and they answer no other",
            "make it their `servedModelName`, or `name` where they have none, or the name of an adapter",
        )


def _reachable(wanted: View, models: Mapping[str, View]) -> Iterator[Found]:
    name = wanted.text("name")
    model = models.get(name)
    if model is None and name:
        meant = nearest(name, models)
        yield (
            wanted.at("name"),
            "names no model of `slipway:models`",
            f"did you mean `{meant}`?" if meant else "add the model, or name another one",
        )
    elif model is not None and not public(model):
        yield (
            wanted.at("name"),
            "is a private model, and the host would open it to the outside",
            "set `endpoint.visibility` of the model to `public`, without a `hostname`",
        )


def _stands_in(wanted: View, model: View, first: View, *, one_key: bool) -> Iterator[Found]:
    """Yield why one model cannot answer what another one could, which clients would see as chance."""
    types = {each.text("type") for each in (model, first) if each.states("type")}
    if len(types) > 1:
        yield wanted.at("name"), "is of another type than the first model of its route", "put it on another route"
    if _names(model) != _names(first):
        yield (
            wanted.at("name"),
            "serves other names than the first model of its route",
            "give both the same `servedModelName`, and the same names of adapters",
        )
    keys = _keys(model), _keys(first)
    if keys[0] != keys[1] or not (keys[0][0] or one_key or model == first):
        yield (
            wanted.at("name"),
            "asks for other API keys than the first model of its route",
            "give both the same `endpoint.apiKeySecret`, or seal `slipway:apiKey`",
        )


def _names(model: View) -> set[str]:
    """Return what clients may send as `model`."""
    return {served_name(model), *(adapter.text("name") for adapter in model.items("adapters"))}


def _keys(model: View) -> tuple[str, str]:
    secret = model.inner("endpoint").inner("apiKeySecret")
    return secret.text("name"), secret.text("key")
