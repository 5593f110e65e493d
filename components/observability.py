"""Observability: what Prometheus reads of one namespace's models, when it calls for help, and what Grafana shows."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import MANAGED_BY, PART_OF
from components.telemetry.alerts import rules
from components.telemetry.args import ObservabilityArgs
from components.telemetry.dashboard import dashboard
from components.telemetry.monitor import INTERVAL, pod_monitor

TOKEN = "slipway:index:Observability"  # noqa: S105 - a type token of Pulumi, no secret
LABELS = {PART_OF: "slipway", MANAGED_BY: "pulumi"}
DASHBOARD_LABEL = {"grafana_dashboard": "1"}  # what Grafana's sidecar looks for


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservabilityResources:
    """The objects; those that are not wanted are None."""

    pod_monitor: CustomResource
    rule: CustomResource | None = None
    dashboard: kubernetes.core.v1.ConfigMap | None = None


class Observability(pulumi.ComponentResource):
    """One PodMonitor for all servers of a namespace, alerts on what users would notice, and a dashboard."""

    dashboard_name: pulumi.Output[str]
    """The ConfigMap with the dashboard; empty when none is wanted."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the objects."""
        super().__init__(TOKEN, name, {**args}, opts)
        self._name, self._args = name, args
        self.resources = ObservabilityResources(
            pod_monitor=self._custom("servers", "PodMonitor", pod_monitor(args.get("interval_seconds", INTERVAL))),
            rule=self._rule() if args.get("alerts", True) else None,
            dashboard=self._dashboard() if args.get("dashboard", True) else None,
        )
        made = self.resources.dashboard
        self.dashboard_name = made.metadata.name if made else pulumi.Output.from_input("")
        self.register_outputs({"dashboardName": self.dashboard_name})

    def _rule(self) -> CustomResource:
        args = self._args
        spec = pulumi.Output.from_input(args["namespace"]).apply(
            lambda namespace: rules(namespace, args["series"], args["models"])
        )
        return self._custom("alerts", "PrometheusRule", spec)

    def _dashboard(self) -> kubernetes.core.v1.ConfigMap:
        args = self._args
        text = pulumi.Output.from_input(args["namespace"]).apply(lambda namespace: dashboard(namespace, args["series"]))
        return kubernetes.core.v1.ConfigMap(
            f"{self._name}-dashboard",
            metadata={
                "name": "slipway-dashboard",
                "namespace": args["namespace"],
                "labels": {**LABELS, **DASHBOARD_LABEL},
            },
            data={"slipway.json": text},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _custom(self, part: str, kind: str, spec: pulumi.Input[dict[str, Any]]) -> CustomResource:
        return CustomResource(
            f"{self._name}-{part}",
            api_version="monitoring.coreos.com/v1",
            kind=kind,
            metadata={
                "name": f"slipway-{part}",
                "namespace": self._args["namespace"],
                "labels": {**LABELS, **self._args.get("monitor_labels", {})},
            },
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )
