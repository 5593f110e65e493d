"""Where the files of a model are kept: which keys mean something for which store, and what each store needs."""

from collections.abc import Iterator, Mapping

from stacks.references.view import Found, View
from stacks.weights import AccessMode, Store

_KEYS = {
    Store.VOLUME: ("claim", "path", "storageClass", "accessMode"),
    Store.NODE: (),
    Store.IMAGE: ("image", "path"),
}
_ALL = ("claim", "path", "image", "storageClass", "accessMode")
_ONE_NODE = {"ReadWriteOnce"}


def weights(model: View, pools: Mapping[str, View]) -> Iterator[Found]:
    """Yield everything about the files of one model."""
    found = model.inner("weights")
    store = found.text("store", Store.VOLUME)
    if store not in set(Store):
        return
    for key in _ALL:
        if found.states(key) and key not in _KEYS[Store(store)]:
            yield found.at(key), f"means nothing for the store `{store}`", _mend(key)
    yield from _folder(model, store)
    if store == Store.IMAGE and not found.states("image"):
        yield (
            found.at("image"),
            "is missing for the store `image`",
            "name the image that holds the files, with its digest",
        )
    if store == Store.NODE:
        yield from _node(model, pools)
    if store == Store.VOLUME:
        yield from _volume(found)


def for_many_nodes(files: View) -> str:
    """Return what makes a volume one that many nodes can mount."""
    if files.states("claim"):
        return "name a claim that many nodes can mount, and remove it"
    return f"set it to `{AccessMode.READ_WRITE_MANY}`, with a storage class that can"


def _mend(key: str) -> str:
    owner = next(store for store, keys in _KEYS.items() if key in keys)
    return f"remove it, or set `store: {owner}`"


def _folder(model: View, store: str) -> Iterator[Found]:
    source, found = model.text("source"), model.inner("weights")
    if not source or "://" in source:
        return
    if model.states("revision"):
        yield model.at("revision"), "means nothing for a local folder", "remove it"
    if store == Store.VOLUME and not found.states("claim"):
        yield (
            found.at("claim"),
            "is missing: no pod can download a local folder",
            (
                "name the PersistentVolumeClaim that holds its files, put them into an image (`store: image`), "
                "or use a source of the Hub (`hf://organisation/name`)"
            ),
        )
    if store == Store.NODE:
        yield (
            found.at("store"),
            "is `node`, and no node can download a local folder",
            "put its files into an image (`store: image`), or use a source of the Hub (`hf://organisation/name`)",
        )


def _node(model: View, pools: Mapping[str, View]) -> Iterator[Found]:
    name = model.text("pool")
    pool = pools.get(name)
    if pool is not None and not pool.states("cachePath"):
        yield (
            model.at("weights", "store"),
            "is `node`, and the model's pool says no folder of its nodes for that",
            "set `cachePath` of the pool, like `/mnt/models`",
        )


def _volume(found: View) -> Iterator[Found]:
    if found.states("path") and not found.states("claim"):
        yield found.at("path"), "means nothing without `weights.claim`", "name the claim, or remove it"
    if found.text("accessMode") == AccessMode.READ_ONLY_MANY and not found.states("claim"):
        yield (
            found.at("accessMode"),
            "lets nobody write, and a new volume has to be filled",
            f"set it to `{AccessMode.READ_WRITE_MANY}`, or name a filled one as `claim`",
        )
    for key in ("storageClass", "accessMode") if found.states("claim") else ():
        if found.states(key) and found.text(key) not in _ONE_NODE:
            yield found.at(key), "means nothing for a claim that exists already", "remove it"
