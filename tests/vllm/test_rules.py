"""The rules on what the engine version makes of the model."""

from dataclasses import replace

import pytest

from tests.rules import build
from validation.engine.predict import predict
from validation.engine.prediction import Prediction, Support
from validation.engine.table import EngineTable
from validation.engine.tables import load_engine
from validation.finding import Outcome
from validation.rules.engine import RULES
from validation.rules.rule import Answer, Rule, Subject
from validation.wish import Serving, Wish

NEWEST = load_engine("0.33.0")
BY_NAME = {rule.name: rule for rule in RULES}
DROPPED = build.config(architectures=["BaichuanForCausalLM"])


def subject(
    table: EngineTable = NEWEST, prediction: Prediction | None = None, serving: Serving | None = None, **changes: str
) -> Subject:
    """Return a small Llama on an engine, with keys of config.json changed and wishes made."""
    facts = build.config(build.CHAT, **changes)
    wish = Wish(serving=serving or Serving())
    found = build.subject(facts, wish=wish, prediction=prediction or predict(facts, table, wish))
    return replace(found, engine=table)


FAILING = {
    "engine-version-unknown": (
        subject(load_engine("0.31.0")),
        "vLLM 0.31.0 has no table of its own, the one of 0.30.0 was used",
        "set engine.version to 0.30.0",
    ),
    "engine-below-security-floor": (
        subject(load_engine("0.19.1")),
        "vLLM 0.19.1 is open to CVE-2026-48746: the API key can be bypassed",
        "set engine.version to 0.22.0 or newer",
    ),
    "engine-supports-model": (
        subject(prediction=predict(DROPPED, NEWEST)),
        "`BaichuanForCausalLM` was removed from vLLM after 0.23.0; this is 0.33.0",
        "choose a model of another architecture, or set engine.version to 0.24.0",
    ),
    "quantization-not-in-engine": (
        subject(prediction=predict(build.config(quantization_config={"quant_method": "gguf"}), NEWEST)),
        "the engine has no quantization method `gguf`",
        "choose a checkpoint in one of `compressed-tensors`, `fp8`, `awq`, `gptq`",
    ),
    "context-above-model": (
        subject(serving=Serving(max_model_len=8192)),
        "a context of 8192 tokens is wished for, the model's configuration allows 4096 (`max_position_embeddings`)",
        "set maxModelLen to 4096",
    ),
    "dtype-not-for-model": (
        subject(serving=Serving(dtype="float16"), model_type="gemma2"),
        "vLLM does not serve `gemma2` models in float16",
        "set dtype to bfloat16, or leave it out",
    ),
}


def answers(rule: Rule, of: Subject) -> list[Answer]:
    """Return what the rule says, skipped answers left out."""
    return [answer for answer in rule.check(of) if answer.outcome is not Outcome.SKIPPED]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_finds_its_fault(name: str) -> None:
    """Each rule names the fault with its numbers, and the value to type."""
    of, message, fix = FAILING[name]

    assert [(message, fix)] == [(answer.message, answer.help) for answer in answers(BY_NAME[name], of)]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_rule_leaves_a_good_model_alone(name: str) -> None:
    """Nothing is said of a small Llama on the newest engine."""
    assert [] == answers(BY_NAME[name], subject())


def test_what_cannot_be_decided_is_unknown() -> None:
    """An undecided prediction fails nothing."""
    found = answers(BY_NAME["engine-supports-model"], subject(prediction=Prediction(supported=Support.UNKNOWN)))

    assert [Outcome.UNKNOWN] == [answer.outcome for answer in found]


def test_a_refused_quantization_is_said_once() -> None:
    """The rule on quantization speaks, the one on support stays silent."""
    of, _, _ = FAILING["quantization-not-in-engine"]

    assert [] == answers(BY_NAME["engine-supports-model"], of)


def test_a_wished_method_must_exist() -> None:
    """A method from the stack file is looked up, and not echoed."""
    found = answers(BY_NAME["quantization-not-in-engine"], subject(serving=Serving(quantization="made-up")))

    assert ["vLLM 0.33.0 has no quantization method of the wished name"] == [answer.message for answer in found]


def test_a_longrope_model_may_be_asked_for_its_full_length() -> None:
    """The longest length counts, not the one that vLLM starts with."""
    longrope = replace(predict(build.CHAT, NEWEST), max_model_len=4096, max_model_len_limit=131072)
    of = subject(prediction=longrope, serving=Serving(max_model_len=131072))

    assert [] == answers(BY_NAME["context-above-model"], of)
