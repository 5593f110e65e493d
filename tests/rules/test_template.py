"""Where chat templates may stand, and when they are asked for."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rules.build import (
    CHAT,
    CHATS,
    EMBEDS,
    TEMPLATE,
    VLLM,
    broken,
    config,
    document,
    subject,
    text,
    tokenizer_config,
    unread,
)
from validation.facts import RepositoryFacts, Text
from validation.finding import Outcome, Severity
from validation.jsontext import JsonValue
from validation.rules.run import run_rules

_BARE = tokenizer_config(None)


def _names(facts: RepositoryFacts) -> list[str]:
    return [finding.rule for finding in run_rules(subject(facts)).findings]


@pytest.mark.parametrize(
    "facts",
    [
        tokenizer_config(TEMPLATE),
        tokenizer_config([{"name": "default", "template": TEMPLATE}, {"name": "tool_use", "template": TEMPLATE}]),
        document(_BARE, "chat_template.json", {"chat_template": TEMPLATE}),
        text("chat_template.jinja", TEMPLATE),
    ],
    ids=["field", "named", "json file", "jinja file and field"],
)
def test_every_accepted_place_passes(facts: RepositoryFacts) -> None:
    """The field as a text or a list, the JSON file, and a file beside the field are accepted."""
    assert [] == _names(facts)


def test_an_embedding_model_needs_no_template() -> None:
    """The contract asks for a template without exception, which embedding models never use."""
    facts = replace(config(_BARE, architectures=["BertModel"]), pipeline_tag="sentence-similarity")
    assert () == run_rules(subject(facts, prediction=EMBEDS)).findings


def test_the_jinja_file_is_accepted_by_vllm_s_contract() -> None:
    """The engine reads chat_template.jinja, where today's transformers saves it."""
    assert () == run_rules(subject(text("chat_template.jinja", TEMPLATE, _BARE), contract=VLLM)).findings


def test_without_a_contract_a_missing_template_is_a_warning() -> None:
    """The engine starts without one and still completes texts."""
    found = run_rules(subject(_BARE, contract=VLLM)).findings
    assert [("chat-template-missing", Severity.WARNING)] == [(item.rule, item.severity) for item in found]


def test_a_template_that_could_not_be_read_is_unknown() -> None:
    """An outage while tokenizer_config.json is fetched is no missing template."""
    found = run_rules(subject(unread("tokenizer_config.json"))).findings
    assert [("chat-template-missing", Outcome.UNKNOWN)] == [(item.rule, item.outcome) for item in found]


@pytest.mark.parametrize("value", [7, "", "  ", [], {}, [{"name": "default"}], [7], {"tool_use": TEMPLATE}])
def test_a_field_that_is_no_template_is_malformed(value: JsonValue) -> None:
    """A text, or named texts with a default: nothing else."""
    assert ["chat-template-malformed"] == _names(tokenizer_config(value))


def test_a_broken_tokenizer_config_is_said_once() -> None:
    """A malformed file is not also a missing template."""
    assert ["json-malformed"] == _names(broken("tokenizer_config.json"))


def test_a_jinja_file_that_is_no_text_is_malformed() -> None:
    """A chat_template.jinja that is not UTF-8 fails, although the field would be there."""
    problem = Text(path="chat_template.jinja", problem="is not UTF-8 at byte 0")
    assert ["chat-template-malformed"] == _names(replace(CHAT, texts={"chat_template.jinja": problem}))


def test_each_named_template_is_read() -> None:
    """A template for tools can be as hostile as the default one."""
    named: JsonValue = [{"name": "default", "template": TEMPLATE}, {"name": "tool_use", "template": "{{ x.__init__ }}"}]
    finding = run_rules(subject(tokenizer_config(named))).findings[0]
    assert "chat template `tool_use` reaches for `__init__`, an internal of Python, at its line 1" == finding.message


def test_the_place_of_a_fault_in_a_jinja_file_has_its_line() -> None:
    """In a file of its own the template's line is the file's."""
    facts = text("chat_template.jinja", "{{ a }}\n{{ b.__class__ }}", document(CHAT, "tokenizer_config.json", {}))
    places = [str(finding.where) for finding in run_rules(subject(facts, contract=VLLM, prediction=CHATS)).findings]
    assert ["chat_template.jinja:2"] == places


def test_a_template_in_the_processor_s_file_is_not_where_the_contract_reads() -> None:
    """An old processor keeps its template in processor_config.json, which only vLLM's contract accepts."""
    facts = document(_BARE, "processor_config.json", {"chat_template": TEMPLATE})
    assert ["chat-template-unaccepted-place"] == _names(facts)
    assert () == run_rules(subject(facts, contract=VLLM)).findings


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            text("chat_template.jinja", TEMPLATE, _BARE),
            "put its text under `chat_template` in tokenizer_config.json: python -c",
        ),
        (
            document(_BARE, "processor_config.json", {"chat_template": TEMPLATE}),
            "save it under `chat_template` in tokenizer_config.json",
        ),
    ],
)
def test_the_help_says_how_to_convert(facts: RepositoryFacts, expected: str) -> None:
    """For a file of its own the help is a command; for a field it is the place to move it to."""
    assert run_rules(subject(facts)).findings[0].help.startswith(expected)


def test_the_command_of_the_help_converts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the help tells to type writes the template into tokenizer_config.json."""
    finding = run_rules(subject(text("chat_template.jinja", TEMPLATE, _BARE))).findings[0]
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE)
    (tmp_path / "tokenizer_config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    command = shlex.split(finding.help.partition(": ")[2])
    subprocess.run([sys.executable, *command[1:]], check=True)  # noqa: S603 - the command is this project's own
    assert {"chat_template": TEMPLATE} == json.loads((tmp_path / "tokenizer_config.json").read_text())


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            replace(CHAT, texts={"chat_template.jinja": Text(path="chat_template.jinja", value=" ")}),
            "chat_template.jinja is empty",
        ),
        (
            replace(
                CHAT, texts={"chat_template.jinja": Text(path="chat_template.jinja", problem="is not UTF-8 at byte 0")}
            ),
            "chat_template.jinja is not UTF-8 at byte 0",
        ),
        (broken("chat_template.json"), "chat_template.json is not JSON: expecting value"),
        (document(CHAT, "chat_template.json", {}), "`chat_template` in chat_template.json is missing"),
    ],
)
def test_a_malformed_place_says_what_is_wrong(facts: RepositoryFacts, expected: str) -> None:
    """The message has the file and its fault."""
    assert expected == run_rules(subject(facts)).findings[0].message


def test_a_template_that_is_too_large_has_no_line() -> None:
    """A fault of the whole text names no line of it."""
    finding = run_rules(subject(tokenizer_config("x" * (1 << 19)))).findings[0]
    assert ("chat template has 512 KiB, more than 256 KiB", "correct the template") == (finding.message, finding.help)


def test_rules_on_the_text_are_skipped_where_there_is_none() -> None:
    """An embedding model without a template has not passed a rule on its template."""
    facts = replace(config(_BARE, architectures=["BertModel"]), pipeline_tag="sentence-similarity")
    assert "chat-template-syntax" in run_rules(subject(facts, prediction=EMBEDS)).skipped


def test_a_template_of_the_folder_for_others_is_read() -> None:
    """Named templates of additional_chat_templates are checked like the default one."""
    facts = text("additional_chat_templates/rag.jinja", "{{ x.__class__ }}")
    finding = run_rules(subject(facts)).findings[0]
    assert "additional_chat_templates/rag.jinja:1" == str(finding.where)
