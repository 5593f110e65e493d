"""The environment of the server: offline, quiet, guarded, and every cache in the pod's own volume."""

from collections.abc import Sequence

from components.hardening import MIB, TEMPORARY
from components.paths import METHODS
from components.server.guard import OPEN, SCARCE

CACHE = "/cache"
MODELS = "/models"
CACHES = {
    "HOME": "home",
    "XDG_CACHE_HOME": "xdg",
    "XDG_CONFIG_HOME": "xdg-config",
    "HF_HOME": "huggingface",
    "VLLM_CACHE_ROOT": "vllm",
    "VLLM_CONFIG_ROOT": "vllm-config",
    "TRITON_CACHE_DIR": "triton",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "NUMBA_CACHE_DIR": "numba",
    "CUDA_CACHE_PATH": "cuda",
    "FLASHINFER_WORKSPACE_BASE": "flashinfer",
    "OUTLINES_CACHE_DIR": "outlines",
    "MPLCONFIGDIR": "matplotlib",
    "DG_JIT_CACHE_DIR": "deepgemm",
}
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}
LIMITS = {
    "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",  # a redirect would leave the allowed hosts
    "VLLM_MAX_N_SEQUENCES": "64",  # answers that one request may ask for
}
# Without an account in the image, getpass and torch ask the environment for a name.
PERSON = {"USER": "vllm", "LOGNAME": "vllm"}
GUARD = "/opt/slipway"  # the folder of the middleware, on Python's path
BODY_MIB, MEDIA_BODY_MIB = 8, 64  # the longest contexts as text take 2 MiB; media comes inside the request, as base64


def guard_environment(paths: Sequence[str], body_mib: int) -> dict[str, str]:
    """Return what the guard reads: the paths that are open with their methods, and the bytes of the largest body."""
    return {
        "PYTHONPATH": GUARD,
        OPEN: " ".join(f"{METHODS[path]}:{path}" for path in sorted(paths)),
        SCARCE: str(body_mib * MIB),
    }


def server_environment(load: int) -> dict[str, str]:
    """Return the server's variables; ``load`` is the time in seconds that the engine has to become ready."""
    return {
        **OFFLINE,
        **LIMITS,
        **PERSON,
        **{name: f"{CACHE}/{folder}" for name, folder in CACHES.items()},
        "TMPDIR": TEMPORARY,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "VLLM_ENGINE_READY_TIMEOUT_S": str(load),
    }
