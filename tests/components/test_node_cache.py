"""NodeCache: the weights of a pool's models on each node's own disk."""

import json
from typing import Any

import pulumi
import pytest

from components.model_weights import ModelWeights
from components.node_cache import NodeCache
from tests.components.examples import COMMIT, GIB, IMAGE, weights_args
from tests.components.recording import Recording, record, settled

FILES = [
    {"path": "model.safetensors", "size": 5 * GIB, "sha256": "b" * 64},
    {"path": "config.json", "size": 700, "blob_id": "c" * 40},
]
L4 = {"nvidia.com/gpu.product": "NVIDIA-L4"}


def model(name: str, **changes: Any) -> dict[str, Any]:
    """Return a model of the cache."""
    return {"name": name, "repository": "a/b", "commit": COMMIT, "files": FILES, **changes}


def cache(**changes: Any) -> Recording:
    """Return what a cache registers."""
    args: Any = {
        "namespace": "inference",
        "folder": "inference/l4",
        "path": "/mnt/models",
        "node_selector": L4,
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "image": IMAGE,
        "models": [model("granite")],
        **changes,
    }
    return record(lambda: NodeCache("l4", args))


def pod(recording: Recording) -> dict[str, Any]:
    """Return the DaemonSet's pod."""
    found: dict[str, Any] = recording.one("DaemonSet")["spec"]["template"]["spec"]
    return found


def mounted(container: dict[str, Any]) -> dict[str, bool]:
    """Return the volumes that a container mounts, and whether only for reading."""
    return {each["name"]: each.get("readOnly", False) for each in container["volumeMounts"]}


def test_the_nodes_are_filled_from_a_mirror_on_its_own_port() -> None:
    """The policy opens it beside that of HTTPS."""
    policy = cache(models=[model("granite", endpoint="http://mirror.example.com:8080")]).one("NetworkPolicy")["spec"]

    assert [443, 8080] == [port["port"] for port in policy["egress"][1]["ports"]]


def test_the_claim_may_wait_for_the_longest_drain_before_it_goes() -> None:
    """Another path is another claim, and servers that still drain hold the old one."""
    assert "4500s" == cache().deletions["kubernetes:core/v1:PersistentVolumeClaim::l4-cache"]


def test_the_volume_lies_on_the_pools_nodes_and_is_for_one_claim() -> None:
    """It is found by nobody else, and the cluster never empties it."""
    recording = cache(node_selector={"b": "2", "a": "1"})
    volume, claim = recording.one("PersistentVolume"), recording.one("PersistentVolumeClaim")

    assert {"path": "/mnt/models"} == volume["spec"]["local"]
    assert {
        "required": {
            "nodeSelectorTerms": [
                {
                    "matchExpressions": [
                        {"key": "a", "operator": "In", "values": ["1"]},
                        {"key": "b", "operator": "In", "values": ["2"]},
                    ]
                }
            ]
        }
    } == volume["spec"]["nodeAffinity"]
    assert claim["metadata"]["name"] == volume["spec"]["claimRef"]["name"]
    assert volume["metadata"]["name"] == claim["spec"]["volumeName"]
    assert ("Retain", "", "") == (
        volume["spec"]["persistentVolumeReclaimPolicy"],
        volume["spec"]["storageClassName"],
        claim["spec"]["storageClassName"],
    )


@pytest.mark.parametrize("changes", [{"path": "/data/models"}, {"node_selector": {"gpu": "l4"}}])
def test_another_path_or_other_nodes_are_another_volume(changes: dict[str, Any]) -> None:
    """Neither can be changed in a volume that is there."""
    first, second = cache(), cache(**changes)

    for kind in ("PersistentVolume", "PersistentVolumeClaim"):
        assert first.one(kind)["metadata"]["name"] != second.one(kind)["metadata"]["name"]


def test_volumes_of_two_stacks_and_pools_have_names_of_their_own() -> None:
    """A volume belongs to no namespace."""
    names = {cache(folder=each).one("PersistentVolume")["metadata"]["name"] for each in ("a/l4", "b/l4", "a/h100")}

    assert 3 == len(names)


def test_only_the_first_container_writes_and_sees_the_token() -> None:
    """What runs on has neither, and nothing else of the pod holds the Secret."""
    found = pod(cache(token_secret_name="hub", token_secret_key="hf"))
    (fill,), (hold,) = found["initContainers"], found["containers"]

    assert {"config": True, "models": False, "token": True} == mounted(fill)
    assert {"config": True, "models": True} == mounted(hold)
    assert "HF_TOKEN_PATH" in {each["name"] for each in fill["env"]}
    assert "HF_TOKEN_PATH" not in {each["name"] for each in hold["env"]}
    assert ["fill", "hold"] == [fill["command"][-1], hold["command"][-1]]


def test_without_a_token_nothing_is_mounted() -> None:
    """Public models need none."""
    assert ["config", "models"] == [each["name"] for each in pod(cache())["volumes"]]


def test_every_model_has_its_list_of_files_in_the_pod() -> None:
    """In a folder of its name, beside the modules that read it."""
    recording = cache(models=[model("granite"), model("tiny", files=FILES[:1])])
    (config,) = [each for each in pod(recording)["volumes"] if each["name"] == "config"]
    by_name = {each["metadata"]["name"]: each["data"] for each in recording.kinds("ConfigMap")}
    script, *lists = config["projected"]["sources"]

    assert "prefetch/cache.py" in [each["path"] for each in script["configMap"]["items"]]
    assert ["models/granite/manifest.json", "models/tiny/manifest.json"] == [
        each["configMap"]["items"][0]["path"] for each in lists
    ]
    assert [2, 1] == [len(json.loads(by_name[each["configMap"]["name"]]["manifest.json"])["files"]) for each in lists]
    assert {"name": "SLIPWAY_MODELS", "value": "granite tiny"} in pod(recording)["initContainers"][0]["env"]


def test_another_list_of_files_is_another_pod() -> None:
    """So that an update fills the nodes anew."""
    assert pod(cache()) != pod(cache(models=[model("granite", commit="f" * 40)]))


def test_a_cache_without_models_sweeps_what_earlier_ones_left() -> None:
    """The pod runs all the same: the stack has no other hand on the nodes."""
    recording = cache(models=[])

    assert {"name": "SLIPWAY_MODELS", "value": ""} in pod(recording)["initContainers"][0]["env"]
    assert 1 == len(recording.kinds("ConfigMap"))


def test_all_nodes_are_filled_at_once() -> None:
    """No server stops for it."""
    assert {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}} == (
        cache().one("DaemonSet")["spec"]["updateStrategy"]
    )


def test_the_pod_stands_on_the_pools_nodes_beside_their_servers() -> None:
    """It tolerates what keeps others away, and asks for no GPU and little else."""
    found = pod(cache())
    (fill,) = found["initContainers"]

    assert (L4, [{"key": "nvidia.com/gpu", "operator": "Exists"}]) == (found["nodeSelector"], found["tolerations"])
    assert {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "256Mi"} == fill["resources"]["limits"]


def test_the_server_of_a_cached_model_mounts_the_claim_and_looks_where_the_pod_has_put_it() -> None:
    """Both make the folder of name, commit and list of files, each for itself."""
    outputs: dict[str, Any] = {}
    args = weights_args(store="node", claim_name="l4-models", path="inference/l4/granite", files=FILES)

    def program() -> None:
        made = ModelWeights("granite", args)
        for name in ("claim_name", "model_path", "manifest_digest", "manifest_name"):
            outputs[name] = settled(getattr(made, name))
        outputs["seconds"], outputs["single_node"] = [made.seconds], [made.single_node]

    recording = record(program)
    found = {name: values[0] for name, values in outputs.items()}
    digest = found["manifest_digest"]

    assert ["slipway:index:ModelWeights"] == [each.type for each in recording.resources]
    assert {
        "claim_name": "l4-models",
        "model_path": f"inference/l4/granite/{COMMIT[:12]}-{digest[:8]}",
        "manifest_digest": digest,
        "manifest_name": "",
        "seconds": 1200 + 512,
        "single_node": False,
    } == found


def test_the_plan_shows_how_many_files_not_which() -> None:
    """A large model has hundreds of shards."""
    (shown,) = cache().resources[0].plain["models"]

    assert (2, 5 * GIB + 700) == (shown["file_count"], shown["bytes"])
    assert "files" not in shown


def test_a_model_without_a_full_commit_is_refused() -> None:
    """A branch can move between two nodes."""
    with pytest.raises(pulumi.RunError, match="a full commit"):
        cache(models=[model("granite", commit="main")])
