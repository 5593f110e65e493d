"""Autoscaler: who starts and stops the servers of one model, by its queue and its KV cache."""

from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import SERVER, labels, object_name
from components.scaling import hpa, keda
from components.scaling.args import AutoscalerArgs
from components.server import sizes

TOKEN = "slipway:index:Autoscaler"  # noqa: S105 - a type token of Pulumi, no secret
KEDA, HPA = "keda", "hpa"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalerResources:
    """The one object that was made."""

    scaled_object: CustomResource | None = None
    autoscaler: kubernetes.autoscaling.v2.HorizontalPodAutoscaler | None = None


class Autoscaler(pulumi.ComponentResource):
    """The number of a model's servers follows its load, as KEDA or a HorizontalPodAutoscaler sees it."""

    controller: pulumi.Output[str]
    """`keda` or `hpa`."""
    max_replicas: pulumi.Output[int]
    """The most servers there will be."""

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the autoscaler; raise RunError for numbers that it cannot keep, or for what it lacks."""
        super().__init__(TOKEN, name, {**args}, opts)
        _check(name, args)
        self._name, self._args, self._model = object_name(name), args, name
        self.resources = (
            AutoscalerResources(scaled_object=self._scaled_object())
            if args["controller"] == KEDA
            else AutoscalerResources(autoscaler=self._autoscaler())
        )
        self.controller = pulumi.Output.from_input(args["controller"])
        self.max_replicas = pulumi.Output.from_input(args["max_replicas"])
        self.register_outputs({"controller": self.controller, "maxReplicas": self.max_replicas})

    def _metadata(self) -> dict[str, Any]:
        return {
            "name": self._name,
            "namespace": self._args["namespace"],
            "labels": labels(self._model, SERVER),
        }

    def _scaled_object(self) -> CustomResource:
        cold_start = self._args.get("load_seconds", 0) + sizes.IMAGE_PULL
        return CustomResource(
            f"{self._name}-scaled-object",
            api_version=keda.API,
            kind="ScaledObject",
            metadata=self._metadata(),
            spec=keda.scaled_object(self._args, cold_start),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _autoscaler(self) -> kubernetes.autoscaling.v2.HorizontalPodAutoscaler:
        return kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
            f"{self._name}-autoscaler",
            metadata=cast("Any", self._metadata()),  # plain dictionaries of the same keys
            spec=cast("Any", hpa.autoscaler(self._args)),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _check(name: str, args: AutoscalerArgs) -> None:
    least, most, load = args["min_replicas"], args["max_replicas"], args.get("load_seconds", 0)
    if args["controller"] not in {KEDA, HPA}:
        raise pulumi.RunError(f"model `{name}`: `cluster.autoscaler` is `{KEDA}` or `{HPA}`")
    if most < max(1, least):
        raise pulumi.RunError(f"model `{name}`: `replicas.max` is {most}; set it to {max(1, least)} or more")
    if args["controller"] == KEDA and not args.get("prometheus"):
        raise pulumi.RunError(f"model `{name}`: KEDA asks Prometheus; set `cluster.prometheus` to its address")
    if least:
        return
    if args["controller"] != KEDA:
        raise pulumi.RunError(f"model `{name}`: only KEDA starts a first server; set `replicas.min` to 1")
    if "queue" not in args:
        raise pulumi.RunError(
            f"model `{name}`: nothing holds requests while a server loads; set `cluster.interceptor`, "
            "or `replicas.min` to 1"
        )
    idle = args.get("idle_seconds", load)
    if idle < load:
        raise pulumi.RunError(
            f"model `{name}`: `scaling.idleSeconds` is {idle}, and a server takes up to {load} s to load; "
            f"set it to {load} or more, so that no server stops before it was of use"
        )
