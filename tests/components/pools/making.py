"""Makes one node pool and reads what came of it, with stand-ins for the provider packages."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.gpu_node_pool import GpuNodePool
from tests.components.examples import pool_args
from tests.components.recording import Recording, record, settled

TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
OUTPUTS = ("node_selector", "tolerations", "gpu_resource", "device_class", "device_selectors", "zones")


def make(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return what a pool with these changes registers, and its outputs."""
    outputs: dict[str, Any] = {}

    def program() -> None:
        made = GpuNodePool("l4", pool_args(**changes))
        for name in OUTPUTS:
            outputs[name] = settled(getattr(made, name))

    recording = record(program)
    return recording, {name: values[0] for name, values in outputs.items()}


def requirements(recording: Recording) -> dict[str, list[str]]:
    """Return the requirements of the only Karpenter NodePool by key."""
    spec = recording.one("NodePool")["spec"]["template"]["spec"]
    return {each["key"]: each["values"] for each in spec["requirements"]}


def given(recording: Recording, kind: str) -> dict[str, Any]:
    """Return what the only resource of a stand-in was given."""
    return {key: value for key, value in recording.one(kind).items() if key != "latest_version"}


def stand_in(monkeypatch: pytest.MonkeyPatch, module: str, **tokens: str) -> None:
    """Put a provider package in place that has a resource for each ``path_to_Class=token``."""
    packages: dict[str, Any] = {}
    for path, token in tokens.items():
        *outer, name = path.split("_")
        holder = packages
        for part in outer:
            holder = holder.setdefault(part, {})
        holder[name] = _resource(token)
    package = ModuleType(module)
    for name, value in packages.items():
        setattr(package, name, SimpleNamespace(**value) if isinstance(value, dict) else value)
    monkeypatch.setitem(sys.modules, module, package)


def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put stand-ins of the clouds' packages in place."""
    stand_in(monkeypatch, "pulumi_gcp", container_NodePool="gcp:container/nodePool:NodePool")
    stand_in(
        monkeypatch,
        "pulumi_aws",
        eks_NodeGroup="aws:eks/nodeGroup:NodeGroup",
        ec2_LaunchTemplate="aws:ec2/launchTemplate:LaunchTemplate",
    )
    stand_in(
        monkeypatch,
        "pulumi_azure_native.containerservice",
        AgentPool="azure-native:containerservice:AgentPool",
    )
    stand_in(monkeypatch, "pulumiverse_scaleway", kubernetes_Pool="scaleway:kubernetes/pool:Pool")


def _resource(token: str) -> type[pulumi.CustomResource]:
    class Made(pulumi.CustomResource):
        """A resource that takes whatever it is given."""

        latest_version: pulumi.Output[int]

        def __init__(self, resource_name: str, opts: pulumi.ResourceOptions, **inputs: Any) -> None:
            super().__init__(token, resource_name, {**inputs, "latest_version": 1}, opts)

    return Made
