"""What the Prometheus operator reads of the servers."""

from typing import Any

from components.naming import COMPONENT, INSTANCE, NAME, PART_OF, SERVER, VERSION
from components.server.probes import HTTP

INTERVAL = 15


def pod_monitor(interval: int) -> dict[str, Any]:
    """Return the PodMonitor's spec: the metrics of every server of the namespace, with its model and commit."""
    return {
        "selector": {"matchLabels": {NAME: "vllm", COMPONENT: SERVER, PART_OF: "slipway"}},
        "podTargetLabels": [INSTANCE, VERSION],
        "podMetricsEndpoints": [
            {
                "port": HTTP,
                "path": "/metrics",
                "scheme": "http",
                "interval": f"{interval}s",
                "scrapeTimeout": f"{min(10, interval)}s",
            }
        ],
    }
