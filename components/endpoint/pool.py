"""The InferencePool of Gateway API's Inference Extension: the servers, and who picks one by its cache and queue."""

from collections.abc import Mapping
from typing import Any

from components.endpoint.args import EndpointPickerArgs
from components.server.arguments import PORT

POOL = "InferencePool"
POOL_GROUP = "inference.networking.k8s.io"
POOL_API = f"{POOL_GROUP}/v1"
PICKER_PORT = 9002


def pool_spec(servers: Mapping[str, str], picker: EndpointPickerArgs) -> dict[str, Any]:
    """Return the spec of the pool of these servers, which asks the picker for each request."""
    return {
        "selector": {"matchLabels": dict(servers)},
        "targetPorts": [{"number": PORT}],
        "endpointPickerRef": {
            "group": "",
            "kind": "Service",
            "name": picker["service"],
            "port": {"number": picker.get("port", PICKER_PORT)},
            "failureMode": "FailOpen" if picker.get("fail_open", False) else "FailClose",
        },
    }
