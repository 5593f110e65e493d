"""Runs components against Pulumi's mocks and keeps what they registered and logged."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}
BUILT_IN = (
    "kubernetes:core/",
    "kubernetes:apps/",
    "kubernetes:batch/",
    "kubernetes:policy/",
    "kubernetes:networking.k8s.io/",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One registration: type token, name, and inputs as the engine would get them."""

    type: str
    name: str
    custom: bool
    inputs: Mapping[str, Any]

    @property
    def built_in(self) -> bool:
        """Return whether this is an object of Kubernetes itself."""
        return self.type.startswith(BUILT_IN)

    @property
    def plain(self) -> dict[str, Any]:
        """Return the inputs with the secrets in them unwrapped, as the API server would get them."""
        found = unwrapped(self.inputs)
        assert isinstance(found, dict)
        return found


@dataclass(slots=True, kw_only=True)
class Recording(mocks.Mocks):
    """What a program registered and logged."""

    resources: list[Recorded] = field(default_factory=list)
    logs: list[tuple[str, str, str]] = field(default_factory=list)
    dependencies: dict[str, set[str]] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    deletions: dict[str, str] = field(default_factory=dict)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Keep the registration; the outputs are the inputs."""
        self.resources.append(Recorded(type=args.typ, name=args.name, custom=bool(args.custom), inputs=args.inputs))
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Answer nothing; no component calls a provider's function."""
        raise AssertionError(args.token)

    def Log(self, request: Any) -> Any:  # noqa: N802 - the engine's method
        """Keep a message with its severity and URN."""
        if request.severity in SEVERITIES:
            self.logs.append((SEVERITIES[request.severity], request.message, request.urn))
        return empty_pb2.Empty()

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a Kubernetes kind, secrets unwrapped."""
        return [each.plain for each in self.resources if each.type.endswith(f":{kind}")]

    def one(self, kind: str) -> dict[str, Any]:
        """Return the only object of a kind."""
        (found,) = self.kinds(kind)
        return found


class Monitor(mocks.MockMonitor):
    """The SDK's stand-in, which besides keeps what each registration waited for."""

    def __init__(self, recording: Recording) -> None:
        """Keep the recording."""
        super().__init__(recording)
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's method
        """Keep the dependencies and the time to go by type and name, then register."""
        waited = {urn.rpartition("$")[2] for urn in request.dependencies}
        self.recording.dependencies[f"{request.type}::{request.name}"] = waited
        self.recording.ignored[request.name] = list(request.ignoreChanges)
        self.recording.deletions[f"{request.type}::{request.name}"] = request.customTimeouts.delete
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


def record(program: Callable[[], Any]) -> Recording:
    """Run the program to its end and return what it asked for."""
    recording = Recording()
    loops: list[asyncio.AbstractEventLoop] = []

    def fresh_loop() -> asyncio.AbstractEventLoop:
        """Give the calling thread a loop that is closed at the end; the mocks leave theirs open."""
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])
        return loops[-1]

    loop = fresh_loop()
    with mock.patch.object(mocks, "_ensure_event_loop", fresh_loop):
        try:
            mocks.set_mocks(recording, project="slipway", stack="test", preview=False, monitor=Monitor(recording))
            SETTINGS.engine = recording
            SETTINGS.rpc_manager = RPCManager()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
            asyncio.set_event_loop(loop)
            loop.run_until_complete(run_pulumi_func(program))
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            for each in loops:
                each.close()
            asyncio.set_event_loop(None)
    return recording


def settled(output: "pulumi.Output[Any]") -> Any:
    """Keep an output's value in a list that is filled when the program has run."""
    values: list[Any] = []
    output.apply(values.append)
    return values


def unwrapped(value: Any) -> Any:
    """Return a value with every secret in it as plain text."""
    if isinstance(value, Mapping):
        if value.get(_special_sig_key) == _special_secret_sig:
            return unwrapped(value["value"])
        return {key: unwrapped(each) for key, each in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [unwrapped(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def without_secrets(value: Any) -> Any:
    """Return a value with every secret in it left out."""
    if isinstance(value, Mapping):
        if value.get(_special_sig_key) == _special_secret_sig:
            return "[secret]"
        return {key: without_secrets(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value
