"""Room for a rollout: a server more than the most, wherever the others stand."""

from pathlib import Path
from typing import Any

import pytest

from deployment.reporting import stated
from deployment.rollout import Room, crowded, interrupted, surging
from stacks.reader import read_config
from stacks.settings import Settings
from tests.deployment.rendering import chat, render
from tests.stacks.stack import as_config

SHARED = {"weights": {"accessMode": "ReadWriteMany"}}
KARPENTER = {"platform": "karpenter", "clusterName": "dev", "nodeRole": "nodes", "autoscaler": "hpa"}
EXISTING = {"platform": "existing"}
PUBLIC = {"visibility": "public", "hostname": "tiny.example.com", "tlsSecret": "tls"}


def settings(*models: dict[str, Any], cluster: dict[str, Any] = KARPENTER, **pool: Any) -> Settings:
    """Return a stack of models of the Hub on one pool of three nodes, with changes of the pool."""
    plain = {"source": "hf://example/tiny", "pool": "l4"}
    return read_config(
        as_config(
            {
                "cluster": cluster,
                "engine": {"version": "0.33.0"},
                "nodePools": [stated({"name": "l4", "gpu": "L4", "maxNodes": 3, **pool})],
                "models": [{"name": f"m{at}", **plain, **model} for at, model in enumerate(models)],
            }
        )
    )


@pytest.mark.parametrize(
    ("room", "pods", "wanted", "takes"),
    [
        ((2, 1), [1], 1, True),
        ((2, 1), [1, 1], 1, False),
        ((2, 8), [4, 4, 4], 4, True),
        ((2, 8), [4, 4, 4, 4], 4, False),
        ((2, 8), [8], 8, True),
        ((2, 8), [1, 1], 8, False),
        ((2, 8), [1] * 9, 4, True),
        ((2, 8), [1] * 10, 4, False),
        ((3, 8), [8, 2, 2, 2], 4, True),
        ((1, 2), [], 4, False),
    ],
)
def test_a_pod_finds_a_node_wherever_the_others_are(
    room: tuple[int, int],
    pods: list[int],
    wanted: int,
    takes: bool,  # noqa: FBT001 - a table of cases
) -> None:
    """Spare GPUs that may lie scattered over nodes are none: five 1-GPU pods on each of two nodes leave no four."""
    assert takes == Room(nodes=room[0], node=room[1]).takes(pods, wanted)


def test_what_is_spare_is_given_out_once_a_model_in_the_stack_s_order() -> None:
    """Two models rolled at once would both wait for the one GPU that each of them saw."""
    assert {"m0"} == surging(settings(SHARED, SHARED))
    assert {"m0", "m1"} == surging(settings(SHARED, SHARED, maxNodes=4))
    assert set() == surging(settings(SHARED, SHARED, maxNodes=2))


def test_an_autoscaled_model_counts_with_its_most_servers() -> None:
    """A rollout happens under load too."""
    scaled = {**SHARED, "replicas": {"min": 1, "max": 3}}

    assert set() == surging(settings(scaled))
    assert {"m0"} == surging(settings(scaled, maxNodes=4))


def test_a_volume_for_one_node_leaves_the_gpu_to_the_next_model() -> None:
    """Its second server could not mount the weights."""
    assert {"m1"} == surging(settings({}, SHARED))


def test_nodes_that_nobody_counted_are_not_spare() -> None:
    """The default of `maxNodes` says nothing of nodes that are there already."""
    assert set() == surging(settings(SHARED, cluster=EXISTING, maxNodes=None))
    assert {"m0"} == surging(settings(SHARED, cluster=EXISTING, maxNodes=2))


def test_mig_devices_count_as_gpus() -> None:
    """Two devices of one GPU: one serves, the other is spare."""
    assert {"m0"} == surging(settings(SHARED, cluster=EXISTING, gpu="H100-SXM", migProfile="1g.10gb", maxNodes=1))


def test_a_largest_number_that_the_pool_cannot_give_is_told() -> None:
    """Several models may share GPUs on purpose, so it is a warning."""
    scaled = {**SHARED, "replicas": {"min": 1, "max": 3}}
    ((pool, text),) = crowded(settings(scaled, scaled))

    assert "l4" == pool
    assert "may take 6 GPUs together (`replicas.max`), and it gives 3" in text
    assert "raise `maxNodes` to 6" in text
    assert [] == list(crowded(settings(scaled, scaled, maxNodes=6)))
    assert [] == list(crowded(settings({**SHARED, "replicas": {"min": 3}})))


@pytest.mark.parametrize(
    ("model", "nodes", "said"),
    [
        ({"endpoint": PUBLIC}, 3, "its volume is for one node"),
        ({"endpoint": PUBLIC, **SHARED}, 1, "no GPU of its pool is known to be spare"),
        ({"endpoint": PUBLIC, **SHARED}, 2, ""),
        ({"endpoint": PUBLIC, "replicas": {"min": 2}}, 2, ""),
        ({}, 1, ""),
    ],
)
def test_an_interruption_is_told_where_strangers_would_notice(model: dict[str, Any], nodes: int, said: str) -> None:
    """A public model with one server and no room for a second; a private one is its owner's business."""
    stack = settings(model, maxNodes=nodes)
    text = interrupted(stack, stack.models[0], surging(stack))

    assert bool(said) == bool(text)
    assert said in text


def test_a_spare_gpu_starts_the_new_server_first(tmp_path: Path) -> None:
    """The pool's eight GPUs hold the seven at most, and one more."""
    found = render(tmp_path, chat("tiny", replicas={"min": 7}))

    assert {"maxSurge": 1, "maxUnavailable": 0} == found.one("Deployment")["spec"]["strategy"]["rollingUpdate"]
