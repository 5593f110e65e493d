"""LoRA adapters: names that mean one thing behind a host, and files that a pod can reach."""

from collections.abc import Iterator, Sequence

from stacks.references.view import Found, View, served_name

_CONTENTS = frozenset({"text", "image", "video", "audio", "input", "file", "refusal"})


def adapters(models: Sequence[View]) -> Iterator[Found]:
    """Yield what adapters cannot be, and names that another model or adapter behind the same host has."""
    for model in models:
        listed = model.items("adapters")
        for adapter in listed:
            yield from _adapter(model, adapter)
        for key in ("maxLoraRank", "maxLoras") if not listed else ():
            if model.states(key):
                yield model.at(key), "means nothing without `adapters`", "remove it, or add adapters"
    yield from _names(models)


def _adapter(model: View, adapter: View) -> Iterator[Found]:
    source, base = adapter.text("source"), model.text("source")
    if adapter.text("name") in _CONTENTS:
        yield (
            adapter.at("name"),
            "is a kind of content of a message, and vLLM would use the adapter for every message that has it",
            "choose another one",
        )
    if source.startswith("hf://"):
        if adapter.states("path"):
            yield adapter.at("path"), "means nothing for an adapter of the Hub", "remove it"
        if base and "://" not in base:
            yield (
                adapter.at("source"),
                "is of the Hub, and the model is a folder, for which nothing is downloaded",
                "put its files into the model's claim, and state their folder as `source` and their `path` there",
            )
    elif source and "://" not in source:
        if not any(model.inner("weights").states(key) for key in ("claim", "image")):
            yield (
                adapter.at("source"),
                "is a folder, and no pod can download it",
                "use a source of the Hub, or put its files into the claim or image of the model's `weights`",
            )
        elif not adapter.states("path"):
            yield (
                adapter.at("path"),
                "is missing for a local folder",
                "say where its files lie inside the claim or image",
            )
        if adapter.states("revision"):
            yield adapter.at("revision"), "means nothing for a local folder", "remove it"


def _names(models: Sequence[View]) -> Iterator[Found]:
    """Yield every adapter whose name clients could not tell from another's."""
    taken: dict[tuple[str, str], str] = {}
    for number, model in enumerate(models):
        taken.setdefault((_host(model, number), served_name(model)), "a model")
    for number, model in enumerate(models):
        for adapter in model.items("adapters"):
            name = adapter.text("name")
            owner = taken.get((_host(model, number), name))
            if name and owner:
                yield adapter.at("name"), f"is taken: {owner} behind the same host has this name", "choose another one"
            elif name:
                taken[_host(model, number), name] = "an adapter"


def _host(model: View, number: int) -> str:
    """Return what tells the names of one address from those of another: its host name, else the model itself."""
    return model.inner("endpoint").text("hostname") or f"models[{number}]"
