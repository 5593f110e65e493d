"""The stack's policy: licences, pinning, tokens, custom code, notices, scans."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.rules.build import CHAT, CHATS, MANAGED, VLLM, config, subject, with_files
from validation.contracts.contract import Notice
from validation.engine.prediction import Support
from validation.facts import Ancestor, Gating, Origin, RepositoryState, SecurityScan, TokenRole
from validation.finding import Finding, Outcome, Severity
from validation.jsontext import JsonObject
from validation.rules.rule import Subject
from validation.rules.run import run_rules
from validation.wish import Licences, Serving, Wish

_END = date(2027, 6, 30)
_ENDING = replace(MANAGED, notices=(Notice(ends=_END, architecture="LlamaForCausalLM"),))


def _found(made: Subject, rule: str) -> Finding | None:
    return next((finding for finding in run_rules(made).findings if finding.rule == rule), None)


@pytest.mark.parametrize(
    ("today", "severity"),
    [
        (_END - timedelta(days=91), None),
        (_END - timedelta(days=90), Severity.WARNING),
        (_END, Severity.WARNING),
        (_END + timedelta(days=1), Severity.ERROR),
    ],
)
def test_a_notice_warns_from_three_months_before_and_fails_after(today: date, severity: Severity | None) -> None:
    """The contract gives three months; the last day still belongs to them."""
    found = _found(subject(contract=_ENDING, today=today), "architecture-ending")
    assert severity == (found.severity if found else None)


def test_an_engine_notice_leaves_other_versions_alone() -> None:
    """A notice for versions below 0.30 says nothing to one on 0.33."""
    contract = replace(MANAGED, notices=(Notice(ends=date(2026, 1, 1), engine="<0.30"),))
    assert () == run_rules(subject(contract=contract)).findings


def test_an_unpinned_revision_is_an_error_where_the_stack_says_so() -> None:
    """A stack may require a commit for each model."""
    found = _found(subject(replace(CHAT, revision=""), wish=Wish(require_pinned=True)), "revision-unpinned")
    assert found is not None
    assert (Severity.ERROR, f"set `revision` to {CHAT.commit}") == (found.severity, found.help)


@pytest.mark.parametrize("origin", [Origin.FOLDER, Origin.LOCK])
def test_a_folder_and_a_lock_need_no_pin(origin: Origin) -> None:
    """A folder has no commit, and a lock is one."""
    assert "revision-unpinned" in run_rules(subject(replace(CHAT, revision="", origin=origin))).skipped


def test_a_listed_acceptance_decides_over_the_token() -> None:
    """Where the organisation lists what it accepted, another gated model is an error."""
    facts = replace(CHAT, gating=Gating.MANUAL)
    wish = Wish(licences=Licences(accepted=frozenset({"acme/other"})))
    found = _found(subject(facts, wish=wish), "licence-not-accepted")
    assert found is not None
    assert Severity.ERROR is found.severity


def test_a_listed_acceptance_needs_no_token() -> None:
    """A gated model from a lock passes when the organisation lists it, in whatever case."""
    facts = replace(CHAT, gating=Gating.MANUAL, origin=Origin.LOCK, token_role=TokenRole.NONE)
    wish = Wish(licences=Licences(accepted=frozenset({"Acme/Tiny-Chat"})))
    assert _found(subject(facts, wish=wish), "licence-not-accepted") is None


def test_the_name_of_another_licence_can_be_denied() -> None:
    """A licence of the model's own has the id `other` and a name."""
    facts = replace(CHAT, licence="other", licence_name="acme-research")
    wish = Wish(licences=Licences(deny=frozenset({"acme-research"})))
    assert _found(subject(facts, wish=wish), "licence-denied") is not None


def test_an_allow_list_refuses_a_model_without_a_licence() -> None:
    """What states nothing is on no list."""
    wish = Wish(licences=Licences(allow=frozenset({"mit"})))
    found = _found(subject(replace(CHAT, licence=""), wish=wish), "licence-not-allowed")
    assert found is not None
    assert "a model without a stated licence is not on the stack's allow list" == found.message


def test_a_reported_file_that_is_never_loaded_is_a_warning() -> None:
    """A pickle beside safetensors says something about the repository, and does nothing in the server."""
    scan = SecurityScan(finished=True, flagged=(("pytorch_model.bin", "unsafe"),))
    found = _found(subject(with_files(replace(CHAT, security=scan), "pytorch_model.bin")), "security-scan-flagged")
    assert found is not None
    assert Severity.WARNING is found.severity


@pytest.mark.parametrize(
    ("support", "outcome"), [(Support.YES, Outcome.FAILED), (Support.UNKNOWN, Outcome.UNKNOWN), (Support.NO, None)]
)
def test_custom_code_fails_only_where_it_is_needed(support: Support, outcome: Outcome | None) -> None:
    """What cannot be decided from the files is unknown, and not an error."""
    facts = config(auto_map={"AutoConfig": "configuration.Config"})
    found = _found(subject(facts, prediction=replace(CHATS, remote_code=support)), "custom-code-needed")
    assert outcome == (found.outcome if found else None)


def test_trust_in_code_is_refused_where_the_contract_runs_none() -> None:
    """The server would be started with it, though nothing needs it today: the next commit might."""
    wish = Wish(serving=Serving(trust_remote_code=True))
    message = "`trustRemoteCode` is set, and Scaleway Managed Inference runs no code of a repository"
    managed, vllm = (
        _found(subject(contract=contract, wish=wish), "custom-code-needed") for contract in (MANAGED, VLLM)
    )

    assert (message, None) == (managed and managed.message, vllm)


def test_trusted_code_is_a_warning_without_a_contract() -> None:
    """Who runs the engine may run the model's code, and is told."""
    wish = Wish(serving=Serving(trust_remote_code=True))
    needing = replace(CHATS, remote_code=Support.YES)
    severities = [
        finding.severity
        for contract in (VLLM, MANAGED)
        for finding in run_rules(subject(contract=contract, wish=wish, prediction=needing)).findings
    ]
    assert [Severity.WARNING, Severity.ERROR] == severities


@pytest.mark.parametrize(
    "changes",
    [
        {"_attn_implementation": "flash_attention_2"},
        {"vision_config": {"deep": [{"_attn_implementation": "mallory/kernel"}]}},
        {"_attn_implementation": {"": "sdpa", "text_config": "mallory/kernel"}},
        {"attn_implementation": "mallory/kernel@main:forward"},
        {"_experts_implementation": "mallory/kernel"},
    ],
)
def test_an_attention_implementation_is_refused_wherever_it_stands(changes: JsonObject) -> None:
    """Nested keys, lists, the public spelling with a repository, and the one for experts are all found."""
    found = run_rules(subject(config(CHAT, **changes))).findings
    assert ["attention-implementation-set"] == [finding.rule for finding in found]


@pytest.mark.parametrize(
    "changes", [{"_attn_implementation_autoset": True}, {"attn_implementation": "sdpa"}, {"_attn_implementation": None}]
)
def test_what_names_no_code_is_left_alone(changes: JsonObject) -> None:
    """Llama 4 carries the flag and GLM-4 the public spelling, and neither fetches anything."""
    assert () == run_rules(subject(config(CHAT, **changes))).findings


def test_a_tokenizer_stored_in_another_way_is_not_compared() -> None:
    """A git blob id and a sha256 of the same file differ, and say nothing."""
    facts = replace(CHAT, ancestors=(Ancestor(repository="acme/base", tokenizer="9" * 64),))
    assert "tokenizer-differs-from-base" in run_rules(subject(facts)).skipped


def test_a_missing_repository_without_a_token_asks_for_one() -> None:
    """A private repository reads as a missing one to who has no token."""
    facts = replace(CHAT, state=RepositoryState.NOT_FOUND, token_role=TokenRole.NONE)
    finding = run_rules(subject(facts)).findings[0]
    assert "no repository `acme/tiny-chat`" == finding.message
    assert "if the repository is private, set `slipway:huggingFaceToken`" in finding.help


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("model.safetensors", Severity.ERROR),
        ("other.safetensors", Severity.WARNING),
        ("tokenizer_config.json", Severity.ERROR),
        ("onnx/config.json", Severity.WARNING),
        ("modeling_acme.py", Severity.WARNING),
    ],
)
def test_what_the_server_reads_decides_how_heavy_a_report_is(path: str, severity: Severity) -> None:
    """A reported file counts as loaded when the engine picks it or the server parses it."""
    scan = SecurityScan(finished=True, flagged=((path, "suspicious"),))
    found = _found(subject(replace(CHAT, security=scan)), "security-scan-flagged")
    assert found is not None
    assert severity is found.severity


def test_reported_code_counts_as_loaded_where_it_is_trusted() -> None:
    """Who lets the model's code run reads a report on it as an error."""
    scan = SecurityScan(finished=True, flagged=(("modeling_acme.py", "unsafe"),))
    wish = Wish(serving=Serving(trust_remote_code=True))
    found = _found(subject(replace(CHAT, security=scan), contract=VLLM, wish=wish), "security-scan-flagged")
    assert found is not None
    assert (Severity.ERROR, "choose another repository") == (found.severity, found.help)


@pytest.mark.parametrize(
    ("count", "end"), [(5, "4.pt as unsafe, never loaded"), (7, "4.pt as unsafe and 2 more, never loaded")]
)
def test_a_report_names_five_files_at_most(count: int, end: str) -> None:
    """A repository full of pickles gets a message of one line."""
    scan = SecurityScan(finished=True, flagged=tuple((f"{number}.pt", "unsafe") for number in range(count)))
    found = _found(subject(replace(CHAT, security=scan)), "security-scan-flagged")
    assert found is not None
    assert found.message.endswith(end)


def test_a_notice_for_the_version_asked_for_counts() -> None:
    """The stack's own version decides, not that of the nearest table."""
    contract = replace(MANAGED, notices=(Notice(ends=date(2026, 1, 1), engine=">=0.34"),))
    made = subject(contract=contract)
    found = _found(replace(made, engine=replace(made.engine, asked="0.34.1")), "engine-ending")
    assert found is not None
    assert "support for vLLM >=0.34 ended on 2026-01-01" == found.message
