"""Every stack that ships, on a real API server: admitted, scheduled, available; applied twice; gone when deleted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.conftest import accepted, applied
from tests.cluster.control_plane import ControlPlane, as_list, until
from tests.cluster.inventory import everything, nothing_left, settled, state
from tests.cluster.nodes import PRODUCT, karpenter_nodes, node
from tests.cluster.supplies import supplies
from tests.hub.server import Hub
from tools.rendering import Rendering, judged, render, stack_files
from validation.fit.catalogue import find_gpu

NODE_POOL = "karpenter.sh/nodepool"
INSTANCE = "app.kubernetes.io/instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack that was applied: its settings, its objects, the warnings, and what was in the cluster before."""

    name: str
    settings: Mapping[str, Any]
    rendering: Rendering
    warnings: Sequence[str]
    before: frozenset[str]

    @property
    def namespace(self) -> str:
        """Return the namespace of its models."""
        return str(self.settings["cluster"]["namespace"])

    @property
    def applied(self) -> Sequence[Mapping[str, Any]]:
        """Return the objects that were applied as they were rendered."""
        return [each for each in self.rendering.objects if each["kind"] != "Secret"]


@pytest.fixture(scope="module", params=stack_files())
def stack(
    request: pytest.FixtureRequest, cluster: ControlPlane, hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Apply a stack to a cluster that has the nodes its platform would give it."""
    name: str = request.param
    content = judged(name, stack_files()[name].read_text(encoding="utf-8"))
    settings = {key.removeprefix("slipway:"): value for key, value in content["config"].items()}
    rendering = Rendering.read(render(content, name, tmp_path_factory.mktemp(name), hub.url))
    with nothing_left(cluster):
        accepted(cluster.apply(_nodes(settings, rendering)))
        before = everything(cluster)
        yield Stack(
            name=name,
            settings=settings,
            rendering=rendering,
            warnings=applied(cluster, rendering),
            before=before,
        )


def test_it_is_admitted_without_a_warning(stack: Stack) -> None:
    """Strictly: an unknown field of any kind, custom ones too, is an error; so is a pod that is not `restricted`."""
    assert [] == stack.warnings


def test_its_servers_become_available_on_the_nodes_of_their_pools(cluster: ControlPlane, stack: Stack) -> None:
    """The scheduler finds room for all of them, on nodes with the platform's labels and the instance type's amounts."""
    until(f"{stack.name} is not available", lambda: _available(cluster, stack.namespace))
    pools = {each["name"]: each for each in stack.settings["nodePools"]}
    labels = {each["metadata"]["name"]: each["metadata"]["labels"] for each in cluster.get("nodes")["items"]}
    servers = cluster.get("pods", "-n", stack.namespace, "-l", "app.kubernetes.io/component=server")["items"]
    found = {each["metadata"]["labels"][INSTANCE]: labels[each["spec"]["nodeName"]] for each in servers}

    expected = {each["name"]: _label(stack, pools[each["pool"]]) for each in stack.settings["models"]}
    assert expected == {name: (key, found[name].get(key)) for name, (key, _) in expected.items()}


def test_its_jobs_complete(cluster: ControlPlane, stack: Stack) -> None:
    """Each prefetch finds a node and its volume."""
    jobs = stack.rendering.of_kind("Job")

    until("a Job is not complete", lambda: _complete(cluster, stack.namespace) == len(jobs))


def test_a_second_apply_changes_nothing_at_all(cluster: ControlPlane, stack: Stack) -> None:
    """Neither version nor generation nor managed fields of any object: the API server holds just what is rendered."""
    until(f"{stack.name} is not available", lambda: _available(cluster, stack.namespace))
    before = settled(cluster, stack.applied)

    warnings = accepted(cluster.apply(stack.applied))

    after = state(cluster, stack.applied)
    assert ([], []) == (warnings, [(before[name], after[name]) for name in before if after[name] != before[name]])


def test_deleting_its_objects_leaves_nothing(cluster: ControlPlane, stack: Stack) -> None:
    """Neither in the namespace nor outside of it: no volume, no pod, no node pool."""
    supplied = as_list(supplies(stack.applied))
    if supplies(stack.applied):
        cluster.kubectl("delete", "-f", "-", "--wait=false", stdin=supplied)
    cluster.kubectl("delete", "-f", "-", "--timeout=120s", stdin=as_list(stack.applied))

    until("something is left", lambda: everything(cluster) <= stack.before)


def _nodes(settings: Mapping[str, Any], rendering: Rendering) -> Sequence[Mapping[str, Any]]:
    """Return the nodes that Karpenter would start, or those that an operator has of the pools' products."""
    counts = _wanted_nodes(settings)
    if settings["cluster"]["platform"] == "karpenter":
        return karpenter_nodes(rendering.objects, counts)
    return [
        node(
            f"existing-{pool['name']}-{number}",
            {PRODUCT: find_gpu(pool["gpu"]).product_label},
            pool.get("gpusPerNode", 1),
        )
        for pool in settings["nodePools"]
        for number in range(counts[pool["name"]])
    ]


def _wanted_nodes(settings: Mapping[str, Any]) -> Counter[str]:
    """Return how many nodes of each pool the smallest number of replicas takes."""
    per_node = {each["name"]: each.get("gpusPerNode", 1) for each in settings["nodePools"]}
    gpus: Counter[str] = Counter()
    for model in settings["models"]:
        gpus[model["pool"]] += model.get("replicas", {}).get("min", 1) * model.get("gpusPerReplica", 1)
    return Counter({pool: -(-count // per_node[pool]) for pool, count in gpus.items()})


def _label(stack: Stack, pool: Mapping[str, Any]) -> tuple[str, str]:
    """Return the label by which a pool's nodes are known on the stack's platform."""
    if stack.settings["cluster"]["platform"] == "karpenter":
        return NODE_POOL, pool["name"]
    return PRODUCT, find_gpu(pool["gpu"]).product_label


def _available(cluster: ControlPlane, namespace: str) -> bool:
    found = cluster.get("deployments", "-n", namespace)["items"]
    return bool(found) and all(
        each["status"].get("availableReplicas") == each["spec"]["replicas"] == each["status"].get("updatedReplicas")
        for each in found
    )


def _complete(cluster: ControlPlane, namespace: str) -> int:
    jobs = cluster.get("jobs", "-n", namespace)["items"]
    return sum(each["status"].get("succeeded", 0) for each in jobs)
