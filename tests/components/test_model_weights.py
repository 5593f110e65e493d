"""ModelWeights: a volume with exactly the files that were checked."""

import json
from typing import Any

import pulumi
import pytest

from components.model_weights import ModelWeights
from components.weights.selection import server_files
from tests.components.examples import COMMIT, GIB, IMAGE, weights_args
from tests.components.recording import Recording, record, settled


def make(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return what weights with these changes register, and their outputs."""
    outputs: dict[str, Any] = {}

    def program() -> None:
        made = ModelWeights("granite", weights_args(**changes))
        for name in ("claim_name", "model_path", "manifest_digest"):
            outputs[name] = settled(getattr(made, name))
        outputs["single_node"] = [made.single_node]

    recording = record(program)
    return recording, {name: values[0] for name, values in outputs.items()}


def pod(recording: Recording) -> dict[str, Any]:
    """Return the Job's pod."""
    found: dict[str, Any] = recording.one("Job")["spec"]["template"]["spec"]
    return found


def test_the_volume_holds_the_files_and_a_tenth_more() -> None:
    """5 GiB of files need 7: a tenth and a GiB for the file system."""
    recording, outputs = make()
    claim = recording.one("PersistentVolumeClaim")

    assert {"requests": {"storage": "7Gi"}} == claim["spec"]["resources"]
    assert ["ReadWriteOnce"] == claim["spec"]["accessModes"]
    assert claim["metadata"]["name"].startswith("granite-weights-0123456789ab-")
    assert claim["metadata"]["name"] == outputs["claim_name"]
    assert "0123456789ab" == outputs["model_path"]


def test_volume_and_job_carry_the_commit() -> None:
    """An update fills a new volume while the servers read the old one."""
    first, second = make()[0], make(commit="f" * 40)[0]

    for kind in ("PersistentVolumeClaim", "Job"):
        assert first.one(kind)["metadata"]["name"] != second.one(kind)["metadata"]["name"]
    assert first.one("Job")["metadata"]["name"].startswith("granite-prefetch-0123456789ab-")


@pytest.mark.parametrize(
    "changes",
    [
        {"replicas": 2},
        {"storage_class": "fast"},
        {"files": [{"path": "config.json", "size": 9 * GIB}]},
        {"node_selector": {"gpu": "h100"}},
    ],
)
def test_a_claim_with_another_content_has_another_name(changes: dict[str, Any]) -> None:
    """Under one name the old claim would have to go first, and the servers that mount it would keep it."""
    first, second = make()[0], make(**changes)[0]

    for kind in ("PersistentVolumeClaim", "Job"):
        assert first.one(kind)["metadata"]["name"] != second.one(kind)["metadata"]["name"]


def test_a_changed_list_of_files_is_another_job() -> None:
    """A Job's pod cannot be changed, so its name changes with what it does."""
    first, second = make()[0], make(files=[{"path": "config.json", "size": 700}])[0]

    assert first.one("Job")["metadata"]["name"] != second.one("Job")["metadata"]["name"]


def test_the_manifest_lists_exactly_the_files_at_the_commit() -> None:
    """Path, size, and one hash each."""
    recording, outputs = make(endpoint="https://hub.example.com")
    config = recording.one("ConfigMap")

    assert {
        "repository": "ibm-granite/granite-3.3-2b-instruct",
        "commit": COMMIT,
        "endpoint": "https://hub.example.com",
        "files": [
            {"path": "config.json", "size": 700, "blob_id": "c" * 40},
            {"path": "model.safetensors", "size": 5 * GIB, "sha256": "b" * 64},
        ],
    } == json.loads(config["data"]["manifest.json"])
    assert 64 == len(outputs["manifest_digest"])
    assert "def main(" in config["data"]["run.py"]


def test_several_replicas_ask_for_a_volume_that_many_nodes_mount() -> None:
    """Unless the stack says how it is."""
    assert ["ReadWriteMany"] == make(replicas=2)[0].one("PersistentVolumeClaim")["spec"]["accessModes"]
    assert (False, True) == (make(replicas=2)[1]["single_node"], make(access_mode="ReadWriteOnce")[1]["single_node"])


def test_a_volume_for_one_node_is_filled_on_the_servers_nodes() -> None:
    """Otherwise it could be made in a zone without GPUs."""
    placement: dict[str, Any] = {"node_selector": {"gpu": "l4"}, "tolerations": [{"key": "nvidia.com/gpu"}]}
    one, many = make(**placement)[0], make(replicas=2, **placement)[0]

    assert ({"gpu": "l4"}, [{"key": "nvidia.com/gpu"}]) == (pod(one)["nodeSelector"], pod(one)["tolerations"])
    assert "nodeSelector" not in pod(many)


def test_a_volume_for_one_node_is_verified_beside_the_server_that_has_it() -> None:
    """Another image makes another Job, and the volume of the running server is mounted on no other node."""
    (wish,) = pod(make()[0])["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    term = wish["podAffinityTerm"]

    assert "kubernetes.io/hostname" == term["topologyKey"]
    assert {"granite", "server"} <= set(term["labelSelector"]["matchLabels"].values())
    assert "affinity" not in pod(make(replicas=2)[0])


def test_a_claim_may_wait_for_the_longest_drain_before_it_goes() -> None:
    """Pulumi's own ten minutes would end an update in an error while an old server still answers."""
    deletions = make()[0].deletions

    assert "4500s" == deletions["kubernetes:core/v1:PersistentVolumeClaim::granite-weights"]


def test_the_token_is_a_file_of_the_prefetch_alone() -> None:
    """Its path is in the environment, its value nowhere."""
    recording, _ = make(token_secret_name="hub", token_secret_key="hf")
    (container,) = pod(recording)["containers"]

    assert {"name": "HF_TOKEN_PATH", "value": "/run/secrets/huggingface/token"} in container["env"]
    assert {
        "name": "token",
        "secret": {"secretName": "hub", "defaultMode": 0o440, "items": [{"key": "hf", "path": "token"}]},
    } in pod(recording)["volumes"]


def test_without_a_token_nothing_is_mounted() -> None:
    """Public models need none."""
    (container,) = pod(make()[0])["containers"]

    assert ["config", "models"] == [each["name"] for each in container["volumeMounts"]]
    assert "HF_TOKEN_PATH" not in {each["name"] for each in container["env"]}


def test_only_the_prefetch_reaches_the_internet() -> None:
    """HTTPS and names, but no metadata service."""
    policy = make()[0].one("NetworkPolicy")["spec"]

    assert "prefetch" == policy["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
    assert ["Egress"] == policy["policyTypes"]
    assert [[53, 53], [443]] == [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]
    assert {"169.254.0.0/16"} == set(policy["egress"][1]["to"][0]["ipBlock"]["except"])


@pytest.mark.parametrize(
    ("hub", "ports"),
    [
        ("https://mirror.example.com:8443/hf", [443, 8443]),
        ("http://mirror.example.com", [80, 443]),
        ("https://mirror.example.com", [443]),
    ],
)
def test_the_prefetch_reaches_the_port_of_the_mirror_that_it_is_told(hub: str, ports: list[int]) -> None:
    """And HTTPS, since a mirror may lead to a storage elsewhere."""
    policy = make(endpoint=hub)[0].one("NetworkPolicy")["spec"]

    assert ports == [port["port"] for port in policy["egress"][1]["ports"]]


def test_the_job_gives_up_at_once_when_trying_again_cannot_help() -> None:
    """Exit 2 fails the Job; an eviction does not count as a try."""
    spec = make()[0].one("Job")["spec"]

    assert [
        {"action": "FailJob", "onExitCodes": {"containerName": "prefetch", "operator": "In", "values": [2]}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ] == spec["podFailurePolicy"]["rules"]
    assert "Never" == spec["template"]["spec"]["restartPolicy"]
    assert "false" == spec["template"]["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"]


def test_the_job_has_the_time_that_its_files_need() -> None:
    """20 min, and twice the files at 20 MiB/s."""
    big = [{"path": "model.safetensors", "size": 600 * GIB}]

    assert 1200 + 512 == make(files=[{"path": "a", "size": 5 * GIB}])[0].one("Job")["spec"]["activeDeadlineSeconds"]
    assert 1200 + 61440 == make(files=big)[0].one("Job")["spec"]["activeDeadlineSeconds"]


def folder(**changes: Any) -> tuple[Recording, dict[str, Any]]:
    """Return the weights of a local folder that a claim holds."""
    return make(repository=None, commit=None, claim_name="models", path="tiny/chat/", **changes)


def test_a_claim_that_holds_the_files_needs_no_job() -> None:
    """Filling it is the operator's."""
    recording, outputs = folder(files=None, image=None)

    assert ["slipway:index:ModelWeights"] == [each.type for each in recording.resources]
    assert {"claim_name": "models", "model_path": "tiny/chat", "manifest_digest": "", "single_node": False} == outputs


def test_a_claim_is_verified_when_its_files_are_known() -> None:
    """Read-only, without network, and without a marker to wait for."""
    recording, outputs = folder()
    (container,) = pod(recording)["containers"]
    policy = recording.one("NetworkPolicy")["spec"]

    assert {"name": "SLIPWAY_MODE", "value": "verify"} in container["env"]
    assert {"name": "SLIPWAY_TARGET", "value": "/models/tiny/chat"} in container["env"]
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in container["volumeMounts"]
    assert ["Ingress", "Egress"] == policy["policyTypes"]
    assert "" == outputs["manifest_digest"]
    assert [] == recording.kinds("PersistentVolumeClaim")


def test_files_of_the_hub_can_go_onto_a_claim_that_is_there() -> None:
    """Each commit into a folder of its own."""
    recording, outputs = make(claim_name="shared", path="llms")

    assert ("shared", "llms/0123456789ab") == (outputs["claim_name"], outputs["model_path"])
    assert [] == recording.kinds("PersistentVolumeClaim")
    assert {"name": "models", "persistentVolumeClaim": {"claimName": "shared"}} in pod(recording)["volumes"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"repository": None, "commit": None}, "set `weights.claim`"),
        ({"commit": "main"}, "a full commit of 40 hex digits"),
        ({"files": []}, "no file to fetch is known"),
        ({"image": None}, "needs an image"),
        ({"files": [{"path": f"{n:0200}", "size": 1} for n in range(4000)]}, "a ConfigMap holds 900000"),
    ],
)
def test_what_cannot_be_fetched_is_refused(changes: dict[str, Any], message: str) -> None:
    """With the key to set."""
    with pytest.raises(pulumi.RunError, match=message):
        make(**changes)


def test_the_plan_shows_how_many_files_not_which() -> None:
    """A large model has hundreds of shards."""
    recording, _ = make()
    inputs = recording.resources[0].plain

    assert (2, 5 * GIB + 700) == (inputs["file_count"], inputs["bytes"])
    assert "files" not in inputs
    assert IMAGE == inputs["image"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("model-00001-of-00002.safetensors", True),
        ("consolidated.safetensors", False),
        ("config.json", True),
        ("tokenizer.json", True),
        ("tokenizer.model", True),
        ("tokenizer.model.v3", True),
        ("chat_template.jinja", True),
        ("merges.txt", True),
        ("1_Pooling/config.json", True),
        ("2_Dense/model.safetensors", True),
        ("LICENSE", True),
        ("pytorch_model.bin", False),
        ("training_args.bin", False),
        ("model.gguf", False),
        ("onnx/config.json", False),
        ("modeling_custom.py", False),
        (".git/config.json", False),
        ("README.md", False),
        ("picture.png", False),
    ],
)
def test_only_what_the_server_needs_is_fetched(path: str, *, wanted: bool) -> None:
    """The weights the engine picks and small text files; no pickle, no code, no second copy of the weights."""
    chosen = server_files([{"path": path, "size": 1}], {"model-00001-of-00002.safetensors"})

    assert wanted is bool(chosen)


def test_code_is_fetched_only_when_the_stack_trusts_it() -> None:
    """trust_remote_code needs the repository's Python files."""
    chosen = server_files([{"path": "modeling_custom.py", "size": 1}], set(), remote_code=True)

    assert ["modeling_custom.py"] == [each["path"] for each in chosen]
