"""ApiKey: the Secret that clients of a model prove themselves with, given, generated, or there already."""

import base64
import secrets
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.naming import SERVER, labels, object_name

TOKEN = "slipway:index:ApiKey"  # noqa: S105 - a type token of Pulumi, no secret
ENTRY = "key"
BYTES = 32  # 256 bits, as 64 hex digits


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
        """Make the Secret unless there is one already."""
        super().__init__(TOKEN, name, {key: value for key, value in args.items() if key != "value"}, opts)
        self.secret: kubernetes.core.v1.Secret | None = None
        if existing := args.get("existing_secret_name"):
            self.secret_name = pulumi.Output.from_input(existing)
            self.secret_key = pulumi.Output.from_input(args.get("existing_secret_key", ""))
            self.value = pulumi.Output.from_input("")
        else:
            self.secret = self._given(name, args, args["value"]) if "value" in args else self._generated(name, args)
            self.secret_name = self.secret.metadata.name
            self.secret_key = pulumi.Output.from_input(ENTRY)
            self.value = pulumi.Output.secret(self.secret.data.apply(_entry))
        self.register_outputs({"secretName": self.secret_name, "secretKey": self.secret_key, "value": self.value})

    def _given(self, name: str, args: ApiKeyArgs, value: pulumi.Input[str]) -> kubernetes.core.v1.Secret:
        return self._secret(name, args, pulumi.Output.secret(value), [])

    def _generated(self, name: str, args: ApiKeyArgs) -> kubernetes.core.v1.Secret:
        """Make a key that only the first creation decides: later runs keep what the state has, whatever they draw."""
        return self._secret(name, args, pulumi.Output.secret(secrets.token_hex(BYTES)), ["data"])

    def _secret(
        self, name: str, args: ApiKeyArgs, value: pulumi.Output[str], ignored: list[str]
    ) -> kubernetes.core.v1.Secret:
        return kubernetes.core.v1.Secret(
            f"{name}-api-key",
            metadata={
                "name": object_name(name, "api-key"),
                "namespace": args["namespace"],
                "labels": labels(name, SERVER),
            },
            type="Opaque",
            data={ENTRY: value.apply(lambda text: base64.b64encode(text.encode()).decode())},
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=ignored),
        )


def _entry(data: Mapping[str, str] | None) -> str:
    return base64.b64decode((data or {}).get(ENTRY, "")).decode()
