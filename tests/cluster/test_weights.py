"""The three stores of weights on a real API server: admitted under Pod Security, scheduled, available, gone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.cluster.conftest import NAMESPACE, Rendering, accepted, config, ready
from tests.cluster.control_plane import ControlPlane, as_list, until
from tests.cluster.inventory import everything, settled, state
from tests.cluster.nodes import PRODUCT, node
from tests.cluster.supplies import supplies

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
REFERENCE = "registry.example.com/models/tiny:1@sha256:" + "d" * 64
STORES: Mapping[str, Mapping[str, Any]] = {
    "volume": {"storageClass": "shared"},
    "node": {"store": "node"},
    "image": {"store": "image", "image": REFERENCE, "path": "models"},
}


def stack(store: str, replicas: int = 2) -> dict[str, Any]:
    """Return a stack of one model whose weights are kept so, on nodes with a folder for them."""
    settings = config(tiny={"weights": STORES[store], "replicas": {"min": replicas}})
    if store == "node":
        settings["nodePools"][0]["cachePath"] = "/mnt/models"
    settings["huggingFaceTokenSecret"] = {"name": "hub", "key": "token"}
    return settings


def objects(rendering: Rendering) -> Sequence[Mapping[str, Any]]:
    """Return what is applied as it was rendered."""
    return [each for each in rendering.objects if each["kind"] != "Secret"]


@pytest.mark.parametrize("store", sorted(STORES))
def test_each_store_is_admitted_without_a_warning_and_its_servers_become_available(
    cluster: ControlPlane, render: Render, deploy: Deploy, store: str
) -> None:
    """Two replicas, one a node: each finds its weights where the store keeps them."""
    rendering = render(stack(store))
    warnings = deploy(rendering)
    ready(cluster, "tiny", 2)

    def done() -> bool:
        jobs = cluster.get("jobs", "-n", NAMESPACE)["items"]
        succeeded: int = sum(each["status"].get("succeeded", 0) for each in jobs)
        return succeeded == len(rendering.of_kind("Job"))

    until("the Job of the weights is not complete", done)
    assert [] == warnings


@pytest.mark.parametrize("store", sorted(STORES))
def test_a_second_apply_changes_nothing_and_deletion_leaves_nothing(
    cluster: ControlPlane, render: Render, deploy: Deploy, store: str
) -> None:
    """No default of the API server is a change, and no volume stays behind."""
    before = everything(cluster)
    rendering = render(stack(store))
    deploy(rendering)
    ready(cluster, "tiny", 2)
    applied = objects(rendering)
    held = settled(cluster, applied)

    warnings = accepted(cluster.apply(applied))

    assert ([], held) == (warnings, state(cluster, applied))
    cluster.kubectl("delete", "-f", "-", "--wait=false", stdin=as_list(supplies(applied)))
    cluster.kubectl("delete", "-f", "-", "--timeout=120s", stdin=as_list(applied))
    until("something is left", lambda: everything(cluster) <= before)


def test_the_nodes_volume_is_bound_to_its_claim_and_to_no_other_nodes(
    cluster: ControlPlane, render: Render, deploy: Deploy
) -> None:
    """Servers that mount it can stand on the pool's nodes alone, which the scheduler sees to."""
    deploy(render(stack("node")))
    ready(cluster, "tiny", 2)
    (claim,) = cluster.get("pvc", "-n", NAMESPACE)["items"]
    volume = cluster.get("pv", claim["spec"]["volumeName"])

    assert ("Bound", "Bound") == (claim["status"]["phase"], volume["status"]["phase"])
    assert {"path": "/mnt/models"} == volume["spec"]["local"]
    assert [{"key": "nvidia.com/gpu.product", "operator": "In", "values": ["NVIDIA-L4"]}] == (
        volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"]
    )


def test_a_node_that_joins_is_filled_as_it_comes(cluster: ControlPlane, render: Render, deploy: Deploy) -> None:
    """Its DaemonSet pod is there without anybody asking; nodes of other pools get none."""
    deploy(render(stack("node", replicas=1)))
    until("not every node is filled", lambda: _filled(cluster) == {"l4-0", "l4-1"})
    accepted(cluster.apply([node("l4-joined", {PRODUCT: "NVIDIA-L4"}, 1)]))

    until("the new node is not filled", lambda: _filled(cluster) == {"l4-0", "l4-1", "l4-joined"})


@pytest.mark.parametrize(
    ("volume", "taken"),
    [
        ({"image": {"reference": REFERENCE, "pullPolicy": "IfNotPresent"}}, True),
        ({"persistentVolumeClaim": {"claimName": "any"}}, True),
        ({"hostPath": {"path": "/mnt/models"}}, False),
    ],
)
def test_pod_security_takes_images_and_claims_but_no_folder_of_a_node(
    cluster: ControlPlane, render: Render, deploy: Deploy, volume: Mapping[str, Any], *, taken: bool
) -> None:
    """Why the nodes' folder is a local volume with a claim: `restricted` refuses it inside a pod."""
    deploy(render(stack("image")))
    (found,) = cluster.get("deployments", "-n", NAMESPACE)["items"]
    spec = found["spec"]["template"]["spec"]
    others = [each for each in spec["volumes"] if each["name"] != "models"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "judged", "namespace": NAMESPACE},
        "spec": {**spec, "volumes": [*others, {"name": "models", **volume}]},
    }

    answer = cluster.apply([pod], "--dry-run=server")

    assert taken is (answer.returncode == 0), answer.stderr
    assert taken or "restricted volume types" in answer.stderr


def _filled(cluster: ControlPlane) -> set[str]:
    pods = cluster.get("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=cache")["items"]
    return {
        each["spec"]["nodeName"]
        for each in pods
        if any(found["type"] == "Ready" and found["status"] == "True" for found in each["status"].get("conditions", []))
    }
