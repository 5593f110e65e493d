"""When a server counts as started, ready and alive."""

from pulumi_kubernetes.core.v1 import LifecycleArgsDict, ProbeArgsDict

from components.server.sizes import PRE_STOP

PERIOD = 10
HTTP = "http"


def startup(load: int) -> ProbeArgsDict:
    """Return the probe that gives the server ``load`` seconds to read its weights."""
    return _probe("/health", failures=-(-load // PERIOD))


def readiness() -> ProbeArgsDict:
    """Return the probe that takes a server out of the Service within half a minute."""
    return _probe("/ping", failures=3)


def liveness() -> ProbeArgsDict:
    """Return the probe that restarts a server whose engine is dead for a minute."""
    return _probe("/health", failures=6)


def lifecycle() -> LifecycleArgsDict:
    """Return the wait before the stop signal, so that no proxy sends a request any more."""
    return {"pre_stop": {"sleep": {"seconds": PRE_STOP}}}


def _probe(path: str, *, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": path, "port": HTTP, "scheme": "HTTP"},
        "period_seconds": PERIOD,
        "timeout_seconds": 5,
        "failure_threshold": failures,
        "success_threshold": 1,
    }
