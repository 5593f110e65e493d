"""Which architectures the contract takes, and as which type."""

from dataclasses import replace

import pytest

from tests.rules.build import CHAT, EMBEDS, SEES, VLLM, config, subject, with_files
from validation.facts import Ancestor, RepositoryFacts
from validation.finding import Outcome
from validation.jsontext import JsonValue
from validation.rules.run import run_rules
from validation.wish import ModelType, Wish

_QWEN = config(architectures=["Qwen3ForCausalLM"])


def _made_from(repository: str, *architectures: str, facts: RepositoryFacts = _QWEN) -> RepositoryFacts:
    return replace(facts, ancestors=(Ancestor(repository=repository, architectures=architectures),))


def test_a_verified_repository_passes_although_its_architecture_is_not_listed() -> None:
    """Qwen/Qwen3-32B is verified, and its architecture stands on no list."""
    assert () == run_rules(subject(replace(_QWEN, repository="qwen/qwen3-32b"))).findings


def test_a_model_made_from_a_verified_one_passes() -> None:
    """A fine-tune of a verified model is taken as that one is."""
    assert () == run_rules(subject(_made_from("Qwen/Qwen3-32B", "Qwen3ForCausalLM"))).findings


def test_a_model_that_only_claims_a_verified_one_does_not() -> None:
    """Another architecture than the verified model's is not made from it."""
    facts = _made_from("Qwen/Qwen3-32B", "Qwen3ForCausalLM", facts=config(architectures=["NotListedForCausalLM"]))
    assert ["architecture-not-listed"] == [finding.rule for finding in run_rules(subject(facts)).findings]


def test_an_ancestor_whose_architecture_is_not_known_is_judged_by_the_contract() -> None:
    """The contract's data says what each verified model is."""
    assert () == run_rules(subject(_made_from("Qwen/Qwen3-32B"))).findings


def test_an_ancestor_that_nothing_is_known_of_is_unknown() -> None:
    """Neither the Hub nor the contract says what the verified model is."""
    contract = replace(subject().contract, verified_architectures={})
    found = run_rules(subject(_made_from("Qwen/Qwen3-32B"), contract=contract)).findings
    assert [("architecture-not-listed", Outcome.UNKNOWN)] == [(item.rule, item.outcome) for item in found]


def test_an_architecture_that_only_a_verified_model_has_says_how_to_name_it() -> None:
    """A fine-tune without a model card does not get the advice to take another architecture."""
    finding = run_rules(subject(_QWEN)).findings[0]
    assert "architecture-not-listed" == finding.rule
    assert "`base_model: Qwen/Qwen3-32B` in the header of README.md" in finding.help
    assert "Qwen2ForCausalLM" not in finding.help


def test_vllm_s_contract_leaves_architectures_to_the_engine() -> None:
    """Without a deployer only the engine decides."""
    assert () == run_rules(subject(_QWEN, contract=VLLM)).findings


def test_a_near_name_is_shown() -> None:
    """A wrong letter in the name gets the listed one."""
    finding = run_rules(subject(config(architectures=["LlamaForCausalLm"]))).findings[0]
    assert finding.help.startswith("listed is `LlamaForCausalLM`")


@pytest.mark.parametrize("wished", [ModelType.CHAT, ModelType.VISION, ModelType.MULTIMODAL])
def test_a_multimodal_model_may_be_deployed_as_what_it_includes(wished: ModelType) -> None:
    """A model that chats and sees may be wished as chat, as vision or as both."""
    facts = config(architectures=["LlavaForConditionalGeneration"], vision_config={"hidden_size": 8})
    facts = with_files(facts, "preprocessor_config.json")
    assert () == run_rules(subject(facts, prediction=SEES, wish=Wish(model_type=wished))).findings


def test_an_embedding_name_wished_as_chat_names_what_it_is() -> None:
    """The help says which type to write."""
    facts = config(architectures=["BertModel"])
    found = {
        item.rule: item
        for item in run_rules(subject(facts, prediction=EMBEDS, wish=Wish(model_type=ModelType.CHAT))).findings
    }
    assert {"architecture-listed-for-another-type", "model-type-mismatch"} == set(found)
    assert found["architecture-listed-for-another-type"].help.startswith("set `type` to embedding, or")


def test_a_listed_reranker_is_said_once() -> None:
    """A name of the list that serves no type of the contract is one finding, not two."""
    facts = config(architectures=["BertForSequenceClassification"])
    assert ["model-type-unsupported"] == [finding.rule for finding in run_rules(subject(facts)).findings]


def test_a_reranker_is_served_where_no_contract_forbids_it() -> None:
    """The engine itself serves rerankers."""
    facts = config(architectures=["BertForSequenceClassification"])
    assert () == run_rules(subject(facts, contract=VLLM)).findings


@pytest.mark.parametrize("value", [None, "LlamaForCausalLM", [], [7], [""], {"a": "b"}])
def test_architectures_of_another_shape_are_refused_once(value: JsonValue) -> None:
    """Whatever stands there instead of a list of names is one finding."""
    facts = config(architectures=value)
    assert ["architectures-missing"] == [finding.rule for finding in run_rules(subject(facts)).findings]


def test_a_class_that_vllm_infers_is_enough_without_a_contract() -> None:
    """The engine takes the class of a known model type when the list is missing."""
    assert () == run_rules(subject(config(CHAT, architectures=None), contract=VLLM)).findings


def test_a_type_that_nobody_wished_is_not_to_be_set() -> None:
    """The help speaks of `type` only where the stack states one."""
    finding = run_rules(subject(config(architectures=["MistralForCausalLM"]), prediction=EMBEDS)).findings[0]
    assert "choose a model whose architecture is listed for embedding" == finding.help


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LlamaForCausalLM", "set `type` to chat, or leave it out"),
        ("BertForSequenceClassification", "leave `type` out, or choose another model"),
    ],
)
def test_the_help_for_another_type_names_only_types_of_the_contract(name: str, expected: str) -> None:
    """Nobody is told to write a type that no stack can have."""
    wish = Wish(model_type=ModelType.EMBEDDING)
    found = run_rules(subject(config(architectures=[name]), wish=wish, contract=VLLM)).findings
    assert [expected] == [finding.help for finding in found if finding.rule == "model-type-mismatch"]
