"""Weights in an OCI image: mounted read-only, read by a Job once, and looked over by every server."""

from typing import Any

import pulumi
import pytest

from components.inference_service import VllmInferenceService
from components.model_weights import ModelWeights
from tests.components.examples import COMMIT, service_args, weights_args
from tests.components.recording import Recording, record, settled

REFERENCE = "registry.example.com/models/granite:1@sha256:" + "d" * 64
VOLUME = {"name": "models", "image": {"reference": REFERENCE, "pullPolicy": "IfNotPresent"}}
IMAGE: dict[str, Any] = {"store": "image", "weights_image": REFERENCE, "path": "granite"}


def weights(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return what weights in an image register, and their outputs."""
    outputs: dict[str, Any] = {}
    args = weights_args(**{**IMAGE, "token_secret_name": "hub", **changes})

    def program() -> None:
        made = ModelWeights("granite", args)
        for name in ("claim_name", "model_path", "manifest_digest", "manifest_name"):
            outputs[name] = settled(getattr(made, name))
        outputs["single_node"] = [made.single_node]

    recording = record(program)
    return recording, {name: values[0] for name, values in outputs.items()}


def server(**changes: Any) -> dict[str, Any]:
    """Return the pod of a server with weights in an image."""
    args = service_args(
        claim_name=None, weights_image=REFERENCE, weights_manifest="granite-manifest", model_path="granite", **changes
    )
    found: dict[str, Any] = record(lambda: VllmInferenceService("granite", args)).one("Deployment")
    pod: dict[str, Any] = found["spec"]["template"]["spec"]
    return pod


def test_a_job_reads_every_byte_of_the_image_and_has_no_token() -> None:
    """It mounts the very digest that the servers mount, and writes nowhere."""
    recording, _ = weights()
    pod = recording.one("Job")["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert VOLUME in pod["volumes"]
    assert ["config", "models"] == [each["name"] for each in pod["volumes"]]
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in container["volumeMounts"]
    assert {"name": "SLIPWAY_MODE", "value": "prove"} in container["env"]
    assert {"name": "SLIPWAY_TARGET", "value": "/models/granite"} in container["env"]
    assert "HF_TOKEN_PATH" not in {each["name"] for each in container["env"]}


def test_nothing_of_an_image_goes_over_the_pods_network() -> None:
    """The node pulls it: no pod calls anybody."""
    policy = weights()[0].one("NetworkPolicy")["spec"]

    assert (["Ingress", "Egress"], None) == (policy["policyTypes"], policy.get("egress"))


def test_the_job_runs_on_the_servers_nodes() -> None:
    """What it pulls is then there for the server, and no small node gets it."""
    recording, _ = weights(node_selector={"gpu": "l4"}, tolerations=[{"key": "nvidia.com/gpu"}], replicas=2)
    pod = recording.one("Job")["spec"]["template"]["spec"]

    assert ({"gpu": "l4"}, [{"key": "nvidia.com/gpu"}]) == (pod["nodeSelector"], pod["tolerations"])


def test_an_image_needs_no_claim_and_leaves_no_marker() -> None:
    """Its folder is the one the stack names, at any number of replicas."""
    recording, outputs = weights(replicas=3)

    assert [] == recording.kinds("PersistentVolumeClaim")
    assert {
        "claim_name": "",
        "model_path": "granite",
        "manifest_digest": "",
        "manifest_name": recording.one("ConfigMap")["metadata"]["name"],
        "single_node": False,
    } == outputs


@pytest.mark.parametrize("changes", [{"weights_image": f"{REFERENCE[:-1]}e"}, {"path": "other"}])
def test_another_image_or_folder_is_another_job(changes: dict[str, Any]) -> None:
    """A Job's pod cannot be changed."""
    first, second = weights()[0], weights(**changes)[0]

    assert first.one("Job")["metadata"]["name"] != second.one("Job")["metadata"]["name"]


def test_files_that_no_hub_has_are_proven_in_an_image_too() -> None:
    """A local folder was checked, and then put into an image."""
    recording, outputs = weights(repository=None, commit=None)

    assert {"name": "SLIPWAY_MODE", "value": "prove"} in (
        recording.one("Job")["spec"]["template"]["spec"]["containers"][0]["env"]
    )
    assert "granite" == outputs["model_path"]


def test_a_server_compares_the_image_before_it_starts() -> None:
    """Before the file with the key is written; the comparison sees no key."""
    pod = server(manifest_digest="", api_key_secret_name="key")
    compare, compose = pod["initContainers"]

    assert ("compare", "compose") == (compare["name"], compose["name"])
    assert {"name": "SLIPWAY_MODE", "value": "glance"} in compare["env"]
    assert {"name": "SLIPWAY_TARGET", "value": "/models/granite"} in compare["env"]
    assert ["manifest", "models"] == [each["name"] for each in compare["volumeMounts"]]
    assert all(each["readOnly"] for each in compare["volumeMounts"])
    assert VOLUME in pod["volumes"]
    assert [] == [each for each in pod["volumes"] if "persistentVolumeClaim" in each]


def test_a_server_of_a_claim_compares_nothing() -> None:
    """There the marker says it."""
    found = record(lambda: VllmInferenceService("granite", service_args())).one("Deployment")

    assert ["compose"] == [each["name"] for each in found["spec"]["template"]["spec"]["initContainers"]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"store": "disk"}, "`disk` is no store of weights; choose volume, node, image"),
        ({"store": "image"}, "belong together"),
        ({"weights_image": REFERENCE}, "belong together"),
        ({"store": "node"}, "`cachePath`"),
        ({"store": "node", "claim_name": "cache", "repository": None, "commit": COMMIT}, "`cachePath`"),
    ],
)
def test_a_store_without_what_it_needs_is_refused(changes: dict[str, Any], message: str) -> None:
    """With the key to set."""
    with pytest.raises(pulumi.RunError, match=message):
        record(lambda: ModelWeights("granite", weights_args(**changes)))
