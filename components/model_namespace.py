"""ModelNamespace: one namespace for all models, where nothing may talk until a policy says so."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.naming import MANAGED_BY, PART_OF
from components.server import network

TOKEN = "slipway:index:ModelNamespace"  # noqa: S105 - a type token of Pulumi, no secret
HUB_TOKEN_KEY = "token"  # noqa: S105 - the name of a key
LABELS = {PART_OF: "slipway", MANAGED_BY: "pulumi"}


class ModelNamespaceArgs(TypedDict):
    """The namespace, and what all its models share."""

    namespace: str
    """Its name."""
    create: NotRequired[bool]
    """Make it; true by default. False: it is there already, with Pod Security of its own."""
    hub_token: NotRequired[pulumi.Input[str]]
    """The Hub token, as a secret; left out: none, or one in a Secret that is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceResources:
    """The objects of the namespace."""

    namespace: kubernetes.core.v1.Namespace | None
    network_policy: kubernetes.networking.v1.NetworkPolicy
    hub_token: kubernetes.core.v1.Secret | None


class ModelNamespace(pulumi.ComponentResource):
    """A namespace with Pod Security ``restricted`` in which no pod may call or be called unless a policy opens it."""

    namespace: pulumi.Output[str]
    """Its name, known once nothing in it may talk by default."""
    hub_token_secret_name: pulumi.Output[str]
    """The Secret with the Hub token; empty when none was given."""

    def __init__(self, name: str, args: ModelNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the namespace, its policy, and the Secret of the Hub token."""
        super().__init__(TOKEN, name, {key: value for key, value in args.items() if key != "hub_token"}, opts)
        made = self._namespace(name, args) if args.get("create", True) else None
        policy = self._default_deny(name, made.metadata.name if made else args["namespace"])
        # Through the policy's own field, so that no pod is made before it.
        self.namespace = policy.metadata.namespace
        self.resources = NamespaceResources(
            namespace=made, network_policy=policy, hub_token=self._hub_token(name, args)
        )
        secret = self.resources.hub_token
        self.hub_token_secret_name = secret.metadata.name if secret else pulumi.Output.from_input("")
        self.register_outputs({"namespace": self.namespace, "hubTokenSecretName": self.hub_token_secret_name})

    def _namespace(self, name: str, args: ModelNamespaceArgs) -> kubernetes.core.v1.Namespace:
        modes = ("enforce", "audit", "warn")
        levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in modes}
        versions = {f"pod-security.kubernetes.io/{mode}-version": "latest" for mode in modes}
        return kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={"name": args["namespace"], "labels": {**LABELS, **levels, **versions}},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _default_deny(self, name: str, namespace: pulumi.Input[str]) -> kubernetes.networking.v1.NetworkPolicy:
        return kubernetes.networking.v1.NetworkPolicy(
            f"{name}-default-deny",
            metadata={"name": "default-deny", "namespace": namespace, "labels": LABELS},
            spec=network.closed({}),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _hub_token(self, name: str, args: ModelNamespaceArgs) -> kubernetes.core.v1.Secret | None:
        if "hub_token" not in args:
            return None
        return kubernetes.core.v1.Secret(
            f"{name}-hub-token",
            metadata={"name": "hub-token", "namespace": self.namespace, "labels": LABELS},
            type="Opaque",
            string_data={HUB_TOKEN_KEY: pulumi.Output.secret(args["hub_token"])},
            opts=pulumi.ResourceOptions(parent=self),
        )
