"""What a program asks of its engine, written down: registrations, outputs, and messages under their resources."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2

from dryrun.naming import name_object
from dryrun.value import Value, decode

STACK_TYPE: Final = "pulumi:pulumi:Stack"
SEVERITIES: Final = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource as the program registered it; ``options`` holds what was set of Pulumi's resource options."""

    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    inputs: Mapping[str, Value] = field(default_factory=dict)
    provider: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A message of the program or of the checks; ``urn`` is empty where it belongs to the whole stack."""

    severity: str
    message: str
    urn: str = ""


@dataclass(slots=True, kw_only=True)
class Recording:
    """Everything one run asked for, in the order of arrival."""

    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Value]] = field(default_factory=dict)  # of components and the stack, by URN
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def stack_urn(self) -> str:
        """Return the URN of the stack itself, empty where the program did not get so far."""
        return next((urn for urn, resource in self.resources.items() if resource.type == STACK_TYPE), "")

    @property
    def stack_outputs(self) -> Mapping[str, Value]:
        """Return what the program exports."""
        return self.outputs.get(self.stack_urn, {})


class Engine(mocks.MockEngine):
    """Takes the program's messages; those that say they are of the moment only go to ``progress``."""

    def __init__(self, recording: Recording, progress: Callable[[str], None]) -> None:
        """Write to the recording."""
        super().__init__(None)
        self._recording = recording
        self._progress = progress

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - the SDK's name
        """Write a message down under its resource."""
        severity = SEVERITIES[request.severity]
        if request.ephemeral:
            self._progress(request.message)
        elif severity != "debug":
            message = Diagnostic(severity=severity, message=request.message, urn=request.urn)
            self._recording.diagnostics.append(message)

    def RequirePulumiVersion(self, _request: Any) -> Any:  # noqa: ANN401, N802 - the SDK's name and untyped messages
        """Accept every version: the SDK itself is the engine here."""
        return empty_pb2.Empty()


class _NoMocks(mocks.Mocks):
    """The monitor answers by itself; the SDK still wants an object here."""

    def call(self, _args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return None, args.inputs


class Monitor(mocks.MockMonitor):
    """The SDK's mock monitor, which writes every registration down and answers as a preview does.

    Ids and provider-made properties stay unknown; Kubernetes objects without a name get one.
    """

    def __init__(self, recording: Recording) -> None:
        """Write to the recording."""
        super().__init__(_NoMocks())
        self._recording = recording
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that the real engine would give: the stack's type is in no other resource's URN."""
        return super().make_urn("" if f"::{STACK_TYPE}::" in parent else parent, type_, name)

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - the SDK's name and untyped messages
        """Write a resource down and answer with its own inputs, named where Kubernetes would name it."""
        urn = self.make_urn(request.parent, request.type, request.name)
        wire = struct_pb2.Struct()
        wire.CopyFrom(request.object)
        name_object(wire, urn, request.type, request.name)
        self._add(_resource(request, urn, decode(wire)))
        return resource_pb2.RegisterResourceResponse(urn=urn, object=wire)

    def ReadResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - the SDK's name and untyped messages
        """Answer a read with what was asked: nothing outside is looked at."""
        urn = self.make_urn(request.parent, request.type, request.name)
        self._recording.diagnostics.append(
            Diagnostic(severity="info", message="existing resource, not read by the embedded engine", urn=urn)
        )
        return resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)

    def Invoke(self, request: Any) -> Any:  # noqa: ANN401, N802 - the SDK's name and untyped messages
        """Answer a provider's function with nothing, and say so."""
        message = f"`{request.tok}` was not called by the embedded engine"
        self._recording.diagnostics.append(Diagnostic(severity="warning", message=message))
        return resource_pb2.ResourceInvokeResponse()

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802 - the SDK's name and untyped messages
        """Write the outputs of a component or of the stack down."""
        with self._lock:
            self._recording.outputs[request.urn] = decode(request.outputs)
        return empty_pb2.Empty()

    def _add(self, resource: Resource) -> None:
        with self._lock:
            if resource.urn in self._recording.resources:
                message = f"two resources are called `{resource.name}`: give one of them another name"
                self._recording.diagnostics.append(Diagnostic(severity="error", message=message, urn=resource.urn))
            self._recording.resources[resource.urn] = resource


def _resource(request: Any, urn: str, inputs: Mapping[str, Value]) -> Resource:  # noqa: ANN401 - the SDK's messages are untyped
    options = {
        "dependsOn": sorted(request.dependencies),
        "protect": request.protect,
        "retainOnDelete": request.retainOnDelete,
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "ignoreChanges": list(request.ignoreChanges),
        "import": request.importId,
        "customTimeouts": {
            key: getattr(request.customTimeouts, key)
            for key in ("create", "update", "delete")
            if getattr(request.customTimeouts, key)
        },
    }
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        inputs=inputs,
        provider=request.provider,
        options={key: value for key, value in options.items() if value},
    )
