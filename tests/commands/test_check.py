"""``python -m validation check`` as a black box: exit codes, formats, and what never happens."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tests.commands.command import EXAMPLES, ROOT, TIMEOUT, environment, validation
from tests.hub.fixtures import tiny_chat, tiny_chat_files
from tests.hub.repository import Repository
from tests.hub.server import Fault, Hub, Recorded
from tests.output.test_sarif import SCHEMA

GOOD = "examples/good/tiny-chat"
BAD = "examples/bad/chat-template-missing"
CANARY = "hf_canarycanarycanarycanarycanarycana"
KEYS = ["version", "source", "revision", "verdict", "model", "findings"]
MODEL_KEYS = [
    "type",
    "architecture",
    "endpoints",
    "max_position_embeddings",
    "parameters",
    "weights_bytes",
    "dtype",
    "quantization",
    "licence",
]
FINDING_KEYS = ["rule", "severity", "outcome", "message", "help", "where", "docs"]


def test_a_good_model_is_clean(tmp_path: Path) -> None:
    """Nothing found exits with 0, and says so on the last line."""
    done = validation("check", GOOD, home=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.splitlines()[-1].startswith("compatible: 0 errors")


def test_a_bad_model_is_refused_with_reason_place_and_fix(tmp_path: Path) -> None:
    """A failed error rule exits with 1."""
    done = validation("check", BAD, home=tmp_path)

    assert 1 == done.returncode
    assert (
        f"error[chat-template-missing]: no chat template: every chat request would be answered with 400\n"
        f"  --> {BAD}/tokenizer_config.json chat_template\n"
        f"  = help: "
    ) in done.stdout


def test_the_json_of_one_source_has_the_promised_shape(tmp_path: Path) -> None:
    """Programs find version 1 exactly as it was promised."""
    done = validation("check", BAD, "--format", "json", home=tmp_path)
    document: Any = json.loads(done.stdout)
    (finding,) = document["findings"]

    assert [KEYS, MODEL_KEYS, FINDING_KEYS] == [list(document), list(document["model"]), list(finding)]
    assert (1, BAD, None, "incompatible") == tuple(document[key] for key in KEYS[:4])
    assert {"path": "tokenizer_config.json", "line": None, "column": None, "key": "chat_template"} == finding["where"]
    assert ("error", "failed", "docs/rules.md#chat-template-missing") == (
        finding["severity"],
        finding["outcome"],
        finding["docs"],
    )


def test_several_sources_are_one_document_and_the_worst_decides(tmp_path: Path) -> None:
    """One bad model of two fails the command."""
    done = validation("check", GOOD, BAD, "--format", "json", home=tmp_path)
    document = json.loads(done.stdout)

    assert 1 == done.returncode
    assert ["version", "models"] == list(document)
    assert ["compatible", "incompatible"] == [model["verdict"] for model in document["models"]]


def test_without_a_hub_nothing_is_known(tmp_path: Path) -> None:
    """An outage is unknown with exit 3, never a failure of the model."""
    done = validation("check", "hf://acme/tiny-chat", "--format", "json", "--timeout", "5", home=tmp_path)
    document = json.loads(done.stdout)

    assert (3, "unknown") == (done.returncode, document["verdict"])
    assert {"unknown"} == {finding["outcome"] for finding in document["findings"]}


def test_offline_asks_nobody(tmp_path: Path, hub: Hub) -> None:
    """A Hub that would answer is not asked."""
    hub.add(tiny_chat("acme/tiny-chat"))
    done = validation("check", "hf://acme/tiny-chat", "--offline", home=tmp_path, HF_ENDPOINT=hub.url)

    assert (3, []) == (done.returncode, hub.paths())


def test_a_broken_hub_beside_a_bad_model_is_a_finding(tmp_path: Path) -> None:
    """What failed weighs more than what could not be checked."""
    done = validation("check", BAD, "hf://acme/tiny-chat", "--timeout", "5", home=tmp_path)

    assert 1 == done.returncode


def test_a_model_on_the_hub_is_checked_at_its_commit(tmp_path: Path, hub: Hub) -> None:
    """The revision of the answer is the commit that a branch stood for."""
    repository = hub.add(tiny_chat("acme/tiny-chat"))
    done = validation(
        "check",
        "hf://acme/tiny-chat",
        "--revision",
        repository.commit,
        "--contract",
        "vllm",
        "--format",
        "json",
        home=tmp_path,
        HF_ENDPOINT=hub.url,
    )
    document = json.loads(done.stdout)

    assert ("hf://acme/tiny-chat", repository.commit) == (document["source"], document["revision"])
    assert "LlamaForCausalLM" == document["model"]["architecture"]


def test_warnings_fail_where_they_are_asked_to(tmp_path: Path, hub: Hub) -> None:
    """A revision that is not pinned is a warning: 0 by default, 1 with --fail-on warning."""
    hub.add(tiny_chat("acme/tiny-chat", card={"license": "apache-2.0"}))
    command = ("check", "hf://acme/tiny-chat", "--format", "json")
    codes = [
        validation(*command, "--fail-on", level, home=tmp_path, HF_ENDPOINT=hub.url).returncode
        for level in ("error", "warning", "note", "never")
    ]

    assert [0, 1, 1, 0] == codes


def test_never_and_exit_zero_do_not_fail(tmp_path: Path) -> None:
    """The report is the same, the exit code is 0."""
    reports = [validation("check", BAD, *extra, home=tmp_path) for extra in (["--fail-on", "never"], ["--exit-zero"])]

    assert [0, 0] == [report.returncode for report in reports]
    assert all("error[chat-template-missing]" in report.stdout for report in reports)


def test_sarif_is_valid_and_exits_as_text_does(tmp_path: Path) -> None:
    """Code scanning takes the log of a real run."""
    done = validation("check", BAD, GOOD, "--format", "sarif", home=tmp_path)
    log = json.loads(done.stdout)

    assert 1 == done.returncode
    assert [] == [error.message for error in Draft4Validator(SCHEMA).iter_errors(log)]
    assert log["runs"][0]["tool"]["driver"]["rules"][0]["help"]["markdown"]


def test_annotations_stand_at_the_files_of_a_folder(tmp_path: Path) -> None:
    """GitHub shows a finding in the file that it is about."""
    done = validation("check", BAD, "--format", "github", home=tmp_path)

    assert done.stdout.startswith(f"::error file={BAD}/tokenizer_config.json,title=chat-template-missing::")


def test_a_report_can_be_written_to_a_file(tmp_path: Path) -> None:
    """Nothing is printed, the file holds the page."""
    page = tmp_path / "report.html"
    done = validation("check", GOOD, "--format", "html", "-o", str(page), home=tmp_path)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert page.read_text().startswith("<!doctype html>")


def test_the_type_that_is_wished_is_compared(tmp_path: Path) -> None:
    """A chat model is no embedding model."""
    assert 1 == validation("check", GOOD, "--type", "embedding", home=tmp_path).returncode


def test_a_gated_model_says_so_and_never_shows_the_token(tmp_path: Path, hub: Hub) -> None:
    """The token is in no format and no message."""
    hub.add(tiny_chat("acme/gated", gated="manual"))
    hub.tokens[CANARY] = "read"
    outputs = [
        validation("check", "hf://acme/gated", "--format", form, home=tmp_path, HF_ENDPOINT=hub.url, HF_TOKEN=CANARY)
        for form in ("text", "json", "markdown", "github", "sarif", "html")
    ]

    assert {1} == {done.returncode for done in outputs}
    assert CANARY in {request.token for request in hub.requests}
    assert [] == [done for done in outputs if CANARY in done.stdout + done.stderr]


def test_what_a_repository_says_cannot_command_a_terminal_or_a_pipeline(tmp_path: Path, hub: Hub) -> None:
    """Control characters of a repository are spelled out in every format."""
    attack = "\x1b[2J\u202e\n::error::pwned<script>"
    files = tiny_chat_files(architectures=[attack], torch_dtype=attack)
    hub.add(Repository(id="acme/evil", files=files, card={"license": attack}))
    outputs = [
        validation("check", "hf://acme/evil", "--format", form, home=tmp_path, HF_ENDPOINT=hub.url).stdout
        for form in ("text", "json", "markdown", "github", "sarif", "html")
    ]

    assert [] == [text for text in outputs if "\x1b" in text or "\u202e" in text or "\n::error::pwned" in text]
    assert "<script>" not in outputs[-1]


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    """With a closed pipe the verdict still stands, and nothing is complained about."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603 - the tests' own arguments
        [sys.executable, "-m", "validation", "check", GOOD],
        env=environment(tmp_path),
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        check=False,
    )
    os.close(writing)

    assert (0, b"") == (done.returncode, done.stderr)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let children obey Ctrl-C, also where the tests run as a background job whose shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_at_once(tmp_path: Path, hub: Hub) -> None:
    """Ctrl-C while the Hub is silent leaves with 130 and one word."""
    arrived = threading.Event()

    class Watched(list[Recorded]):
        def append(self, item: Recorded) -> None:
            super().append(item)
            arrived.set()

    hub.requests = Watched()
    hub.add(tiny_chat("acme/slow"))
    hub.fail("/api/models/acme/slow", Fault(delay=TIMEOUT))
    process = subprocess.Popen(
        [sys.executable, "-m", "validation", "check", "hf://acme/slow", "--timeout", "50"],
        env=environment(tmp_path, HF_ENDPOINT=hub.url),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert arrived.wait(TIMEOUT)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT / 2)  # less than the Hub is silent

    assert (130, "", "interrupted\n") == (process.returncode, out, err)


def test_a_lone_surrogate_can_be_printed_in_any_encoding(tmp_path: Path) -> None:
    """A terminal that knows ASCII only gets escapes, not a traceback."""
    folder = tmp_path / "modèle-模型"
    folder.mkdir()
    for name, content in tiny_chat_files(architectures=["Llama\ud800"]).items():
        (folder / name).write_bytes(content)
    done = validation("check", folder.name, home=tmp_path, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert "Traceback" not in done.stderr
    assert r"mod\xe8le-\u6a21\u578b" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX")
@pytest.mark.parametrize(("expected", "settings"), [(True, {}), (False, {"NO_COLOR": "1"}), (False, {"TERM": "dumb"})])
def test_colours_are_for_terminals_that_want_them(tmp_path: Path, expected: bool, settings: dict[str, str]) -> None:  # noqa: FBT001 - a parameter of the test
    """A terminal shows colours unless it is asked not to; the words are the same."""
    ours, theirs = os.openpty()
    subprocess.run(  # noqa: S603 - the tests' own arguments
        [sys.executable, "-m", "validation", "check", GOOD],
        env=environment(tmp_path, **{"TERM": "xterm-256color", **settings}),
        cwd=ROOT,
        stdout=theirs,
        timeout=TIMEOUT,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert expected == ("\x1b[" in shown)
    assert "compatible: 0 errors" in shown


def test_the_examples_folder_is_where_the_tests_think_it_is() -> None:
    """The good and the bad model of these tests exist."""
    assert (EXAMPLES / "good/tiny-chat/config.json").is_file()
    assert (ROOT / BAD / "config.json").is_file()


def test_the_memory_of_a_named_gpu_is_planned(tmp_path: Path) -> None:
    """The plan stands in the header, and a part of a GPU counts as what it is."""
    done = validation("check", GOOD, "--contract", "vllm", "--gpu", "h100/1g.10gb", home=tmp_path)

    assert "  memory: 1 x H100-SXM 1g.10gb of 9.8 GiB: " in done.stdout


def test_a_model_larger_than_its_gpu_fails(tmp_path: Path) -> None:
    """A context that no GPU holds is refused before anything is rented."""
    folder = tmp_path / "model"
    folder.mkdir()
    config = {"num_hidden_layers": 200, "num_key_value_heads": 64, "num_attention_heads": 64, "head_dim": 256}
    for name, content in tiny_chat_files(max_position_embeddings=1 << 20, **config).items():
        (folder / name).write_bytes(content)
    done = validation("check", str(folder), "--gpu", "T4", "--max-model-len", str(1 << 20), home=tmp_path)

    assert 1 == done.returncode
    assert "does not fit" in done.stdout


def test_several_nodes_are_planned_and_judged(tmp_path: Path) -> None:
    """Two GPUs on two nodes are four; nodes that one node could replace are a warning, and too many are an error."""
    two = validation("check", GOOD, "--contract", "vllm", "--gpu", "L4", "--nodes", "2", home=tmp_path)
    three = validation("check", GOOD, "--contract", "vllm", "--gpu", "L4", "--nodes", "3", home=tmp_path)

    assert (0, 1) == (two.returncode, three.returncode)
    assert "  memory: 2 x L4 of " in two.stdout
    assert "warning[nodes-not-needed]: 2 nodes are wished for 2 GPUs, and one node has 8" in two.stdout
    assert "error[pipeline-stages-exceed-layers]: 2 layers cannot be split into 3 stages" in three.stdout
