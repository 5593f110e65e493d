"""Pools that cannot be are told at preview, where the stack file says so; those that can are rendered."""

from pathlib import Path
from typing import Any

from tests.deployment.rendering import chat, render

AZURE = {"platform": "karpenter", "cloud": "azure", "namespace": "inference"}
TEMPLATE = {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "AWSMachineTemplate", "name": "l4"}
CAPI = {"platform": "cluster-api", "clusterName": "prod", "managementContext": "mgmt", "namespace": "inference"}


def model(name: str, pool: str) -> dict[str, Any]:
    """Return the small chat model on a pool."""
    return chat(name, pool=pool)


def test_each_wrong_pool_is_a_finding_at_its_own_key(tmp_path: Path) -> None:
    """All at once, under the models that would wait for it, and never a traceback."""
    pools: list[dict[str, Any]] = [
        {"name": "l40s", "gpu": "L40S"},
        {"name": "five", "gpu": "T4", "gpusPerNode": 5},
        {"name": "typed", "gpu": "A100-40", "gpusPerNode": 8, "instanceType": "Standard_NC24ads_A100_v4"},
        {"name": "fine", "gpu": "T4"},
    ]
    names = [pool["name"] for pool in pools]
    done = render(tmp_path, *(model(name, name) for name in names), cluster=AZURE, nodePools=pools)

    assert 1 == done.code
    assert "Traceback" not in done.text
    assert "3 of 4 models failed validation: l40s, five, typed" in done.text
    for message, key in (
        ("gpu-not-on-platform]: no instance type of azure that is known has L40S", "nodePools[0].gpu"),
        ("gpu-count-not-on-platform]: no instance type of azure that is known has 5 x T4", "nodePools[1].gpusPerNode"),
        ("instance-type-has-other-gpus]: instance type Standard_NC24ads_A100_v4 has", "nodePools[2].instanceType"),
    ):
        said = next(each for each in done.text.split("error[") if message in each)
        assert f"slipway:{key}\n" in said


def test_a_pool_that_cannot_be_made_leaves_the_rest_of_the_plan(tmp_path: Path) -> None:
    """Kapsule has no T4: its model is told, and the other one's plan still shows."""
    pools = [{"name": "t4", "gpu": "T4"}, {"name": "l4", "gpu": "L4"}]
    cluster = {"platform": "kapsule", "namespace": "inference"}
    done = render(tmp_path, model("first", "t4"), model("second", "l4"), cluster=cluster, nodePools=pools)

    assert 1 == done.code
    assert "1 of 2 models failed validation: first" in done.text
    assert ["second"] == list(done.outputs)


def test_a_platform_without_its_package_names_it(tmp_path: Path) -> None:
    """Before anything is made, and only where the platform is used."""
    cluster = {"platform": "gke", "clusterName": "prod", "location": "europe-west4", "namespace": "inference"}
    done = render(tmp_path, model("first", "l4"), cluster=cluster, nodePools=[{"name": "l4", "gpu": "L4"}])

    assert 1 == done.code
    assert "platform `gke` needs the package pulumi-gcp" in done.text
    assert "Traceback" not in done.text


def test_claims_reach_the_servers(tmp_path: Path) -> None:
    """From a key of the pool to the pod."""
    pools = [{"name": "l4", "gpu": "L4", "allocation": "dra"}]
    done = render(tmp_path, model("first", "l4"), nodePools=pools)
    (container,) = done.one("Deployment")["spec"]["template"]["spec"]["containers"]

    assert 0 == done.code, done.text
    assert [{"name": "gpus"}] == container["resources"]["claims"]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert 1 == done.one("ResourceClaimTemplate")["spec"]["spec"]["devices"]["requests"][0]["exactly"]["count"]


def test_machines_are_made_in_the_management_cluster(tmp_path: Path) -> None:
    """By a provider of its own; the servers go to the other cluster."""
    pools = [{"name": "l4", "gpu": "L4", "machines": {"infrastructure": TEMPLATE, "bootstrap": TEMPLATE}}]
    done = render(tmp_path, model("first", "l4"), cluster=CAPI, nodePools=pools)
    (pod,) = [each["spec"]["template"]["spec"] for each in done.kinds("Deployment").values()]

    assert 0 == done.code, done.text
    assert "default" == done.one("MachineDeployment")["metadata"]["namespace"]
    assert {"node.cluster.x-k8s.io/slipway-pool": "l4"} == pod["nodeSelector"]
