"""What keeps a model from being split over nodes."""

from dataclasses import replace

import pytest

from tests.fit.models import CHATS, ENGINE, LLAMA, facts, resolved
from validation.engine.tables import available_versions, load_engine, number
from validation.fit.choice import choices, suggestion
from validation.fit.memory import model_memory
from validation.fit.pipeline import NEEDED, class_problem, engine_problem, layer_problem, pipeline_problem
from validation.wish import Serving, Wish

REAL = load_engine("0.33.0")


@pytest.mark.parametrize(
    "name",
    ["LlamaForCausalLM", "Qwen3MoeForCausalLM", "DeepseekV3ForCausalLM", "MixtralForCausalLM", "GptOssForCausalLM"],
)
def test_large_families_can_be_split(name: str) -> None:
    """The models that need several nodes have the interface."""
    assert class_problem(replace(CHATS, architecture=name), REAL) is None


@pytest.mark.parametrize("name", ["Gemma3nForConditionalGeneration", "WhisperForConditionalGeneration", "BertModel"])
def test_a_class_without_the_interface_is_refused(name: str) -> None:
    """Small, encoding and pooling classes of vLLM 0.33.0."""
    problem = class_problem(replace(CHATS, architecture=name), REAL)
    assert problem is not None
    assert f"`{name}` has no pipeline parallelism in vLLM 0.33.0, so one replica cannot span nodes" == problem.message


def test_a_class_that_the_table_lacks_is_not_judged() -> None:
    """Other rules say what they think of it."""
    assert class_problem(replace(CHATS, architecture="MyForCausalLM"), REAL) is None


def test_fewer_layers_than_nodes_is_refused() -> None:
    """The help names the most that go."""
    problem = layer_problem(resolved({**LLAMA, "num_hidden_layers": 2}), 4)
    assert problem is not None
    assert ("2 layers cannot be split into 4 stages", "set nodesPerReplica to 2 or less") == (
        problem.message,
        problem.help,
    )
    assert layer_problem(resolved(LLAMA), 32) is None


def test_every_version_from_0_11_spans_nodes_by_itself() -> None:
    """0.10 has no ``--nnodes``, and every later table has all four flags."""
    refused = [version for version in available_versions() if engine_problem(load_engine(version))]
    assert [version for version in available_versions() if number(version) < (0, 11, 0)] == refused
    assert {"0.10.2"} == set(refused)


def test_a_version_whose_flags_are_not_known_is_not_judged() -> None:
    """An empty list means that nobody looked."""
    assert engine_problem(replace(ENGINE, serve_flags=frozenset())) is None
    assert engine_problem(replace(ENGINE, serve_flags=frozenset(NEEDED))) is None


def test_one_node_asks_for_nothing() -> None:
    """What cannot be split is served on one node all the same."""
    whisper = replace(CHATS, architecture="WhisperForConditionalGeneration")
    assert pipeline_problem(resolved(LLAMA), whisper, load_engine("0.10.2"), 1) is None
    assert pipeline_problem(resolved(LLAMA), whisper, load_engine("0.10.2"), 2) is not None


def test_several_nodes_are_offered_only_to_what_can_be_split() -> None:
    """800 billion bytes need two nodes: the help says what to type, and a class without the interface gets none."""
    wish = Wish(serving=Serving(weights_bytes=800_000_000_000))
    splits = choices(model_memory(facts(LLAMA), CHATS, REAL, wish))
    stays = choices(model_memory(facts(LLAMA), replace(CHATS, architecture="BertModel"), REAL, wish))
    assert "choose gpu H100-SXM with gpusPerReplica 8 and nodesPerReplica 2" in {suggestion(each) for each in splits}
    assert {1} >= {each.nodes for each in stays}
