"""Evictions, as a drain asks for them, and the budget that may refuse them."""

from typing import Any

from tests.cluster.conftest import NAMESPACE
from tests.cluster.control_plane import ControlPlane


def budget(cluster: ControlPlane) -> Any:
    """Return the status of the namespace's one disruption budget."""
    (found,) = cluster.get("pdb", "-n", NAMESPACE)["items"]
    return found["status"]


def evict(cluster: ControlPlane, pod: str) -> int:
    """Ask for the eviction of a pod and return kubectl's exit code: not 0 where the budget refuses."""
    body = (
        '{"apiVersion": "policy/v1", "kind": "Eviction", '
        f'"metadata": {{"name": "{pod}", "namespace": "{NAMESPACE}"}}}}'
    )
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction"
    return cluster.kubectl("create", "--raw", path, "-f", "-", stdin=body, check=False).returncode
