"""Several nodes a replica, from the stack file to what is deployed."""

from pathlib import Path
from typing import Any

import yaml

from tests.deployment.rendering import chat, embedding, render
from tests.hub.fixtures import tiny_chat
from tests.hub.server import running
from tools import rendering

POOLS = [{"name": "l4", "gpu": "L4", "gpusPerNode": 1, "maxNodes": 8, "vcpusPerNode": 8}]


def flags(config_map: Any) -> Any:
    """Return the arguments as vLLM will read them."""
    return yaml.safe_load(config_map["data"]["args.yaml"])


def test_a_model_of_two_nodes_is_a_leader_worker_set(tmp_path: Path) -> None:
    """The other model of the stack stays a Deployment."""
    network = {"topologyKey": "example.com/rack", "interface": "eth0", "resources": {"rdma/hca": 1}}
    rendered = render(tmp_path, chat("big", nodesPerReplica=2, interconnect=network), chat("small"), nodePools=POOLS)
    group = rendered.one("LeaderWorkerSet")
    (worker,) = group["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"]

    assert 0 == rendered.code, rendered.text
    assert ["small"] == list(rendered.kinds("Deployment"))
    assert "example.com/rack" == group["metadata"]["annotations"]["leaderworkerset.sigs.k8s.io/exclusive-topology"]
    assert {"nvidia.com/gpu": "1", "rdma/hca": "1"}.items() <= worker["resources"]["limits"].items()
    (big,) = [each for name, each in rendered.kinds("ConfigMap").items() if name.startswith("big-config")]
    assert (1, 2, 2) == tuple(flags(big)[key] for key in ("tensor-parallel-size", "pipeline-parallel-size", "nnodes"))


def test_the_plan_in_the_outputs_names_the_nodes(tmp_path: Path) -> None:
    """Who reads the stack's outputs learns how the replica is split."""
    rendered = render(tmp_path, chat("big", nodesPerReplica=2), nodePools=POOLS)
    memory = rendered.outputs["big"]["memory"]

    assert (1, 2, [1, 1]) == tuple(memory[key] for key in ("tensorParallelSize", "pipelineParallelSize", "stageLayers"))


def test_a_model_that_cannot_be_split_fails_the_preview(tmp_path: Path) -> None:
    """BERT has no pipeline parallelism: nothing is rendered for it."""
    rendered = render(tmp_path, embedding("vectors", nodesPerReplica=2), nodePools=POOLS)

    assert 1 == rendered.code
    assert "has no pipeline parallelism in vLLM 0.33.0, so one replica cannot span nodes" in rendered.text
    assert {} == rendered.kinds("LeaderWorkerSet")


def test_more_nodes_than_layers_fail_the_preview(tmp_path: Path) -> None:
    """The small model has two layers."""
    rendered = render(tmp_path, chat("big", nodesPerReplica=3), nodePools=POOLS)

    assert 1 == rendered.code
    assert "2 layers cannot be split into 3 stages" in rendered.text


def test_the_volume_of_several_nodes_is_one_that_many_nodes_mount(tmp_path: Path) -> None:
    """One replica is enough for that, when it spans nodes."""
    model = {"name": "big", "source": "hf://example/tiny-chat", "revision": "main", "pool": "l4", "nodesPerReplica": 2}
    key = {"endpoint": {"apiKeySecret": {"name": "api-key"}}}
    config = {
        "cluster": {"platform": "existing"},
        "engine": {"version": "0.33.0"},
        "nodePools": POOLS,
        "models": [{**model, **key}],
    }
    content = {"config": {f"slipway:{name}": value for name, value in config.items()}}
    with running() as hub:
        hub.add(tiny_chat("example/tiny-chat"))
        found = rendering.Rendering.read(rendering.render(content, "nodes", tmp_path, hub.url))
    (claim,) = found.of_kind("PersistentVolumeClaim")

    assert ["ReadWriteMany"] == claim["spec"]["accessModes"]
