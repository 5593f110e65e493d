"""Keys that have to agree with each other."""

from typing import Any

import pytest

from stacks.references.stack import contradictions
from tests.stacks.stack import found, problems, stack, with_cluster, with_model, with_pool

KEDA = {"autoscaler": "keda", "prometheus": "http://prometheus.monitoring.svc:9090", "interceptor": {}}
PUBLIC = {"visibility": "public", "hostname": "granite.example.com"}


IMAGE = "registry.example.com/models/granite:1@sha256:" + "0" * 64


def cached(weights: object, **model: object) -> dict[str, Any]:
    """Return a stack whose first model has these weights, on nodes with a folder for them."""
    values = with_model(weights=weights, **model)
    values["nodePools"][0]["cachePath"] = "/mnt/models"
    return values


def karpenter(**pool: object) -> dict[str, Any]:
    """Return a stack on Karpenter with these keys in its pool."""
    values = with_pool(**pool)
    values["cluster"] |= {"platform": "karpenter", "clusterName": "dev", "nodeRole": "nodes"}
    return values


def packed(replicas: int, **pool: object) -> dict[str, Any]:
    """Return a stack of nodes with four GPUs, on each of which one replica of three finds room, and another of one."""
    values = karpenter(gpusPerNode=4, **pool)
    values["models"][0] |= {"gpusPerReplica": 3, "replicas": {"min": replicas}}
    return values


def kapsule(**pool: object) -> dict[str, Any]:
    """Return a stack on Kapsule with these keys in its pool."""
    values = with_pool(**pool)
    values["cluster"] |= {"platform": "kapsule", "clusterId": "fr-par/11111111-2222-3333-4444-555555555555"}
    return values


def test_the_small_stack_is_valid() -> None:
    """The stack that the other tests spoil has no problem itself."""
    assert {} == problems(stack())


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (with_model(pool="h100"), "slipway:models[0].pool"),
        (with_model(name="tiny"), "slipway:models[1].name"),
        (with_model(replicas={"min": 3, "max": 2}), "slipway:models[0].replicas.min"),
        (with_model(gpusPerReplica=4), "slipway:models[0].gpusPerReplica"),
        (with_model(endpoint={"visibility": "public"}), "slipway:models[0].endpoint.hostname"),
        (with_model(endpoint={"hostname": "a.example.com"}), "slipway:models[0].endpoint.hostname"),
        (with_model(endpoint={"allowFrom": ["10.0.0.0/8"]}), "slipway:models[0].endpoint.allowFrom"),
        (with_model(endpoint={"tlsSecret": "tls"}), "slipway:models[0].endpoint.tlsSecret"),
        (with_model(source="models/mine"), "slipway:models[0].weights.claim"),
        (
            with_model(source="models/mine", weights={"claim": "models"}, revision="main"),
            "slipway:models[0].revision",
        ),
        (with_model(weights={"path": "granite"}), "slipway:models[0].weights.path"),
        (with_model(weights={"claim": "models", "storageClass": "fast"}), "slipway:models[0].weights.storageClass"),
        (
            with_model(replicas={"min": 2, "max": 2}, weights={"accessMode": "ReadWriteOnce"}),
            "slipway:models[0].weights.accessMode",
        ),
        (
            with_model(replicas={"min": 2}, weights={"claim": "models", "accessMode": "ReadWriteOnce"}),
            "slipway:models[0].weights.accessMode",
        ),
        (with_model(weights={"image": IMAGE}), "slipway:models[0].weights.image"),
        (with_model(weights={"store": "image"}), "slipway:models[0].weights.image"),
        (with_model(weights={"store": "image", "image": IMAGE, "claim": "a"}), "slipway:models[0].weights.claim"),
        (
            with_model(replicas={"min": 2}, weights={"store": "image", "image": IMAGE, "accessMode": "ReadWriteOnce"}),
            "slipway:models[0].weights.accessMode",
        ),
        (
            with_model(weights={"store": "image", "image": IMAGE, "storageClass": "fast"}),
            "slipway:models[0].weights.storageClass",
        ),
        (with_model(weights={"store": "node"}), "slipway:models[0].weights.store"),
        (cached({"store": "node", "path": "granite"}), "slipway:models[0].weights.path"),
        (cached({"store": "node", "image": IMAGE}), "slipway:models[0].weights.image"),
        (cached({"store": "node", "accessMode": "ReadWriteMany"}), "slipway:models[0].weights.accessMode"),
        (cached({"store": "node"}, source="models/mine"), "slipway:models[0].weights.store"),
        (
            with_model(source="models/mine", weights={"store": "image", "image": IMAGE}, revision="main"),
            "slipway:models[0].revision",
        ),
        (with_pool(minNodes=2, maxNodes=3), "slipway:nodePools[0].minNodes"),
        (with_model(weights={"accessMode": "ReadOnlyMany"}), "slipway:models[0].weights.accessMode"),
        (with_pool(spot=True), "slipway:nodePools[0].spot"),
        (with_pool(zones=["eu-west-1a"]), "slipway:nodePools[0].zones"),
        (karpenter(nodeSelector={"gpu": "l4"}), "slipway:nodePools[0].nodeSelector"),
        (kapsule(minNodes=9, maxNodes=8), "slipway:nodePools[0].minNodes"),
        (karpenter(minNodes=1), "slipway:nodePools[0].minNodes"),
        (karpenter(gpusPerNode=1), "slipway:nodePools[0].maxNodes"),
        (packed(5, maxNodes=4), "slipway:nodePools[0].maxNodes"),
        (with_cluster(monitoring={"namespace": "inference"}), "slipway:cluster.monitoring.namespace"),
        (with_cluster(namespace="keda", **KEDA), "slipway:cluster.namespace"),
        (kapsule(zones=["fr-par-1", "fr-par-2"]), "slipway:nodePools[0].zones"),
        (kapsule(spot=True), "slipway:nodePools[0].spot"),
        (with_cluster(platform="karpenter", clusterName="dev"), "slipway:cluster.nodeRole"),
        (with_cluster(nodeRole="nodes"), "slipway:cluster.nodeRole"),
        (
            {**stack(), "engine": {"version": "0.33.0", "image": "docker.io/vllm/vllm-openai:v0.32.0"}},
            "slipway:engine.image",
        ),
    ],
)
def test_a_contradiction_is_one_problem_at_its_key(values: dict[str, Any], path: str) -> None:
    """Each disagreement is told where it can be mended, once, and with a fix."""
    (problem,) = found(values)

    assert path == problem.path
    assert problem.help


@pytest.mark.parametrize(
    "values",
    [
        with_model(endpoint={**PUBLIC, "allowFrom": ["203.0.113.0/24", "2001:db8::/32"]}),
        with_model(replicas={"min": 2, "max": 2}, weights={"accessMode": "ReadWriteMany"}),
        with_model(weights={"claim": "models", "path": "granite/v1"}),
        with_model(weights={"store": "image", "image": IMAGE, "path": "models"}, replicas={"min": 2}),
        with_model(source="models/mine", weights={"store": "image", "image": IMAGE}),
        cached({"store": "node"}, replicas={"min": 2}),
        with_pool(cachePath="/mnt/models"),
        with_pool(nodeSelector={"nvidia.com/gpu.product": "NVIDIA-L4"}),
        packed(5, maxNodes=5),
        with_cluster(monitoring={"namespace": "inference"}, createNamespace=False),
        karpenter(maxNodes=4, spot=True, zones=["eu-west-1a", "eu-west-1b"]),
        kapsule(minNodes=1, zones=["fr-par-1"]),
        {**stack(), "engine": {"version": "0.33.0", "image": "registry.example.com:5000/vllm:v0.33.0-cu130"}},
        {**stack(), "engine": {"version": "0.33.0", "image": "registry.example.com/vllm@sha256:" + "0" * 64}},
        {**stack(), "models": [], "nodePools": []},
        {**with_model(endpoint={**PUBLIC, "tlsSecret": "granite-tls"}), "cluster": {"platform": "existing"}},
        {**with_model(endpoint=PUBLIC), "cluster": {"platform": "existing"}},
        with_cluster(platform="kapsule"),
    ],
)
def test_keys_that_agree_pass(values: dict[str, Any]) -> None:
    """What a cluster can run is not refused."""
    assert {} == problems(values)


def test_a_mistyped_pool_is_told_the_right_one() -> None:
    """The pools are names that the stack shows anyway."""
    (problem,) = found(with_model(pool="l40"))

    assert "did you mean `l4`?" == problem.help


def test_two_models_cannot_share_a_host_name() -> None:
    """Two routes for one host would take each other's requests."""
    values = with_model(endpoint=PUBLIC)
    values["models"][1]["endpoint"] = PUBLIC

    assert ["slipway:models[1].endpoint.hostname"] == list(problems(values))


def test_models_that_cannot_all_run_are_told_the_nodes_they_need() -> None:
    """Pods beyond the pool's largest size stay pending for ever."""
    values = karpenter()
    values["models"][0]["replicas"] = {"min": 4}
    (problem,) = found(values)

    assert "gives 2 GPUs, the models' smallest numbers of replicas take 5" == problem.message
    assert "set it to 3 or more" == problem.help


@pytest.mark.parametrize(
    "image",
    [
        "registry.example.com/models/granite:1",
        "granite",
        "granite@sha256:0",
        f"registry.example.com/../granite@{IMAGE[-71:]}",
    ],
)
def test_weights_come_from_an_image_by_its_digest_only(image: str) -> None:
    """A tag can move between the check and the pull."""
    assert ["slipway:models[0].weights.image"] == list(problems(with_model(weights={"store": "image", "image": image})))


@pytest.mark.parametrize(
    "path",
    [
        "models",
        "/",
        "/mnt",
        "/mnt/models/",
        "/mnt/../etc/models",
        "/etc/models",
        "/var/lib/kubelet",
        "/var/lib/containerd/models",
        "/mnt//models",
        "/mnt/.hidden",
    ],
)
def test_no_folder_of_the_system_becomes_a_cache(path: str) -> None:
    """The kubelet gives the whole folder to the pods' group."""
    assert ["slipway:nodePools[0].cachePath"] == list(problems(with_pool(cachePath=path)))


@pytest.mark.parametrize("path", ["/mnt/models", "/mnt/k8s-disks/0/models", "/var/lib/slipway", "/data/llm.1"])
def test_a_folder_made_for_weights_becomes_a_cache(path: str) -> None:
    """On a disk of its own, or on the root disk."""
    assert {} == problems(with_pool(cachePath=path))


def test_contradictions_are_found_beside_other_errors() -> None:
    """A wrong key in a model does not hide what else is wrong with it."""
    values = with_model(maxModelLen="long", replicas={"min": 3, "max": 1}, pool="h100")

    assert {"slipway:models[0].maxModelLen", "slipway:models[0].pool", "slipway:models[0].replicas.min"} == set(
        problems(values)
    )


def test_a_key_of_the_wrong_type_is_no_contradiction() -> None:
    """What is wrong already is told once."""
    raw = {"cluster": [], "engine": 3, "nodePools": {"name": "l4"}, "models": [None, {"replicas": "many", "pool": 3}]}

    assert [] == list(contradictions(raw))
