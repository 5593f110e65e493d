"""The control plane as a fixture, with fake GPU nodes, volumes, and stacks rendered as a user renders them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.control_plane import TOOLS, ControlPlane, missing_tools, until
from tests.hub.fixtures import tiny_chat
from tests.hub.server import Hub, running

ROOT = Path(__file__).parent.parent.parent
NAMESPACE = "inference"
GPUS_PER_NODE = 1
REQUIRED = os.environ.get("SLIPWAY_REQUIRE_CLUSTER") == "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What a stack came to: its Kubernetes objects, in the order of application."""

    objects: tuple[Mapping[str, Any], ...]

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the objects of one kind."""
        return [each for each in self.objects if each["kind"] == kind]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Run a control plane with the custom resources and two GPU nodes of each product the stacks use."""
    if reason := missing_tools():
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    plane = ControlPlane(folder=tmp_path_factory.mktemp("cluster"))
    try:
        plane.start()
        crds = plane.kubectl("apply", "--server-side", "-f", str(TOOLS / "crds"), check=False)
        assert crds.returncode == 0, crds.stderr
        plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        _accepted(plane.apply([*_nodes(), _node("cpu-0", {}, gpus=0), *_volumes()]))
        yield plane
    finally:
        plane.stop()


@pytest.fixture
def namespace(cluster: ControlPlane) -> Iterator[str]:
    """Give the stacks' namespace, and leave none of it behind."""
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true", "--timeout=120s")
    _accepted(cluster.apply(_volumes(), "--force-conflicts"))
    for volume in cluster.get("pv")["items"]:
        patch = '{"spec": {"claimRef": null}}'
        cluster.kubectl("patch", "pv", volume["metadata"]["name"], "--type=merge", "-p", patch)


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """Run a stand-in for the Hub that holds one small chat model."""
    with running() as found:
        found.add(tiny_chat("example/tiny-chat"))
        yield found


@pytest.fixture
def render(hub: Hub, tmp_path: Path) -> Callable[[Mapping[str, Any]], Rendering]:
    """Return a function that renders a stack's config with the embedded engine, as a user would."""

    def rendered(config: Mapping[str, Any]) -> Rendering:
        stack = tmp_path / "Pulumi.cluster.yaml"
        stack.write_text(yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in config.items()}}))
        out = tmp_path / "out"
        done = subprocess.run(  # noqa: S603 - the project's own command
            [sys.executable, "-m", "dryrun", "preview", str(stack), "--out", str(out)],
            cwd=ROOT,
            env={**os.environ, "HF_ENDPOINT": hub.url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        files = sorted(out.rglob("*.yaml"))
        documents = [each for path in files for each in yaml.safe_load_all(path.read_text()) if each]
        return Rendering(objects=tuple(documents))

    return rendered


@pytest.fixture
def deploy(cluster: ControlPlane, namespace: str) -> Callable[[Rendering], list[str]]:
    """Return a function that applies a rendering with the Secrets an operator supplies; it returns the warnings."""

    def deployed(rendering: Rendering) -> list[str]:
        made = [each for each in rendering.objects if each["kind"] == "Namespace"]
        rest = [each for each in rendering.objects if each["kind"] not in {"Namespace", "Secret"}]
        warnings = _accepted(cluster.apply(made)) if made else []
        _accepted(cluster.apply([_claim(namespace), _secret(namespace)]))
        return warnings + _accepted(cluster.apply(rest))

    return deployed


def config(**models: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stack's config: L4 nodes that exist, and models by name, each with its differences from a small one."""
    plain = {"source": "hf://example/tiny-chat", "revision": "main", "type": "chat", "pool": "l4"}
    return {
        "cluster": {"platform": "existing", "namespace": NAMESPACE, "storageClass": "manual"},
        "engine": {"version": "0.33.0"},
        "nodePools": [{"name": "l4", "gpu": "L4", "maxNodes": 2, "vcpusPerNode": 8}],
        "models": [
            {
                "name": name.replace("_", "-"),
                **plain,
                "endpoint": {"visibility": "private", "apiKeySecret": {"name": "api-key", "key": "key"}},
                **model,
            }
            for name, model in models.items()
        ],
    }


def ready(cluster: ControlPlane, deployment: str, replicas: int) -> None:
    """Wait until a Deployment has this many available replicas of its newest template."""

    def available() -> bool:
        found = cluster.get("deployment", deployment, "-n", NAMESPACE)
        status = found.get("status", {})
        return bool(
            status.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas") == replicas
        )

    until(f"{deployment} has no {replicas} available replicas", available)


def _accepted(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("Warning:")]


def _nodes() -> list[Mapping[str, Any]]:
    labels = {"nvidia.com/gpu.product": "NVIDIA-L4"}
    return [_node(f"l4-{number}", labels, GPUS_PER_NODE) for number in range(2)]


def _node(name: str, labels: Mapping[str, str], gpus: int) -> Mapping[str, Any]:
    resources = {"cpu": "16", "memory": "128Gi", "ephemeral-storage": "500Gi", "pods": "110"}
    if gpus:
        resources["nvidia.com/gpu"] = str(gpus)
    taints = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}] if gpus else []
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "type": "kwok", **labels}},
        "spec": {"taints": taints},
        "status": {"allocatable": resources, "capacity": resources},
    }


def _volumes() -> Sequence[Mapping[str, Any]]:
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"volume-{number}"},
            "spec": {
                "capacity": {"storage": "1Ti"},
                "accessModes": ["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"],
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "manual",
                "hostPath": {"path": f"/volumes/{number}"},
            },
        }
        for number in range(4)
    ]


def _claim(namespace: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "models", "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "manual",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def _secret(namespace: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "api-key", "namespace": namespace},
        "stringData": {"key": "not-a-real-key-0123456789"},
    }


def dump(value: Any) -> str:
    """Return JSON with sorted keys, to compare what the API server holds."""
    return json.dumps(value, sort_keys=True)
