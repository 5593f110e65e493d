"""The number of servers: who changes it, and what that takes."""

from collections.abc import Collection, Iterator

from stacks.references.view import Found, View
from stacks.scaling import Autoscaler

SPOT_DRAIN = (
    90  # an interrupted node is gone 120 s after its notice; 15 s pass before the drain, 15 s are left after it
)


def autoscaler(cluster: View) -> Iterator[Found]:
    """Yield what an autoscaler lacks, and what is stated for one that is not there."""
    named = cluster.text("autoscaler")
    if named == Autoscaler.KEDA:
        if not cluster.states("prometheus"):
            yield (
                cluster.at("prometheus"),
                "is missing beside `autoscaler: keda`",
                "add the address of your Prometheus, like `http://prometheus-operated.monitoring.svc:9090`",
            )
    elif not cluster.states("autoscaler") or named in set(Autoscaler):
        for key in ("prometheus", "interceptor"):
            if cluster.states(key):
                yield cluster.at(key), "is only for `autoscaler: keda`", "remove it, or set `autoscaler` to `keda`"


def scaling(model: View, cluster: View, shared: Collection[str]) -> Iterator[Found]:
    """Yield what the stack says of a model's scaling and nobody would do; ``shared`` are the models of hosts."""
    replicas, wished = model.inner("replicas"), model.inner("scaling")
    least = replicas.number("min", 1)
    most = replicas.number("max", max(1, least))
    if least == 0:
        yield from _to_zero(replicas, cluster)
        yield from _past_the_queue(model.inner("endpoint"), shared=model.text("name") in shared)
    elif most > least and not cluster.states("autoscaler"):
        yield (
            replicas.at("max"),
            "is above `replicas.min`, and nobody changes the number of servers",
            "set `slipway:cluster.autoscaler` to `keda` or `hpa`, or remove `max`",
        )
    if wished.value and most <= least:
        yield model.at("scaling"), "means nothing for a fixed number of servers", "remove it, or set `replicas.max`"
    elif wished.states("idleSeconds") and least:
        yield (
            wished.at("idleSeconds"),
            "means nothing while the last server never stops",
            "remove it, or set `replicas.min` to 0",
        )


def _to_zero(replicas: View, cluster: View) -> Iterator[Found]:
    if cluster.text("autoscaler") != Autoscaler.KEDA:
        yield (
            replicas.at("min"),
            "is 0, and only KEDA starts a first server",
            "set it to 1, or set `slipway:cluster.autoscaler` to `keda`, with `prometheus` and `interceptor`",
        )
    elif not cluster.states("interceptor"):
        yield (
            replicas.at("min"),
            "is 0, and nothing holds requests while a server loads",
            "set it to 1, or install KEDA's HTTP add-on and set `slipway:cluster.interceptor` to `{}`",
        )


def _past_the_queue(endpoint: View, *, shared: bool) -> Iterator[Found]:
    """Yield the ways to a model that would find no server, since they lead past its queue."""
    if shared:
        yield (
            (*endpoint.path[:-1], "replicas", "min"),
            "is 0, and a host of `slipway:hosts` leads to the servers past the queue",
            "set it to 1, or give the model a `hostname` of its own and take it out of the host",
        )
    for key in ("inferencePool", "clientNamespaces"):
        if endpoint.value.get(key):
            yield (
                endpoint.at(key),
                "leads to the servers past the queue, and there may be none",
                "remove it, or set `replicas.min` to 1",
            )


def drain(model: View, pool: View | None) -> Iterator[Found]:
    """Yield a drain that is longer than any answer, or than an interrupted node lives."""
    longest = model.inner("endpoint").number("timeoutSeconds", 0)
    if longest and model.number("drainSeconds", 0) > longest:
        yield (
            model.at("drainSeconds"),
            "is longer than any answer may take (`endpoint.timeoutSeconds`)",
            f"set it to {longest} or less",
        )
    if pool is not None and pool.value.get("spot") is True and model.number("drainSeconds", 0) > SPOT_DRAIN:
        yield (
            model.at("drainSeconds"),
            "is longer than an interruptible node has after its notice",
            f"set it to {SPOT_DRAIN} or less, or take a pool without `spot`",
        )
