"""How long a server takes to load, and how much CPU, memory and disk it needs."""

import math
from dataclasses import dataclass

from components.hardening import GIB, MIB

MINUTE = 60
LOAD_BASE = 15 * MINUTE  # KAITO's figures: 15 min and 18 s for each GiB, from 30 to 180 min
LOAD_SECONDS_PER_GIB = 18
LOAD_LEAST, LOAD_MOST = 30 * MINUTE, 180 * MINUTE
IMAGE_PULL = 15 * MINUTE  # a node that is made first, and an image of about 10 GiB
PRE_STOP = 15  # seconds until every proxy has heard that the pod is leaving
DRAIN = 120
STOP_MARGIN = 15
API_SERVER_MEMORY = 6 * GIB  # the HTTP server, the tokenizer and the scheduler's process
WORKER_MEMORY = 4 * GIB  # one process a GPU: torch, the CUDA context, pinned buffers
MEDIA_MEMORY = 8 * GIB  # vLLM's cache of processed media (4 GiB) in two processes
CONFIG_DISK = MIB  # the composed config file
CACHE_DISK = 12 * GIB  # compiled kernels of torch, Triton, FlashInfer and CUDA
TEMPORARY_DISK = 4 * GIB
LOG_DISK = GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times of one server in seconds; ``load`` is until it answers, ``stop`` from the signal to the kill."""

    load: int
    progress: int
    drain: int
    stop: int
    create: int
    update: int


def load_seconds(weights_bytes: int) -> int:
    """Return how long a server may take until it answers: 15 min + 18 s/GiB of weights, from 30 to 180 min."""
    wanted = LOAD_BASE + math.ceil(LOAD_SECONDS_PER_GIB * weights_bytes / GIB)
    return min(max(wanted, LOAD_LEAST), LOAD_MOST)


def times(weights_bytes: int, replicas: int, drain: int = DRAIN, nodes: int = 1, wait: int = 0) -> Times:
    """Return the times of a server; an update may replace the replicas one after the other.

    Where a replica spans nodes, the first that is there waits for the last one, which may have to be made. On a node
    of its own a server may ``wait`` so long for its weights.
    """
    load = load_seconds(weights_bytes) + (IMAGE_PULL if nodes > 1 else 0)
    stop = PRE_STOP + drain + STOP_MARGIN
    progress = load + IMAGE_PULL + wait
    return Times(
        load=load, progress=progress, drain=drain, stop=stop, create=progress, update=replicas * (progress + stop)
    )


def cpus(gpus: int) -> int:
    """Return the CPUs of one server: a core for each worker and two for the front, twice."""
    return 2 * (2 + gpus)


def shared_memory(gpus: int) -> int:
    """Return the bytes of /dev/shm: 1 GiB for one GPU, 2 GiB and 1 GiB a GPU for several that talk through it."""
    return GIB if gpus == 1 else (2 + gpus) * GIB


def memory(gpus: int, *, multimodal: bool, adapters: int = 0) -> int:
    """Return the bytes of memory of one server: its processes, /dev/shm and, for media, vLLM's two caches.

    ``adapters`` are the bytes of all adapters, of which every worker keeps a copy beside what it has on the GPU.
    """
    media = MEDIA_MEMORY if multimodal else 0
    return API_SERVER_MEMORY + gpus * (WORKER_MEMORY + adapters) + shared_memory(gpus) + media


def disk() -> int:
    """Return the bytes of node disk that one server may fill: caches, temporary files, logs."""
    return CACHE_DISK + TEMPORARY_DISK + LOG_DISK
