"""The queue in front of a model without a server: KEDA's HTTP add-on holds a request until one answers."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from components.server.probes import HTTP

ROUTE_API = "http.keda.sh/v1beta1"
GRANT_API = "gateway.networking.k8s.io/v1beta1"
SCALER_PORT = 9090
CONCURRENT = 100


class InterceptorArgs(TypedDict):
    """Where the HTTP add-on is installed."""

    namespace: str
    """Its namespace."""
    service: str
    """The Service of its proxy."""
    port: int
    """The port of that Service."""
    scaler: str
    """The Service that tells KEDA how many requests are held."""


class RequestQueueArgs(TypedDict):
    """The queue of one model."""

    namespace: pulumi.Input[str]
    """The namespace of the model's Service."""
    service_name: pulumi.Input[str]
    """The Service."""
    endpoints: list[str]
    """The paths of the model's type; the queue leads to nothing else."""
    interceptor: InterceptorArgs
    """Where requests wait."""
    hostname: NotRequired[str]
    """The host name of a public endpoint; left out: the queue has an address inside the cluster."""
    concurrent_requests: NotRequired[int]
    """The requests, waiting ones included, that one server may have; 100 by default."""
    wait_seconds: int
    """How long the first server may take from nothing: a request waits no longer."""
    answer_seconds: int
    """The longest answer or stream."""


def interceptor_route(args: RequestQueueArgs, hosts: pulumi.Input[Sequence[str]]) -> dict[str, Any]:
    """Return the InterceptorRoute: these hosts and paths, held for the time to load and then answered in full."""
    wait, answer = args["wait_seconds"], args["answer_seconds"]
    return {
        "target": {"service": args["service_name"], "portName": HTTP},
        "rules": [{"hosts": hosts, "paths": [{"value": path} for path in args["endpoints"]]}],
        "scalingMetric": {"concurrency": {"targetValue": args.get("concurrent_requests", CONCURRENT)}},
        "timeouts": {"readiness": f"{wait}s", "responseHeader": f"{answer}s", "request": f"{wait + answer}s"},
    }


def inner_hosts(service: str, namespace: str) -> list[str]:
    """Return the names by which pods of the cluster call a Service; the bare one could be another namespace's."""
    return [f"{service}.{namespace}", f"{service}.{namespace}.svc", f"{service}.{namespace}.svc.cluster.local"]


def outer_name(interceptor: InterceptorArgs) -> dict[str, Any]:
    """Return the spec of a Service that is a name for the interceptor, so that each model has an address of its own."""
    return {
        "type": "ExternalName",
        "externalName": f"{interceptor['service']}.{interceptor['namespace']}.svc.cluster.local",
        "ports": [{"name": HTTP, "port": interceptor["port"], "targetPort": interceptor["port"], "protocol": "TCP"}],
    }


def reference_grant(namespace: pulumi.Input[str], interceptor: InterceptorArgs) -> dict[str, Any]:
    """Return the permission for routes of the models' namespace to lead to the interceptor in its own."""
    return {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": namespace}],
        "to": [{"group": "", "kind": "Service", "name": interceptor["service"]}],
    }
