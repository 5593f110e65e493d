"""Real configurations, the contract's verified models, and whatever hypothesis thinks of."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.configs import real_configs
from tests.rules.build import CHAT, CHATS, MANAGED, TODAY, TOKENIZER_CONFIG, VLLM, document, subject, with_files
from validation.contracts.contract import Contract
from validation.engine.predict import predict
from validation.engine.tables import load_engine
from validation.facts import Ancestor, File, Origin, RepositoryFacts
from validation.finding import Finding, Severity
from validation.jsontext import JsonObject, JsonValue
from validation.model import summarize
from validation.rules.rule import Subject
from validation.rules.run import RuleResults, run_rules
from validation.wish import ModelType, Wish

_SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_NAMES = (
    "architectures max_position_embeddings text_config vision_config auto_map _attn_implementation model_type "
    "quantization_config torch_dtype chat_template weight_map modules sections"
)
_KEYS = st.sampled_from(_NAMES.split())


def _run(facts: RepositoryFacts, contract: Contract = MANAGED) -> RuleResults:
    table = load_engine("0.33.0")
    prediction = predict(facts, table)
    return run_rules(
        Subject(
            facts=facts,
            contract=contract,
            wish=Wish(),
            today=TODAY,
            model=summarize(facts, contract, prediction),
            engine=table,
            prediction=prediction,
        )
    )


def _faults(results: RuleResults) -> list[Finding]:
    return [finding for finding in results.findings if "the rule itself failed" in finding.message]


@pytest.mark.parametrize("contract", [MANAGED, VLLM], ids=lambda contract: contract.name)
def test_no_rule_fails_itself_over_real_configurations(contract: Contract) -> None:
    """Each of the 146 real repositories gets an answer from every rule under both contracts."""
    faults = {name: found for name, facts in real_configs().items() if (found := _faults(_run(facts, contract)))}
    assert {} == faults


def _verified(repository: str, architecture: str, *, sees: bool = False, **changes: JsonValue) -> RepositoryFacts:
    """Return a repository with the files that the verified model has."""
    known = real_configs().get(repository)
    config: JsonObject = {**CHAT.config, "architectures": [architecture], **changes}
    facts = replace(CHAT, repository=repository, source=f"hf://{repository}")
    facts = document(facts, "config.json", known.config if known else config)
    facts = document(
        facts, "tokenizer_config.json", known.document("tokenizer_config.json") if known else TOKENIZER_CONFIG
    )
    return with_files(facts, "preprocessor_config.json") if sees else facts


_VERIFIED = (
    _verified(
        "ibm-granite/granite-vision-3.2-2b",
        "LlavaNextForConditionalGeneration",
        sees=True,
        model_type="llava_next",
        max_position_embeddings=None,
        vision_config={"model_type": "siglip_vision_model"},
        text_config={
            "model_type": "granite",
            "architectures": ["GraniteForCausalLM"],
            "max_position_embeddings": 131072,
        },
    ),
    _verified("ibm-granite/granite-3.3-2b-instruct", "GraniteForCausalLM", model_type="granite"),
    _verified("microsoft/phi-4", "Phi3ForCausalLM", model_type="phi3"),
    _verified(
        "nanonets/Nanonets-OCR-s",
        "Qwen2_5_VLForConditionalGeneration",
        sees=True,
        model_type="qwen2_5_vl",
        vision_config={"model_type": "qwen2_5_vl", "depth": 32},
    ),
    _verified("Qwen/Qwen3-32B", "Qwen3ForCausalLM"),
)


@pytest.mark.parametrize("facts", _VERIFIED, ids=lambda facts: facts.repository)
def test_the_models_that_the_contract_has_verified_pass(facts: RepositoryFacts) -> None:
    """The contract's own examples have no error, although one of them is not on its list."""
    errors = [finding.message for finding in _run(facts).findings if finding.severity is Severity.ERROR]
    assert [] == errors


def test_the_contract_has_verified_exactly_these() -> None:
    """Nothing verified is left untested."""
    assert set(MANAGED.verified) == {facts.repository for facts in _VERIFIED}


def test_a_fine_tune_of_a_verified_model_passes() -> None:
    """A model made from Qwen/Qwen3-32B with the same architecture is served as that one is."""
    ancestor = Ancestor(repository="Qwen/Qwen3-32B", architectures=("Qwen3ForCausalLM",), relation="finetune")
    facts = replace(_VERIFIED[-1], repository="acme/qwen-tuned", ancestors=(ancestor,))
    assert "architecture-not-listed" in _run(facts).passed


@given(st.dictionaries(_KEYS | st.text(max_size=8), _VALUES, max_size=6), st.dictionaries(_KEYS, _VALUES, max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_rule_fails_itself_over_any_json(config: JsonObject, other: JsonObject) -> None:
    """Whatever objects the JSON files hold, each rule answers."""
    facts = with_files(CHAT, *_SHARDS)
    for path in ("tokenizer_config.json", "chat_template.json", "modules.json", "preprocessor_config.json"):
        facts = document(facts, path, other)
    facts = document(document(facts, "model.safetensors.index.json", other), "config.json", config)
    assert [] == _faults(run_rules(subject(facts))) + _faults(run_rules(subject(facts, contract=VLLM)))


@given(st.lists(st.text(max_size=30), max_size=12))
@settings(max_examples=100, deadline=None)
def test_no_rule_fails_itself_over_any_file_names(paths: list[str]) -> None:
    """Whatever the files are called, each rule answers."""
    facts = replace(CHAT, files=tuple(File(path=path) for path in paths), origin=Origin.FOLDER)
    assert [] == _faults(run_rules(subject(facts)))


@given(st.text(max_size=200) | st.text(alphabet="{}%#-_|.()[]'\"0123456789 ifforendrangex\n", max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_rule_fails_itself_over_any_template(template: str) -> None:
    """Whatever the chat template holds, each rule answers."""
    facts = document(CHAT, "tokenizer_config.json", {"chat_template": template})
    assert [] == _faults(run_rules(subject(facts, prediction=CHATS, wish=Wish(model_type=ModelType.CHAT))))
