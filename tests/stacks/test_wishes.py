"""From the stack's words to the checks'."""

from pathlib import Path

import pytest

from stacks.reader import read_config, read_stack_file
from stacks.wishes import wishes
from tests.stacks.stack import stack, with_model, with_pool, write
from validation.finding import Place
from validation.wish import Hardware, Licences, ModelType, Serving, Suppression


def test_a_wish_carries_every_serving_key() -> None:
    """What the stack says of vLLM reaches the checks unchanged."""
    values = with_model(
        maxModelLen=4096,
        dtype="float16",
        kvCacheDtype="fp8",
        quantization="awq",
        gpuMemoryUtilization=0.8,
        maxNumBatchedTokens=2048,
        maxNumSeqs=64,
        limitMmPerPrompt={"image": 1, "video": 0},
        trustRemoteCode=True,
    )

    assert (
        Serving(
            max_model_len=4096,
            dtype="float16",
            kv_cache_dtype="fp8",
            quantization="awq",
            gpu_memory_utilization=0.8,
            max_num_batched_tokens=2048,
            max_num_seqs=64,
            limit_mm_per_prompt={"image": 1, "video": 0},
            trust_remote_code=True,
        )
        == wishes(read_config(values))[0].serving
    )


def test_what_the_stack_leaves_out_is_left_to_the_checks() -> None:
    """Nothing is derived twice."""
    assert Serving() == wishes(read_config(stack()))[0].serving


def test_hardware_is_the_pools() -> None:
    """A model's GPUs are those of the pool that it names."""
    values = with_pool(vcpusPerNode=16)
    values["models"][0]["gpusPerReplica"] = 2

    assert (
        Hardware(gpu="L4", gpus_per_replica=2, gpus_per_node=2, vcpus_per_node=16)
        == wishes(read_config(values))[0].hardware
    )


@pytest.mark.parametrize(
    ("cluster", "provider"),
    [
        ({"platform": "existing"}, ""),
        ({"platform": "cluster-api", "clusterName": "prod"}, ""),
        ({"platform": "karpenter"}, "aws"),
        ({"platform": "karpenter", "cloud": "gcp"}, "gcp"),
        ({"platform": "kapsule"}, "scaleway"),
        ({"platform": "aks", "clusterName": "prod", "resourceGroup": "ml"}, "azure"),
    ],
)
def test_the_checks_know_whose_instance_types_the_nodes_are(cluster: dict[str, str], provider: str) -> None:
    """So that a GPU which the provider has not is told at preview."""
    template = {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "AWSMachineTemplate", "name": "l4"}
    machines = {"infrastructure": template, "bootstrap": template} if cluster["platform"] == "cluster-api" else None
    values = with_pool(migProfile=None, machines=machines, maxNodes=2)
    values["cluster"] |= cluster
    hardware = wishes(read_config(values))[0].hardware

    assert hardware is not None
    assert provider == hardware.provider


def test_a_slice_and_an_instance_type_reach_the_checks() -> None:
    """The plan is made for the slice, and the type has to have it."""
    values = with_pool(gpu="H100-SXM", gpusPerNode=8, migProfile="1g.10gb", instanceType="p5.48xlarge", minNodes=1)
    values["cluster"] |= {
        "platform": "eks",
        "clusterName": "prod",
        "nodeRole": "arn:aws:iam::123456789012:role/gpu-nodes",
        "subnets": ["subnet-0123456789abcdef0"],
    }

    assert (
        Hardware(
            gpu="H100-SXM",
            gpus_per_node=8,
            mig_profile="1g.10gb",
            provider="aws",
            instance_type="p5.48xlarge",
        )
        == wishes(read_config(values))[0].hardware
    )


def test_the_nodes_of_a_replica_reach_the_checks() -> None:
    """GPUs are counted on each node, and nodes beside them."""
    hardware = wishes(read_config(with_model(gpusPerReplica=2, nodesPerReplica=3)))[0].hardware

    assert hardware is not None
    assert (2, 3) == (hardware.gpus_per_replica, hardware.nodes_per_replica)


def test_the_policy_of_the_stack_reaches_every_model() -> None:
    """Licences and pinning are said once."""
    policy = {"allow": ["mit"], "deny": ["other"], "accepted": ["meta-llama/Llama-3.1-8B"]}
    settings = read_config({**stack(), "validation": {"requirePinned": True, "licences": policy}})
    licences = Licences(
        allow=frozenset({"mit"}), deny=frozenset({"other"}), accepted=frozenset({"meta-llama/Llama-3.1-8B"})
    )

    assert [(True, licences)] * 2 == [(wish.require_pinned, wish.licences) for wish in wishes(settings)]


@pytest.mark.parametrize("model_type", ["chat", "vision", "multimodal", "embedding"])
def test_the_wished_type_is_one_of_the_contract(model_type: str) -> None:
    """A stack names the types as the contract does."""
    wish = wishes(read_config(with_model(type=model_type, structuredOutputs=True, functionCalling=True)))[0]

    assert (ModelType(model_type), True, True) == (wish.model_type, wish.structured_outputs, wish.function_calling)


def test_suppressions_keep_their_reason() -> None:
    """Every report shows why a rule is ignored."""
    ignore = [{"rule": "licence-not-allowed", "reason": "bought, contract 17"}]

    assert (Suppression(rule="licence-not-allowed", reason="bought, contract 17"),) == wishes(
        read_config(with_model(ignore=ignore))
    )[0].ignore


def test_a_wish_knows_where_its_keys_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding about a key points at it, a finding about one that is left out points at the model."""
    monkeypatch.chdir(tmp_path)
    wish = wishes(read_stack_file(write(tmp_path, with_model(replicas={"min": 2}))))[0]

    assert Place(path="Pulumi.test.yaml", line=18, column=7, key="slipway:models[0].replicas.min") == wish.where(
        "replicas.min"
    )
    assert Place(path="Pulumi.test.yaml", line=14, column=5, key="slipway:models[0]") == wish.where("maxModelLen")


def test_a_wish_knows_where_the_stack_speaks_of_all_models() -> None:
    """A finding about the engine or the licence policy points at what is to be changed."""
    settings = read_config({**stack(), "validation": {"licences": {"deny": ["other"]}}})
    found = {key: place.key for key in ("engine.version", "licences") if (place := wishes(settings)[1].where(key))}

    assert {"engine.version": "slipway:engine.version", "licences": "slipway:validation.licences"} == found


def test_a_wish_knows_where_its_pool_stands() -> None:
    """A GPU that the platform lacks is changed in the pool, not in the model."""
    place = wishes(read_config(with_pool(gpu="T4")))[0].where("pool.gpu")

    assert place is not None
    assert "slipway:nodePools[0].gpu" == place.key
