"""RequestQueue: a request for a model without a server waits for one, and reaches nothing but its type's paths."""

from typing import Any

import pulumi
import pytest

from components.request_queue import RequestQueue
from components.scaling.queue import RequestQueueArgs
from tests.components.recording import Recording, record, settled

INTERCEPTOR = {
    "namespace": "keda",
    "service": "keda-add-ons-http-interceptor-proxy",
    "port": 8080,
    "scaler": "keda-add-ons-http-external-scaler",
}


def queue_args(**changes: Any) -> RequestQueueArgs:
    """Return the arguments of a private chat model's queue, with changes."""
    args: Any = {
        "namespace": "inference",
        "service_name": "granite",
        "endpoints": ["/v1/chat/completions"],
        "interceptor": INTERCEPTOR,
        "wait_seconds": 2700,
        "answer_seconds": 3600,
        **changes,
    }
    found: RequestQueueArgs = args
    return found


def make(**changes: Any) -> tuple[Recording, str]:
    """Return what a queue with these changes registers, and its address inside the cluster."""
    seen: list[Any] = []
    recording = record(lambda: seen.append(settled(RequestQueue("granite", queue_args(**changes)).address)))
    return recording, seen[0][0]


def test_a_request_waits_for_node_image_and_weights_and_is_then_answered_in_full() -> None:
    """No timeout of the queue is shorter than a load, nor cuts an answer that the gateway would not."""
    spec = make()[0].one("InterceptorRoute")["spec"]

    assert {"readiness": "2700s", "responseHeader": "3600s", "request": "6300s"} == spec["timeouts"]
    assert {"service": "granite", "portName": "http"} == spec["target"]
    assert {"concurrency": {"targetValue": 100}} == spec["scalingMetric"]


def test_a_private_model_has_a_name_of_its_own_for_the_queue() -> None:
    """Pods call it like a Service, and the queue knows it by the host that they call."""
    recording, address = make(concurrent_requests=209)
    (rule,) = recording.one("InterceptorRoute")["spec"]["rules"]
    name = recording.one("Service")

    assert "granite-queue.inference.svc:8080" == address
    assert [
        "granite-queue.inference",
        "granite-queue.inference.svc",
        "granite-queue.inference.svc.cluster.local",
    ] == rule["hosts"]
    assert [{"value": "/v1/chat/completions"}] == rule["paths"]
    assert ("ExternalName", "keda-add-ons-http-interceptor-proxy.keda.svc.cluster.local") == (
        name["spec"]["type"],
        name["spec"]["externalName"],
    )
    assert [] == recording.kinds("ReferenceGrant")


def test_a_public_model_s_route_may_lead_to_the_queue() -> None:
    """By a grant in the queue's namespace, under a name that no other stack's model takes."""
    recording, address = make(hostname="granite.example.com")
    grant = recording.one("ReferenceGrant")

    assert ("keda", "inference-granite") == (grant["metadata"]["namespace"], grant["metadata"]["name"])
    assert {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "inference"}],
        "to": [{"group": "", "kind": "Service", "name": "keda-add-ons-http-interceptor-proxy"}],
    } == grant["spec"]
    assert ["granite.example.com"] == recording.one("InterceptorRoute")["spec"]["rules"][0]["hosts"]
    assert ("", []) == (address, recording.kinds("Service"))


def test_a_model_without_a_path_has_no_queue() -> None:
    """A queue that leads everywhere would open every path of the server."""
    with pytest.raises(pulumi.RunError, match="model `granite`: its type has no path that could wait"):
        make(endpoints=[])
