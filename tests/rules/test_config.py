"""What config.json must say, and what helps where it does not."""

from dataclasses import replace

import pytest

from tests.rules.build import CHAT, CHATS, MANAGED, VLLM, config, subject, unread, with_files, without
from validation.facts import Document, File, RepositoryFacts
from validation.finding import Outcome
from validation.jsontext import JsonValue
from validation.rules.run import run_rules

_BARE = without("config.json")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (_BARE, "save the model with `model.save_pretrained(folder)`, which writes config.json"),
        (with_files(_BARE, "adapter_config.json"), "merge the adapter into its base model"),
        (with_files(_BARE, "model_index.json"), "this is a diffusers pipeline"),
        (with_files(_BARE, "hf/config.json"), "move the model's files from `hf/` to the top"),
    ],
)
def test_the_help_for_a_missing_config_looks_at_what_is_there(facts: RepositoryFacts, expected: str) -> None:
    """An adapter, a pipeline and a nested model each get their own advice."""
    finding = run_rules(subject(facts)).findings[0]
    assert "config-missing" == finding.rule
    assert finding.help.startswith(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("MistralForCausalLM", "MistralForCausalLM"), ([], "LlamaForCausalLM"), ("a\nb", "LlamaForCausalLM")],
)
def test_the_class_to_write_is_the_one_that_was_meant(value: JsonValue, expected: str) -> None:
    """Neither a text in place of a list nor a chat template leads to the class without a head."""
    inferred = replace(CHATS, architecture="LlamaModel", runner="pooling")
    finding = run_rules(subject(config(architectures=value), prediction=inferred)).findings[0]
    assert "architectures-missing" == finding.rule
    assert finding.help.endswith(f'`"architectures": ["{expected}"]`')


def test_mistral_s_own_format_needs_no_config_without_a_contract() -> None:
    """The engine reads params.json; Managed Inference wants config.json all the same."""
    mistral = replace(CHATS, config_format="mistral")
    rules = [
        [finding.rule for finding in run_rules(subject(_BARE, contract=contract, prediction=mistral)).findings]
        for contract in (VLLM, MANAGED)
    ]
    assert "config-missing" not in rules[0]
    assert "config-missing" in rules[1]


def test_a_missing_config_is_missing_without_a_contract_too() -> None:
    """Only Mistral's format does without it."""
    assert "config-missing" == run_rules(subject(_BARE, contract=VLLM)).findings[0].rule


def test_a_config_that_could_not_be_read_is_unknown() -> None:
    """An outage while config.json is fetched says nothing about it."""
    found = run_rules(subject(unread("config.json"))).findings
    assert [("config-malformed", Outcome.UNKNOWN)] == [(item.rule, item.outcome) for item in found]


def test_a_config_that_was_not_fetched_is_unknown() -> None:
    """A file that is listed and has no document was never looked at."""
    facts = replace(_BARE, files=(*_BARE.files, File(path="config.json")))
    assert Outcome.UNKNOWN is run_rules(subject(facts)).findings[0].outcome


def test_null_is_no_list_of_names() -> None:
    """A key that is there and empty is not called missing."""
    finding = run_rules(subject(replace(config(), documents=_null_architectures()))).findings[0]
    assert "`architectures` is not an array of names in config.json" == finding.message


def _null_architectures() -> dict[str, Document]:
    documents = dict(config().documents)
    value = {**config().config, "architectures": None}
    return {**documents, "config.json": Document(path="config.json", value=value)}


@pytest.mark.parametrize(("known", "shown"), [("Qwen2ForCausalLM", "Qwen2ForCausalLM"), ("", "LlamaForCausalLM")])
def test_the_help_shows_the_class_that_the_engine_infers(known: str, shown: str) -> None:
    """Where the engine knows the class of the model type, that one is shown."""
    facts = config(architectures=None)
    finding = run_rules(subject(facts, prediction=replace(CHATS, architecture=known))).findings[0]
    assert f'`"architectures": ["{shown}"]`' in finding.help


@pytest.mark.parametrize(("known", "shown"), [(2048, 2048), (None, 4096)])
def test_the_help_shows_the_length_that_the_engine_derives(known: int | None, shown: int) -> None:
    """Where the engine derives a length from another key, that one is shown."""
    facts = config(max_position_embeddings=None)
    finding = run_rules(subject(facts, prediction=replace(CHATS, max_model_len=known))).findings[0]
    assert (
        f'add `"max_position_embeddings": {shown}`, or the number of tokens the model was trained for' == finding.help
    )


def test_a_null_length_at_the_top_leaves_the_nested_one() -> None:
    """Some repositories write null where their language part says the length."""
    facts = config(text_config={"max_position_embeddings": 4096})
    value = {**facts.config, "max_position_embeddings": None}
    facts = replace(facts, documents={**facts.documents, "config.json": Document(path="config.json", value=value)})
    assert () == run_rules(subject(facts)).findings


@pytest.mark.parametrize("key", ["n_positions", "seq_length", "model_max_length"])
def test_vllm_s_contract_takes_any_of_the_engine_s_keys(key: str) -> None:
    """The engine derives a length from nine keys, and does without any."""
    facts = config(CHAT, **{"max_position_embeddings": None, key: 1024})
    assert () == run_rules(subject(facts, contract=VLLM)).findings
    assert 1024 == subject(facts, contract=VLLM).model.max_position_embeddings
