"""The rules on several nodes a replica: one model passes each, another fails it."""

from dataclasses import replace
from datetime import date

import pytest

from tests.fit.models import CHATS, LLAMA, facts
from validation.contracts.contract import Contract
from validation.engine.prediction import Prediction
from validation.engine.tables import load_engine
from validation.finding import Outcome, Severity
from validation.jsontext import JsonObject
from validation.report import ModelSummary
from validation.rules.nodes import RULES
from validation.rules.rule import Answer, Subject
from validation.wish import Hardware, Wish

BY_NAME = {rule.name: rule for rule in RULES}
CONTRACT = Contract(name="vllm", title="a test", source="a test", date=date(2026, 11, 23))
TWO_NODES = Hardware(gpu="H100-SXM", gpus_per_replica=8, nodes_per_replica=2, gpus_per_node=8)
BERT = replace(CHATS, architecture="BertModel", runner="pooling", convert="embed")


def _subject(
    hardware: Hardware | None = TWO_NODES,
    *,
    config: JsonObject = LLAMA,
    prediction: Prediction = CHATS,
    engine: str = "0.33.0",
) -> Subject:
    return Subject(
        facts=facts(config),
        contract=CONTRACT,
        wish=Wish(hardware=hardware),
        today=date(2026, 11, 23),
        model=ModelSummary(),
        engine=load_engine(engine),
        prediction=prediction,
    )


FAILING = {
    "engine-cannot-span-nodes": (
        _subject(engine="0.10.2"),
        "vLLM 0.10.2 has no `--master-addr`: it spans nodes with Ray only",
        "choose a newer engine version, or set nodesPerReplica to 1",
    ),
    "pipeline-parallel-unsupported": (
        _subject(prediction=BERT),
        "`BertModel` has no pipeline parallelism in vLLM 0.33.0, so one replica cannot span nodes",
        "set nodesPerReplica to 1, and choose a GPU or a node that holds the model",
    ),
    "pipeline-stages-exceed-layers": (
        _subject(config={**LLAMA, "num_hidden_layers": 1}),
        "1 layers cannot be split into 2 stages",
        "set nodesPerReplica to 1 or less",
    ),
    "nodes-not-needed": (
        _subject(replace(TWO_NODES, gpus_per_replica=4)),
        "2 nodes are wished for 8 GPUs, and one node has 8",
        "set gpusPerReplica to 8 and nodesPerReplica to 1",
    ),
}


def _answers(name: str, subject: Subject) -> list[Answer]:
    return [answer for answer in BY_NAME[name].check(subject) if answer.outcome is not Outcome.SKIPPED]


def test_every_rule_has_a_failing_case() -> None:
    """No rule goes without a model that it refuses."""
    assert set(BY_NAME) == set(FAILING)


@pytest.mark.parametrize("name", FAILING)
def test_the_failing_case_is_found_with_the_value_to_type(name: str) -> None:
    """The message says what is wrong in numbers, and the help what to type."""
    subject, message, help_text = FAILING[name]
    assert [(message, help_text)] == [(answer.message, answer.help) for answer in _answers(name, subject)]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_large_model_on_two_full_nodes_passes(name: str) -> None:
    """Eight GPUs of each of two nodes."""
    assert [] == _answers(name, _subject())


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("hardware", [None, replace(TWO_NODES, nodes_per_replica=1)])
def test_one_node_skips_every_rule(name: str, hardware: Hardware | None) -> None:
    """A replica on one node is not asked for what it does not need."""
    subject = _subject(hardware, prediction=BERT, engine="0.10.2")
    assert [Outcome.SKIPPED] == [answer.outcome for answer in BY_NAME[name].check(subject)]


def test_heads_that_a_full_node_cannot_share_may_span_nodes() -> None:
    """28 heads divide by 4 and not by 8: two nodes of four are no waste."""
    config = {**LLAMA, "num_attention_heads": 28, "num_key_value_heads": 4}
    assert [] == _answers("nodes-not-needed", _subject(replace(TWO_NODES, gpus_per_replica=4), config=config))


def test_a_model_of_the_transformers_backend_is_a_warning() -> None:
    """Its class in transformers has to have a plan, which its files do not tell."""
    prediction = replace(CHATS, architecture="TransformersForCausalLM", transformers_backend=True)
    answers = _answers("pipeline-parallel-unsupported", _subject(prediction=prediction))
    assert [Severity.WARNING] == [answer.severity for answer in answers]
