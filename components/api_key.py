"""ApiKey: the Secret that clients of a model prove themselves with, given, generated, or there already."""

import importlib
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.naming import SERVER, labels, object_name

TOKEN = "slipway:index:ApiKey"  # noqa: S105 - a type token of Pulumi, no secret
PACKAGE = "pulumi-random"
ENTRY = "key"
LENGTH = 48  # letters and digits: 285 bits


class ApiKeyArgs(TypedDict):
    """Where the key comes from: `value`, else `existing_secret_name`, else it is generated."""

    namespace: pulumi.Input[str]
    """The namespace."""
    value: NotRequired[pulumi.Input[str]]
    """The key itself, as a secret."""
    existing_secret_name: NotRequired[str]
    """A Secret that is in the namespace already, so that the key is in no file and no state."""
    existing_secret_key: NotRequired[str]
    """The entry of that Secret; left out: every entry is a key."""


class ApiKey(pulumi.ComponentResource):
    """The API key of one model as a Secret of the cluster; the servers read it as a file."""

    secret_name: pulumi.Output[str]
    """The Secret's name."""
    secret_key: pulumi.Output[str]
    """Its entry; empty when every entry is a key."""
    value: pulumi.Output[str]
    """The key, as a secret; empty when it is in the cluster only."""

    def __init__(self, name: str, args: ApiKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the Secret unless there is one; raise RunError to generate a key without pulumi-random."""
        super().__init__(TOKEN, name, {key: value for key, value in args.items() if key != "value"}, opts)
        self.secret: kubernetes.core.v1.Secret | None = None
        if existing := args.get("existing_secret_name"):
            self.secret_name = pulumi.Output.from_input(existing)
            self.secret_key = pulumi.Output.from_input(args.get("existing_secret_key", ""))
            self.value = pulumi.Output.from_input("")
        else:
            self.value = pulumi.Output.secret(args["value"] if "value" in args else self._generated(name))
            self.secret = self._secret(name, args)
            self.secret_name = self.secret.metadata.name
            self.secret_key = pulumi.Output.from_input(ENTRY)
        self.register_outputs({"secretName": self.secret_name, "secretKey": self.secret_key, "value": self.value})

    def _secret(self, name: str, args: ApiKeyArgs) -> kubernetes.core.v1.Secret:
        return kubernetes.core.v1.Secret(
            f"{name}-api-key",
            metadata={
                "name": object_name(name, "api-key"),
                "namespace": args["namespace"],
                "labels": labels(name, SERVER),
            },
            type="Opaque",
            string_data={ENTRY: self.value},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _generated(self, name: str) -> pulumi.Input[str]:
        try:
            random: Any = importlib.import_module("pulumi_random")
        except ImportError:
            raise pulumi.RunError(
                f"model `{name}`: to generate an API key the package {PACKAGE} is needed; add it to requirements.txt, "
                "or set `slipway:apiKey`, or `endpoint.apiKeySecret`"
            ) from None
        key: pulumi.Input[str] = random.RandomPassword(
            f"{name}-api-key", length=LENGTH, special=False, opts=pulumi.ResourceOptions(parent=self)
        ).result
        return key
