"""The control plane as a fixture, with fake GPU nodes, volumes, and stacks rendered as a user renders them.

A test that takes `cluster` is marked so, and skipped with the reason where there is none (SLIPWAY_REQUIRE_CLUSTER=1:
it fails). Where only an API server is at hand (envtest, a named cluster), tests marked `admission` run.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.choice import NoControlPlaneError, choose
from tests.cluster.control_plane import TOOLS, ControlPlane, until
from tests.cluster.definitions import define, forget
from tests.cluster.inventory import nothing_left
from tests.cluster.nodes import standing_nodes
from tests.cluster.own import running
from tests.cluster.supplies import supplies
from tests.hub.fixtures import tiny_chat
from tests.hub.server import Hub
from tests.hub.stacks import running_for_stacks
from tools.flags import unknown_flags
from tools.rendering import Rendering
from tools.rendering import render as render_stack

__all__ = ["NAMESPACE", "Rendering", "accepted", "applied", "config", "ready"]
NAMESPACE = "inference"
REQUIRED = os.environ.get("SLIPWAY_REQUIRE_CLUSTER") == "1"
CLASSES = ("standard", "manual", "shared")  # the first one is the cluster's default


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder that need a control plane."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Give a control plane with the custom resources; where it runs pods, with volumes and GPU nodes too."""
    try:
        choice = choose(os.environ, TOOLS)
    except NoControlPlaneError as error:
        if REQUIRED:
            pytest.fail(str(error))
        pytest.skip(str(error))
    if choice.kubeconfig is not None:
        plane = ControlPlane(choice=choice, kubeconfig=choice.kubeconfig, cache=tmp_path_factory.mktemp("cache"))
        yield from _named(plane)
        return
    with running(choice, tmp_path_factory.mktemp("cluster"), TOOLS / "stages.yaml") as plane:
        define(plane)
        if plane.runs_pods:
            assert plane.version() == (TOOLS / "stamp").read_text().split()[0]
            accepted(plane.apply([*standing_nodes(), *_storage_classes()]))
        yield plane


@pytest.fixture(autouse=True)
def _control_plane_can(request: pytest.FixtureRequest) -> None:
    """Skip what needs more than this run's control plane has."""
    if "cluster" in request.fixturenames and request.node.get_closest_marker("admission") is None:
        plane: ControlPlane = request.getfixturevalue("cluster")
        if not plane.runs_pods:
            pytest.skip(f"{plane.choice.kind.value} has no controllers, scheduler and fake GPU nodes for the tests")


@pytest.fixture
def namespace(cluster: ControlPlane) -> Iterator[str]:
    """Give the stacks' namespace; leave none of it behind, nor anything else that the test has made."""
    with nothing_left(cluster):
        yield NAMESPACE


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """Run a stand-in for the Hub that holds one small chat model, and those of the stacks that ship."""
    with running_for_stacks() as found:
        found.add(tiny_chat("example/tiny-chat"))
        yield found


@pytest.fixture
def render(hub: Hub, tmp_path: Path) -> Callable[[Mapping[str, Any]], Rendering]:
    """Return a function that renders a stack's config with the embedded engine, as a user would."""

    def rendered(config: Mapping[str, Any]) -> Rendering:
        content = {"config": {f"slipway:{key}": value for key, value in config.items()}}
        rendering = Rendering.read(render_stack(content, "cluster", tmp_path, hub.url))
        assert frozenset() == unknown_flags(rendering.objects, config["engine"]["version"])
        return rendering

    return rendered


@pytest.fixture
def deploy(cluster: ControlPlane, namespace: str) -> Callable[[Rendering], list[str]]:  # noqa: ARG001 - cleans up
    """Return a function that applies a rendering as `applied` does; nothing of it is left when the test ends."""
    return partial(applied, cluster)


def applied(plane: ControlPlane, rendering: Rendering) -> list[str]:
    """Apply a rendering with the Secrets and claims that an operator supplies; return the API server's warnings."""
    made = rendering.of_kind("Namespace")
    rest = [each for each in rendering.objects if each["kind"] not in {"Namespace", "Secret"}]
    warnings = accepted(plane.apply(made)) if made else []
    if supplied := supplies(rest):
        accepted(plane.apply(supplied))
    return warnings + accepted(plane.apply(rest))


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


def ready(cluster: ControlPlane, deployment: str, replicas: int, namespace: str = NAMESPACE) -> None:
    """Wait until a Deployment has this many available replicas of its newest template."""

    def available() -> bool:
        found = cluster.get("deployment", deployment, "-n", namespace)
        status = found.get("status", {})
        return bool(
            status.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas") == replicas
        )

    until(f"{deployment} has no {replicas} available replicas", available)


def accepted(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the warnings of an apply that has to succeed."""
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("Warning:")]


def _named(plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give a cluster that a user has named: what is in it is left alone, and what was missing goes again."""
    if plane.kubectl("get", "namespace", NAMESPACE, check=False).returncode == 0:
        pytest.fail(
            f"{plane.choice.kind.value} has a namespace `{NAMESPACE}` already: the tests need it for themselves"
        )
    installed = define(plane)
    try:
        yield plane
    finally:
        forget(plane, installed)


def _storage_classes() -> Sequence[Mapping[str, Any]]:
    """Return classes whose volumes the controllers make at once, and remove with their claims."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, **({"annotations": default} if name == CLASSES[0] else {})},
            "provisioner": "kubernetes.io/host-path",
            "reclaimPolicy": "Delete",
        }
        for name in CLASSES
    ]
