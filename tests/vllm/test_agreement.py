"""The prediction against what vLLM 0.32.0 itself answered for the same configuration files."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fixtures.configs import real_configs
from tests.vllm import oracle
from tests.vllm.models import TABLE
from validation.engine.predict import predict
from validation.engine.prediction import Prediction, Support

Fields = Callable[[dict[str, Any]], object]
Answers = Callable[[Prediction], object]
CHECKS: dict[str, tuple[Fields, Answers]] = {
    "max_model_len": (lambda row: row["max_model_len"], lambda answer: answer.max_model_len),
    "architecture": (lambda row: row["architecture"], lambda answer: answer.architecture),
    "runner": (lambda row: (row["runner_type"], row["convert_type"]), lambda answer: (answer.runner, answer.convert)),
    "multimodal": (lambda row: row["is_multimodal"], lambda answer: answer.multimodal),
    "dtype": (lambda row: row["dtype"], lambda answer: answer.dtype),
    "backend": (lambda row: row["transformers_backend"], lambda answer: answer.transformers_backend),
}
ACCEPTED: dict[str, tuple[Fields, Answers]] = {
    "quantization": (lambda row: row["quantization"] or "", lambda answer: answer.quantization),
    "kv_cache_dtype": (lambda row: row["kv_cache_dtype"] or "auto", lambda answer: answer.kv_cache_dtype),
    "remote_code": (lambda row: row["needs_trust_remote_code"], lambda answer: answer.remote_code is Support.YES),
}
# Kimi-K3's class drops `model_max_length` before vLLM looks: the same length, under another key.
KNOWN_KEYS = {"moonshotai/Kimi-K3"}


def differences(check: tuple[Fields, Answers], rows: list[dict[str, Any]]) -> dict[str, tuple[object, object]]:
    """Return the models where the prediction is not what vLLM said, with both answers."""
    of_row, of_answer = check
    pairs = {row["model"]: (of_row(row), of_answer(predict(real_configs()[row["model"]], TABLE))) for row in rows}
    return {model: pair for model, pair in pairs.items() if pair[0] != pair[1]}


def test_there_is_enough_to_compare() -> None:
    """The fixture holds both verdicts, many times."""
    verdicts = [row["supported"] for row in oracle.rows()]

    assert (119, 22) == (verdicts.count("yes"), verdicts.count("no"))


def test_the_verdict_is_vllms() -> None:
    """Every model that vLLM loads is predicted to load, every refused one to be refused."""
    check = (lambda row: row["supported"], lambda answer: str(answer.supported))

    assert {} == differences(check, list(oracle.rows()))


@pytest.mark.parametrize("name", CHECKS)
def test_what_vllm_derives_is_predicted(name: str) -> None:
    """Each derived value is vLLM's wherever its configuration stage passed."""
    rows = [row for row in oracle.rows() if row["architecture"]]

    assert {} == differences(CHECKS[name], rows)


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_vllm_decides_for_accepted_models_is_predicted(name: str) -> None:
    """Each decision on a model that loads is vLLM's."""
    rows = [row for row in oracle.rows() if row["supported"] == "yes"]

    assert {} == differences(ACCEPTED[name], rows)


def test_the_key_of_the_length_is_vllms() -> None:
    """The key that the length comes from is the one that vLLM names."""
    check = (lambda row: row["derived_len_key"][1] or "", lambda answer: answer.max_model_len_key)
    rows = [row for row in oracle.rows() if row["derived_len_key"]]

    assert KNOWN_KEYS == set(differences(check, rows))
