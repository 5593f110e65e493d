"""Names that one model's objects take from another model."""

from collections.abc import Iterator, Mapping

from stacks.references.endpoint import public
from stacks.references.view import Found, View


def derived(models: tuple[View, ...]) -> Iterator[Found]:
    """Yield the models whose Service has the name of one that is made for another model.

    A private model that stops its last server is called by the Service `NAME-queue`; the LeaderWorkerSet of a model
    on several nodes makes the Service `NAME-group`, by which its pods find each other.
    """
    taken = {service: model.text("name") for model in models for service in _services(model)}
    by_name: Mapping[str, View] = {model.text("name"): model for model in models if model.states("name")}
    for name, model in by_name.items():
        if name in taken:
            yield (
                model.at("name"),
                f"is the name of a Service that the model `{taken[name]}` needs beside its own",
                "choose another one",
            )


def _services(model: View) -> Iterator[str]:
    name = model.text("name")
    if model.inner("replicas").number("min", 1) == 0 and not public(model):
        yield f"{name}-queue"
    if model.number("nodesPerReplica", 1) > 1:
        yield f"{name}-group"
