"""What holds for every object of a whole stack, whichever component made it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from tests.components.examples import CANARIES, HUB_CANARY, KEY_CANARY, stack
from tests.components.recording import Recorded, Recording, record, without_secrets

VERSIONS = ("1.30", "1.35")  # the oldest that knows every field, and the cluster tests' own


@pytest.fixture(scope="module")
def whole() -> Recording:
    """Return what a whole stack registers."""
    return record(stack)


def pods(recording: Recording) -> Iterator[dict[str, Any]]:
    """Yield the pod of each workload."""
    for kind in ("Deployment", "Job"):
        for each in recording.kinds(kind):
            yield each["spec"]["template"]["spec"]


def containers(recording: Recording) -> Iterator[dict[str, Any]]:
    """Yield every container of each workload."""
    for pod in pods(recording):
        yield from [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_built_in_object_meets_the_strict_schema(whole: Recording, version: str) -> None:
    """Kubernetes' own schemas, without one unknown field."""
    checked = [
        kubernetes_validate.validate(each.plain, version, strict=True) for each in whole.resources if each.built_in
    ]

    assert 16 == len(checked)


def test_every_object_names_its_namespace(whole: Recording) -> None:
    """Nothing lands in the namespace of whoever applies it."""
    spaces = {each.plain["metadata"].get("namespace") for each in whole.resources if each.custom}

    assert {"inference", None} == spaces
    assert ["Namespace"] == [
        each.type.rpartition(":")[2]
        for each in whole.resources
        if each.custom and "namespace" not in each.plain["metadata"]
    ]


def test_no_secret_stands_outside_inputs_marked_secret(whole: Recording) -> None:
    """The canaries appear in two Secrets, marked as secret, and nowhere else, as they are or in base64."""
    forms = [*CANARIES, *(base64.b64encode(canary.encode()).decode() for canary in CANARIES)]
    shown = json.dumps([without_secrets(each.inputs) for each in whole.resources])
    holders = sorted(each.name for each in whole.resources if any(form in json.dumps(each.plain) for form in forms))

    assert [] == [form for form in forms if form in shown]
    assert ["granite-api-key", "models-hub-token"] == holders


def test_nothing_is_made_from_a_secret(whole: Recording) -> None:
    """No hash of it either, since short keys are found by trying: other secrets change the two Secrets alone."""
    other = record(lambda: stack(key_value="another-key-0123456789", hub_token="another-token"))
    changed = [
        first.name for first, second in zip(by_name(whole), by_name(other), strict=True) if first.plain != second.plain
    ]

    assert ["granite-api-key", "models-hub-token"] == changed


def by_name(recording: Recording) -> list[Recorded]:
    """Return the registrations in the order of their types and names."""
    return sorted(recording.resources, key=lambda each: (each.type, each.name))


def test_no_environment_variable_comes_from_a_secret(whole: Recording) -> None:
    """Secrets are mounted as files: an environment shows up in crash dumps and child processes."""
    variables = [each for container in containers(whole) for each in container.get("env", [])]

    assert variables
    assert [] == [each["name"] for each in variables if "valueFrom" in each]
    assert [] == [each["name"] for each in variables if each["value"] in {HUB_CANARY, KEY_CANARY}]


def test_only_the_prefetch_mounts_the_hub_token(whole: Recording) -> None:
    """The server never sees it."""
    holders = [
        [each["name"] for each in pod["volumes"] if each.get("secret", {}).get("secretName") == "hub-token"]
        for pod in pods(whole)
    ]

    assert [[], ["token"]] == holders


def test_only_the_init_container_mounts_the_api_key(whole: Recording) -> None:
    """The serving process gets the key by its config file alone."""
    holders = [container["name"] for container in containers(whole) if "keys" in mounted(container)]

    assert ["compose"] == holders


def mounted(container: dict[str, Any]) -> set[str]:
    """Return the names of the volumes a container mounts."""
    return {each["name"] for each in container["volumeMounts"]}


def test_every_pod_meets_pod_security_restricted(whole: Recording) -> None:
    """Each check of the restricted level, pod by pod and container by container."""
    kinds = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
    for pod in pods(whole):
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
        assert 65532 == pod["securityContext"]["fsGroup"]
        assert {key for each in pod["volumes"] for key in each if key != "name"} <= kinds
    for container in containers(whole):
        assert {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsGroup": 65532,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        } == container["securityContext"]
        assert [] == [port for port in container.get("ports", []) if "hostPort" in port]


def test_every_pod_has_an_account_of_its_own_without_a_token(whole: Recording) -> None:
    """No pod can talk to the API server."""
    accounts = {
        each["metadata"]["name"]: each["automountServiceAccountToken"] for each in whole.kinds("ServiceAccount")
    }

    assert {"granite-prefetch": False, "granite-server": False} == accounts
    assert ["granite-server", "granite-prefetch"] == [pod["serviceAccountName"] for pod in pods(whole)]
    assert [False, False] == [pod["automountServiceAccountToken"] for pod in pods(whole)]
    assert [False, False] == [pod["enableServiceLinks"] for pod in pods(whole)]


def test_every_container_asks_for_exactly_its_limits(whole: Recording) -> None:
    """Requests equal limits for CPU, memory and disk, so the pods are the last to be evicted."""
    for container in containers(whole):
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"]["limits"])


def test_every_volume_that_takes_node_memory_or_disk_has_a_limit(whole: Recording) -> None:
    """No emptyDir can fill a node."""
    empty = [each["emptyDir"] for pod in pods(whole) for each in pod["volumes"] if "emptyDir" in each]

    assert 4 == len(empty)
    assert [] == [each for each in empty if "sizeLimit" not in each]


def test_every_writable_path_of_the_server_is_a_volume(whole: Recording) -> None:
    """With a read-only root every cache variable has to lead into a mount that can be written."""
    server = next(each for each in containers(whole) if each["name"] == "server")
    writable = tuple(each["mountPath"] for each in server["volumeMounts"] if not each.get("readOnly"))
    folders = {each["name"]: each["value"] for each in server["env"] if each["value"].startswith("/")}
    folders.pop("PYTHONPATH")  # code, which nobody may write

    assert {} == {name: value for name, value in folders.items() if not value.startswith(writable)}
    assert {"HOME", "TMPDIR", "HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR"} <= set(folders)


def test_a_server_waits_for_its_weights_and_for_its_policy(whole: Recording) -> None:
    """No server starts on half a model, and none can be reached before its policy shuts it in."""
    waited = whole.dependencies["kubernetes:apps/v1:Deployment::granite-server"]

    assert {
        "kubernetes:batch/v1:Job::granite-prefetch",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::granite-server",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::models-default-deny",
    } <= waited


def test_the_prefetch_waits_for_its_policy(whole: Recording) -> None:
    """Otherwise it would find the network shut, or open."""
    waited = whole.dependencies["kubernetes:batch/v1:Job::granite-prefetch"]

    assert {
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::granite-prefetch",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::models-default-deny",
    } <= waited


def test_a_second_run_registers_the_same(whole: Recording) -> None:
    """A preview without changes shows none: no time, no random name, no order that varies."""
    again = record(stack)
    first = sorted((each.type, each.name, json.dumps(each.plain, sort_keys=True)) for each in whole.resources)

    assert first == sorted((each.type, each.name, json.dumps(each.plain, sort_keys=True)) for each in again.resources)


def test_names_of_resources_are_unique_within_their_type(whole: Recording) -> None:
    """Two resources of a type with one name are one URN, which Pulumi refuses."""
    names = [(each.type, each.name) for each in whole.resources]

    assert len(set(names)) == len(names)
