"""What stands before a host name: Gateway and certificate where there are none yet, route, allow-list, limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.endpoint import certificate, policy, route
from components.endpoint.args import FrontArgs, HostRouteArgs
from components.naming import labels

ENVOY_CLASS = "eg"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontResources:
    """The objects before one host name; those that were not needed are None."""

    route: CustomResource
    gateway: CustomResource | None
    certificate: CustomResource | None
    allow_list: CustomResource | None
    limits: CustomResource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One host name on its way into the cluster; ``owner`` names the objects, ``part`` labels them."""

    parent: pulumi.Resource
    owner: str
    part: str
    hostname: str
    namespace: pulumi.Input[str]
    args: FrontArgs

    def build(self, routes: Sequence[HostRouteArgs], header: str) -> FrontResources:
        """Register everything that leads to these models."""
        own = "gateway" not in self.args
        made = self._gateway() if own else None
        signed = self._certificate() if own and "certificate_issuer" in self.args else None
        led = self._route(routes, header)
        policies = self.args.get("envoy_policies", True)
        return FrontResources(
            route=led,
            gateway=made,
            certificate=signed,
            allow_list=self._allow_list(led) if policies and self.args.get("allow_from") else None,
            limits=self._limits(led) if policies else None,
        )

    def custom(
        self, part: str, kind: str, api_version: str, spec: dict[str, Any], after: Sequence[pulumi.Resource] = ()
    ) -> CustomResource:
        """Register one object under the owner's name."""
        return CustomResource(
            f"{self.owner}-{part}",
            api_version=api_version,
            kind=kind,
            metadata={
                "name": self.owner,
                "namespace": self.namespace,
                "labels": labels(self.owner, self.part),
            },
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self.parent, depends_on=list(after)),
        )

    def _answer_seconds(self) -> int:
        return self.args.get("answer_seconds", route.ANSWER_SECONDS)

    def _gateway(self) -> CustomResource:
        spec = route.gateway_spec(
            hostname=self.hostname,
            gateway_class=self.args.get("gateway_class", ENVOY_CLASS),
            tls_secret=self.args.get("tls_secret", ""),
        )
        return self.custom("gateway", "Gateway", route.ROUTE_API, spec)

    def _certificate(self) -> CustomResource:
        spec = certificate.certificate_spec(
            hostname=self.hostname,
            secret=self.args.get("tls_secret", ""),
            issuer=self.args["certificate_issuer"],
        )
        return self.custom("certificate", "Certificate", certificate.CERTIFICATE_API, spec)

    def _route(self, routes: Sequence[HostRouteArgs], header: str) -> CustomResource:
        patience = self._answer_seconds()
        spec = route.route_spec(
            hostname=self.hostname,
            parent=route.parent(self.args.get("gateway"), self.owner, self.namespace),
            rules=[rule for each in routes for rule in route.rules(each, header=header, answer_seconds=patience)],
        )
        return self.custom("route", "HTTPRoute", route.ROUTE_API, spec)

    def _allow_list(self, led: CustomResource) -> CustomResource:
        spec = policy.allow_list_spec(self.owner, self.args.get("allow_from", []))
        return self.custom("allow-list", "SecurityPolicy", policy.POLICY_API, spec, after=[led])

    def _limits(self, led: CustomResource) -> CustomResource:
        spec = policy.limits_spec(
            self.owner,
            requests_per_minute=self.args.get("requests_per_minute", policy.REQUESTS_PER_MINUTE),
            max_body_mib=self.args.get("max_body_mib"),
            answer_seconds=self._answer_seconds(),
            merged="gateway" in self.args,
        )
        return self.custom("limits", "BackendTrafficPolicy", policy.POLICY_API, spec, after=[led])
