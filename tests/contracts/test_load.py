"""Contracts read from YAML: the two of this project, and those of others."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tools.contracts import render
from validation.contracts.contract import Notice
from validation.contracts.load import NAMES, ContractError, load_contract, packaged
from validation.wish import ModelType

_LEAST = 'name: ours\ntitle: Ours\nsource: "a page"\ndate: "2026-11-23"\n'


def _written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "ours.yaml"
    path.write_text(text)
    return str(path)


def test_managed_inference_lists_every_distinct_name_of_its_page() -> None:
    """The page has 123 names, of which 114 are distinct."""
    assert 114 == len(load_contract("managed-inference").architectures)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_made_of_the_yaml(name: str) -> None:
    """`make contracts` makes the JSON anew."""
    assert render(name) == packaged(name, ".json").read_text()


def test_every_listed_name_has_a_type() -> None:
    """The sections of the list say what each name may serve as."""
    counted = Counter(name for types in load_contract("managed-inference").architectures.values() for name in types)
    assert {"chat": 71, "embedding": 20, "multimodal": 27, "vision": 27, "other": 12} == counted


def test_managed_inference_is_dated_and_has_a_source() -> None:
    """Data without a date cannot be trusted."""
    contract = load_contract("managed-inference")
    assert date(2026, 11, 23) == contract.date
    assert contract.source.startswith("https://")


def test_vllm_s_contract_asks_for_less() -> None:
    """Without a deployer neither a list of names nor a length is asked for."""
    contract = load_contract("vllm")
    assert ({}, False, 9, True) == (
        contract.architectures,
        contract.length_required,
        len(contract.length_keys),
        "chat_template.jinja" in contract.chat_template_files,
    )


@pytest.mark.parametrize("name", ["managed-inference", "vllm"])
def test_each_type_has_endpoints_of_the_api(name: str) -> None:
    """A deployment without a path would answer nothing."""
    contract = load_contract(name)
    types = contract.model_types or frozenset(ModelType)
    assert all(path.startswith("/v1/") for kind in types for path in contract.endpoints[kind])
    assert all(contract.endpoints[kind] for kind in types)


def test_a_contract_of_one_s_own_is_read_by_its_path(tmp_path: Path) -> None:
    """What is left out has the defaults of the data class."""
    contract = load_contract(_written(tmp_path, _LEAST + "lengthKeys: [n_positions]\nremoteCode: true\n"))
    assert ("ours", ("n_positions",), True, True) == (
        contract.name,
        contract.length_keys,
        contract.remote_code,
        contract.safetensors_only,
    )


def test_notices_are_read(tmp_path: Path) -> None:
    """A notice names an architecture or engine versions, and the day they end."""
    first = '{ends: "2027-06-30", architecture: GPTJForCausalLM, text: move}'
    contract = load_contract(_written(tmp_path, f'{_LEAST}notices: [{first}, {{ends: "2027-01-01", engine: "<0.30"}}]'))
    assert (
        Notice(ends=date(2027, 6, 30), architecture="GPTJForCausalLM", text="move"),
        Notice(ends=date(2027, 1, 1), engine="<0.30"),
    ) == contract.notices


def test_a_mistyped_name_is_answered_with_the_likely_one() -> None:
    """A name that is no contract and no path gets a hint."""
    with pytest.raises(ContractError, match=r"^no contract `managed-inferrence`, did you mean `managed-inference`"):
        load_contract("managed-inferrence")


def test_an_unlike_name_is_answered_with_all_of_them() -> None:
    """Where nothing is near, the names are listed."""
    with pytest.raises(ContractError, match=r"^no contract `something`; there are `managed-inference`, `vllm`"):
        load_contract("something")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n", "`the contract` is no mapping"),
        ("name: [\n", "is not YAML"),
        (_LEAST.replace("title: Ours\n", ""), "`title` is missing"),
        (_LEAST.replace("2026-11-23", "yesterday"), "`date` is no date"),
        (_LEAST + "architecture: []\n", "unknown key `architecture`, did you mean `architectures`"),
        (_LEAST + "architectures: {}\n", "`architectures` is no list"),
        (_LEAST + "architectures: [{types: [robot], names: [A]}]\n", "holds a type that is none of"),
        (_LEAST + "endpoints: {robot: [/v1]}\n", "unknown key `robot`"),
        (_LEAST + "tokenizerJson: maybe\n", "`tokenizerJson` is neither true nor false"),
        (_LEAST + "noticeDays: -1\n", "`noticeDays` is no number of days"),
        (_LEAST + 'notices: [{ends: "2027-01-01"}]\n', "wants either `architecture` or `engine`"),
        (_LEAST + 'notices: [{ends: "2027-01-01", engine: new}]\n', "`notices.engine` is no version specifier"),
        (_LEAST + "verified: {a/b: 7}\n", "`verified.a/b` is no string"),
    ],
)
def test_a_file_that_is_no_contract_names_the_key(tmp_path: Path, text: str, problem: str) -> None:
    """Each fault has the file and the key in its message."""
    with pytest.raises(ContractError) as caught:
        load_contract(_written(tmp_path, text))
    assert problem in caught.value.reason
    assert "ours.yaml" in caught.value.reason


def test_a_missing_file_is_an_error_of_its_own(tmp_path: Path) -> None:
    """A path without a file raises no OSError."""
    with pytest.raises(ContractError, match="cannot be read: no such file"):
        load_contract(str(tmp_path / "none.yaml"))
