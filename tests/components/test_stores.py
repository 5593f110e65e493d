"""What holds for every store of weights, pod by pod: who sees the token, who reaches out, what a pod may mount."""

from collections.abc import Mapping
from typing import Any

import kubernetes_validate
import pulumi
import pytest

from components.inference_service import VllmInferenceService
from components.model_namespace import ModelNamespace
from components.model_weights import ModelWeights
from components.node_cache import NodeCache
from tests.components.examples import COMMIT, HUB_CANARY, IMAGE, service_args, weights_args
from tests.components.recording import Recording, record, without_secrets

STORES: Mapping[str, Mapping[str, Any]] = {
    "volume": {},
    "node": {"store": "node", "path": "inference/l4/granite"},
    "image": {"store": "image", "weights_image": "registry.example.com/granite@sha256:" + "d" * 64},
}
RESTRICTED = {"configMap", "emptyDir", "image", "persistentVolumeClaim", "projected", "secret"}
FETCHING = {"volume": {"prefetch"}, "node": {"prefetch"}, "image": set()}


def serve(store: str) -> None:
    """Make the namespace with the token, the weights and the server, as the program joins them."""
    space = ModelNamespace("models", {"namespace": "inference", "hub_token": pulumi.Output.secret(HUB_CANARY)})
    args = weights_args(
        namespace=space.namespace,
        token_secret_name=space.hub_token_secret_name if store != "node" else None,
        **STORES[store],
    )
    if store == "node":
        made = NodeCache(
            "l4",
            {
                "namespace": space.namespace,
                "folder": "inference/l4",
                "path": "/mnt/models",
                "node_selector": {"gpu": "l4"},
                "image": IMAGE,
                "models": [{"name": "granite", "repository": "a/b", "commit": COMMIT, "files": args.get("files", [])}],
                "token_secret_name": space.hub_token_secret_name,
            },
        )
        args["claim_name"] = made.claim_name
    weights = ModelWeights("granite", args)
    held: dict[str, Any] = {"claim_name": weights.claim_name}
    if store == "node":
        held["weights_seconds"] = weights.seconds
    if store == "image":
        held = {"claim_name": None, "weights_image": args["weights_image"], "weights_manifest": weights.manifest_name}
    server = service_args(
        namespace=space.namespace,
        model_path=weights.model_path,
        manifest_digest=weights.manifest_digest,
        **held,
    )
    VllmInferenceService("granite", server)


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> str:
    """Return each store in turn."""
    name: str = request.param
    return name


@pytest.fixture
def whole(store: str) -> Recording:
    """Return what a model with its weights there registers."""
    return record(lambda: serve(store))


def pods(recording: Recording) -> dict[str, dict[str, Any]]:
    """Return the pod of each workload by its kind."""
    kinds = ("Deployment", "DaemonSet", "Job")
    return {kind: each["spec"]["template"]["spec"] for kind in kinds for each in recording.kinds(kind)}


def containers(pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every container of a pod."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_the_token_is_in_one_secret_and_in_no_other_object(whole: Recording) -> None:
    """Neither in a ConfigMap nor in an argument, a variable or an annotation."""
    holders = [each.name for each in whole.resources if HUB_CANARY in str(each.plain)]

    assert ["models-hub-token"] == holders
    assert HUB_CANARY not in str([without_secrets(each.inputs) for each in whole.resources])


def test_only_what_fetches_mounts_the_token(whole: Recording, store: str) -> None:
    """No server, no container that runs on, and no Job that only reads."""
    found = {
        container["name"]
        for pod in pods(whole).values()
        for container in containers(pod)
        if "token" in {each["name"] for each in container["volumeMounts"]}
    }

    assert FETCHING[store] == found
    assert "token" not in {each["name"] for each in pods(whole)["Deployment"]["volumes"]}


def test_only_a_pod_that_fetches_reaches_out(whole: Recording, store: str) -> None:
    """The servers' policy opens nothing, whatever the store."""
    calling = {
        each["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for each in whole.kinds("NetworkPolicy")
        if each["spec"].get("egress")
    }

    assert {"volume": {"prefetch"}, "node": {"cache"}, "image": set()}[store] == calling


def test_every_pod_mounts_only_what_pod_security_restricted_allows(whole: Recording) -> None:
    """No folder of a node, no network share."""
    kinds = {key for pod in pods(whole).values() for each in pod["volumes"] for key in each if key != "name"}

    assert set() == kinds - RESTRICTED


def test_every_container_is_hardened_and_asks_for_its_limits(whole: Recording) -> None:
    """As every other one of the project."""
    for pod in pods(whole).values():
        assert (False, False) == (pod["automountServiceAccountToken"], pod["enableServiceLinks"])
        for each in containers(pod):
            security = each["securityContext"]
            assert (True, False) == (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"])
            assert {"drop": ["ALL"]} == security["capabilities"]
            assert each["resources"]["requests"] == each["resources"]["limits"]


def test_the_server_only_reads_the_weights(whole: Recording) -> None:
    """In all its containers."""
    mounts = [
        each
        for container in containers(pods(whole)["Deployment"])
        for each in container["volumeMounts"]
        if each["name"] == "models"
    ]

    assert mounts
    assert all(each["readOnly"] for each in mounts)


def test_a_server_starts_on_nothing_but_what_was_checked(whole: Recording, store: str) -> None:
    """The marker of exactly this list of files, or a comparison with it."""
    compared = [each["name"] for each in pods(whole)["Deployment"]["initContainers"]]
    variables = {each["name"]: each["value"] for each in pods(whole)["Deployment"]["initContainers"][-1]["env"]}

    assert (["compare", "compose"] if store == "image" else ["compose"]) == compared
    assert (64 if store != "image" else 0) == len(variables["SLIPWAY_DIGEST"])


def test_a_server_waits_for_what_brings_or_reads_its_weights(whole: Recording, store: str) -> None:
    """So that a rollout stops no server before the files of the next one are there."""
    waited = whole.dependencies["kubernetes:apps/v1:Deployment::granite-server"]
    wanted = "apps/v1:DaemonSet::l4-cache" if store == "node" else "batch/v1:Job::granite-prefetch"

    assert f"kubernetes:{wanted}" in waited


def test_only_on_a_node_of_its_own_a_server_waits_in_its_pod(whole: Recording, store: str) -> None:
    """It may be the first on a node that has just joined, and the kubelet would let it wait longer each time."""
    compose = pods(whole)["Deployment"]["initContainers"][-1]
    waits = [each["value"] for each in compose["env"] if each["name"] == "SLIPWAY_WAIT"]

    assert (["1712"] if store == "node" else []) == waits


def test_every_built_in_object_meets_the_strict_schema(whole: Recording) -> None:
    """Kubernetes' own, of the version that has image volumes by default."""
    for each in whole.resources:
        if each.built_in:
            kubernetes_validate.validate(each.plain, "1.35", strict=True)


def test_a_second_run_registers_the_same(whole: Recording, store: str) -> None:
    """No time and no random name."""
    again = record(lambda: serve(store))

    assert [each.plain for each in _sorted(whole)] == [each.plain for each in _sorted(again)]


def _sorted(recording: Recording) -> list[Any]:
    return sorted(recording.resources, key=lambda each: (each.type, each.name))
