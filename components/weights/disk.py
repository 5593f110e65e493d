"""How much of a node's own disk the weights of a model take, by where they are kept."""

from components.hardening import GIB

VOLUME, NODE, IMAGE = "volume", "node", "image"
STORES = (VOLUME, NODE, IMAGE)
VERSIONS = 2  # while an update runs the node holds the commit that is served and the one that comes
FORMS = 2  # of an image: its layers as they were pulled, and the files unpacked from them
HEAD_ROOM = 0.10  # file systems keep a part for themselves


def node_disk(store: str, size: int) -> int:
    """Return the bytes of one node's disk for files of ``size`` bytes, in whole GiB, and none for a volume.

    An update is counted in: the served commit stays until the servers of the next one run.
    """
    copies = {NODE: VERSIONS, IMAGE: VERSIONS * FORMS}.get(store, 0)
    return -(-int(copies * size * (1 + HEAD_ROOM)) // GIB) * GIB
