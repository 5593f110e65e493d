"""Which tokenizer files are enough."""

from dataclasses import replace

import pytest

from tests.rules.build import CHAT, VLLM, subject, with_files, without
from validation.rules.run import run_rules

_BARE = without("tokenizer.json")


@pytest.mark.parametrize("path", ["tokenizer.model", "tekken.json", "tokenizer.model.v3", "qwen.tiktoken", "vocab.txt"])
def test_another_tokenizer_is_enough_without_a_contract(path: str) -> None:
    """The engine builds slow tokenizers, tiktoken's and Mistral's; Managed Inference wants tokenizer.json."""
    facts = with_files(_BARE, path)
    assert () == run_rules(subject(facts, contract=VLLM)).findings
    assert [f"tokenizer.json is missing, there is {path} only"] == [
        finding.message for finding in run_rules(subject(facts)).findings
    ]


def test_no_tokenizer_at_all_is_refused_by_either_contract() -> None:
    """Without a tokenizer no server starts."""
    assert ["tokenizer-missing"] == [finding.rule for finding in run_rules(subject(_BARE, contract=VLLM)).findings]


def test_an_empty_tokenizer_is_as_good_as_none() -> None:
    """An upload that broke off leaves a file of 0 bytes under the right name."""
    files = tuple(replace(file, size=0) if file.path == "tokenizer.json" else file for file in CHAT.files)
    found = run_rules(subject(replace(CHAT, files=files))).findings
    assert [("tokenizer-missing", "tokenizer.json is empty")] == [(finding.rule, finding.message) for finding in found]
