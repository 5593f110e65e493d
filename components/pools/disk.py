"""How large the disk of a node has to be, from what runs on it."""

import math

from components.hardening import GIB
from components.server import sizes

SYSTEM = 20 * GIB  # the operating system, the GPU driver, the pods of the cluster itself
IMAGE = 40 * GIB  # vLLM's image: about 11 GiB as it is pulled and 28 GiB unpacked
IMAGES = 2  # while an update runs, the one that serves and the one that comes
FREE = 0.15  # the kubelet evicts pods when less is left for images
STEP = 10  # GiB


def node_disk_gib(servers: int, weights: int = 0) -> int:
    """Return the GiB of disk of a node with so many servers, and ``weights`` bytes of models kept on the node."""
    wanted = SYSTEM + IMAGES * IMAGE + servers * sizes.disk() + weights
    return math.ceil(wanted / (1 - FREE) / GIB / STEP) * STEP
