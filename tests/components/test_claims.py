"""Servers that claim their GPUs: one template a model, one claim a pod, and no device plugin's resource."""

from typing import Any

import kubernetes_validate
import pytest

from components.inference_service import VllmInferenceService
from tests.components.examples import service_args
from tests.components.recording import Recording, record

PRODUCT = 'device.attributes["gpu.nvidia.com"].productName.replace(" ", "-") == "NVIDIA-L4"'


def deploy(**changes: Any) -> Recording:
    """Return what a server of two claimed GPUs registers."""
    wanted = {
        "tensor_parallel_size": 2,
        "device_class": "gpu.nvidia.com",
        "device_selectors": [PRODUCT],
        "gpu_resource": "nvidia.com/gpu",
        **changes,
    }
    return record(lambda: VllmInferenceService("granite", service_args(**wanted)))


def template(recording: Recording) -> Any:
    """Return the only claim template."""
    return recording.one("ResourceClaimTemplate")


def server(recording: Recording) -> Any:
    """Return the server's pod and its container."""
    pod = recording.one("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    return pod, container


def test_a_claim_asks_for_all_gpus_of_a_replica() -> None:
    """By the driver's class, of the pool's product alone."""
    request = {
        "name": "gpus",
        "exactly": {
            "deviceClassName": "gpu.nvidia.com",
            "allocationMode": "ExactCount",
            "count": 2,
            "selectors": [{"cel": {"expression": PRODUCT}}],
        },
    }

    assert {"spec": {"devices": {"requests": [request]}}} == template(deploy())["spec"]


def test_the_server_claims_instead_of_asking_for_the_resource() -> None:
    """Both at once would take twice as many GPUs, or wait for a plugin that is not there."""
    recording = deploy()
    pod, container = server(recording)

    assert [{"name": "gpus", "resourceClaimTemplateName": template(recording)["metadata"]["name"]}] == pod[
        "resourceClaims"
    ]
    assert [{"name": "gpus"}] == container["resources"]["claims"]
    assert {"cpu", "memory", "ephemeral-storage"} == set(container["resources"]["limits"])


def test_without_a_class_pods_ask_for_the_resource() -> None:
    """The device plugin stays the default."""
    recording = deploy(device_class=None, device_selectors=None)
    pod, container = server(recording)

    assert [] == recording.kinds("ResourceClaimTemplate")
    assert "resourceClaims" not in pod
    assert "2" == container["resources"]["limits"]["nvidia.com/gpu"]


@pytest.mark.parametrize("changes", [{"tensor_parallel_size": 4}, {"device_selectors": []}])
def test_another_claim_is_another_template(changes: dict[str, Any]) -> None:
    """The API lets no template be changed, so that its name says what is in it."""
    assert template(deploy())["metadata"]["name"] != template(deploy(**changes))["metadata"]["name"]
    assert template(deploy())["metadata"]["name"] == template(deploy(max_model_len=4096))["metadata"]["name"]


def test_a_class_without_selectors_leaves_them_out() -> None:
    """An empty list would differ from what the API server keeps."""
    (request,) = template(deploy(device_selectors=[]))["spec"]["spec"]["devices"]["requests"]

    assert "selectors" not in request["exactly"]


def test_every_pod_of_a_group_claims_its_own_node_gpus() -> None:
    """Leader and workers each, besides the devices of the network between them."""
    recording = deploy(nodes_per_replica=2, interconnect={"resources": {"rdma/hca": 8}})
    parts = recording.one("LeaderWorkerSet")["spec"]["leaderWorkerTemplate"]

    for each in (parts["leaderTemplate"], parts["workerTemplate"]):
        (container,) = each["spec"]["containers"]
        assert template(recording)["metadata"]["name"] == each["spec"]["resourceClaims"][0]["resourceClaimTemplateName"]
        assert [{"name": "gpus"}] == container["resources"]["claims"]
        assert {"cpu", "memory", "ephemeral-storage", "rdma/hca"} == set(container["resources"]["limits"])


def test_the_template_meets_the_strict_schema() -> None:
    """Kubernetes' own schema of the version that made claims stable."""
    kubernetes_validate.validate(template(deploy()), "1.35", strict=True)


def test_the_template_is_there_before_its_pods() -> None:
    """A pod without its template waits for its claim."""
    recording = deploy()
    needed = recording.dependencies["kubernetes:apps/v1:Deployment::granite-server"]

    assert any(each.endswith("::granite-gpus") for each in needed)
