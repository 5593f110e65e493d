"""RequestQueue: requests for a model without a server wait, and start one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import SERVER, labels, object_name
from components.scaling import queue
from components.scaling.queue import RequestQueueArgs

TOKEN = "slipway:index:RequestQueue"  # noqa: S105 - a type token of Pulumi, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueResources:
    """The objects of one queue: a public model has a grant, a private one a name."""

    route: CustomResource
    grant: CustomResource | None = None
    name: kubernetes.core.v1.Service | None = None


class RequestQueue(pulumi.ComponentResource):
    """The queue in front of one model, by KEDA's HTTP add-on: only the paths of its type, and no server for hours."""

    route_name: pulumi.Output[str]
    """The InterceptorRoute's name, by which KEDA learns how many requests wait."""
    address: pulumi.Output[str]
    """Host and port inside the cluster; empty for a public endpoint."""
    wait_seconds: pulumi.Output[int]
    """How long a request may wait for the first server."""

    def __init__(self, name: str, args: RequestQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the queue; raise RunError for a model without a path to hold requests for."""
        super().__init__(TOKEN, name, {**args}, opts)
        if not args["endpoints"]:
            raise pulumi.RunError(f"model `{name}`: its type has no path that could wait; set `replicas.min` to 1")
        self._name, self._args, self._model = object_name(name), args, name
        self._service = object_name(name, "queue")
        public = "hostname" in args
        route = self._route()
        self.resources = QueueResources(
            route=route,
            grant=self._grant() if public else None,
            name=None if public else self._inner_name(),
        )
        self.route_name = route.urn.apply(lambda _: self._name)  # so that KEDA is told of a route that is there
        self.address = (
            pulumi.Output.from_input("")
            if public
            else pulumi.Output.concat(self._service, ".", args["namespace"], ".svc:", str(args["interceptor"]["port"]))
        )
        self.wait_seconds = pulumi.Output.from_input(args["wait_seconds"])
        self.register_outputs({"routeName": self.route_name, "address": self.address, "waitSeconds": self.wait_seconds})

    def _hosts(self) -> pulumi.Output[Sequence[str]]:
        if hostname := self._args.get("hostname"):
            return pulumi.Output.from_input([hostname])
        return pulumi.Output.from_input(self._args["namespace"]).apply(
            lambda namespace: queue.inner_hosts(self._service, namespace)
        )

    def _route(self) -> CustomResource:
        return self._custom(
            "queue",
            "InterceptorRoute",
            queue.ROUTE_API,
            queue.interceptor_route(self._args, self._hosts()),
            metadata={"name": self._name, "namespace": self._args["namespace"]},
        )

    def _grant(self) -> CustomResource:
        """Permit the route in the interceptor's namespace, under a name that no other stack's model has."""
        named = pulumi.Output.from_input(self._args["namespace"]).apply(
            lambda namespace: object_name(namespace, self._name)
        )
        interceptor = self._args["interceptor"]
        return self._custom(
            "queue-grant",
            "ReferenceGrant",
            queue.GRANT_API,
            queue.reference_grant(self._args["namespace"], interceptor),
            metadata={"name": named, "namespace": interceptor["namespace"]},
        )

    def _inner_name(self) -> kubernetes.core.v1.Service:
        return kubernetes.core.v1.Service(
            f"{self._name}-queue",
            metadata={
                "name": self._service,
                "namespace": self._args["namespace"],
                "labels": labels(self._model, SERVER),
            },
            spec=cast("Any", queue.outer_name(self._args["interceptor"])),  # a plain dictionary of the same keys
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _custom(
        self, part: str, kind: str, api_version: str, spec: dict[str, Any], metadata: dict[str, Any]
    ) -> CustomResource:
        return CustomResource(
            f"{self._name}-{part}",
            api_version=api_version,
            kind=kind,
            metadata={**metadata, "labels": labels(self._model, SERVER)},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )
