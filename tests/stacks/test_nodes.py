"""Several nodes a replica: which keys go together."""

from typing import Any

import pytest

from tests.stacks.stack import found, problems, with_model, with_pool


def two_nodes(pool: dict[str, Any] | None = None, **keys: object) -> dict[str, Any]:
    """Return a stack whose first model spans two nodes, with these keys in it and in its pool."""
    values = with_model(**{"nodesPerReplica": 2, "gpusPerReplica": 2, **keys})
    values["nodePools"][0] |= pool or {}
    return values


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        (
            two_nodes({"gpu": "H100-SXM", "migProfile": "1g.10gb"}, gpusPerReplica=1),
            "slipway:models[0].nodesPerReplica",
            "is above 1, and the pool has parts of GPUs (`migProfile`), which cannot talk across nodes",
        ),
        (
            two_nodes(weights={"accessMode": "ReadWriteOnce"}),
            "slipway:models[0].weights.accessMode",
            "lets one node mount the volume, and each replica spans several",
        ),
        (
            two_nodes(interconnect={"topologyKey": "kubernetes.io/hostname"}),
            "slipway:models[0].interconnect.topologyKey",
            "is the label of a single node, and the replica spans several",
        ),
        (
            with_model(interconnect={"interface": "eth0"}),
            "slipway:models[0].interconnect",
            "means nothing for a replica on one node",
        ),
    ],
)
def test_what_cannot_span_nodes_is_told_at_its_key(values: dict[str, Any], path: str, message: str) -> None:
    """Each with a fix, before anything is rented."""
    (problem,) = found(values)

    assert (path, message) == (problem.path, problem.message)
    assert problem.help


@pytest.mark.parametrize(
    "values",
    [
        two_nodes(),
        two_nodes(weights={"accessMode": "ReadWriteMany"}),
        two_nodes(
            interconnect={
                "topologyKey": "topology.kubernetes.io/zone",
                "interface": "eth0",
                "resources": {"rdma/hca_shared_devices_a": 1},
            }
        ),
        with_model(nodesPerReplica=1),
    ],
)
def test_what_can_span_nodes_passes(values: dict[str, Any]) -> None:
    """A volume that many nodes mount, whole GPUs, and a network by choice."""
    assert {} == problems(values)


def test_more_gpus_than_a_node_has_are_offered_on_several() -> None:
    """The fix names both keys where it comes out even."""
    (problem,) = found(with_model(gpusPerReplica=4))

    assert "set it to 2 or less, with `nodesPerReplica: 2`, or raise `gpusPerNode` of the pool" == problem.help


def test_the_pool_has_to_have_the_gpus_of_all_nodes() -> None:
    """Two replicas of two nodes of two GPUs are eight, and the other model takes one."""
    values = with_pool(maxNodes=4)
    values["cluster"] |= {"platform": "karpenter", "clusterName": "dev", "nodeRole": "nodes"}
    values["models"][0] |= {"gpusPerReplica": 2, "nodesPerReplica": 2, "replicas": {"min": 2}}
    (problem,) = found(values)

    assert "gives 8 GPUs, the models' smallest numbers of replicas take 9" == problem.message
