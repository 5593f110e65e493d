"""A canary token is looked for in everything that a run prints, writes or leaves behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.command import ROOT, TIMEOUT, environment, validation
from tests.hub.fixtures import hub, tiny_chat
from tests.hub.server import Fault, Hub
from validation.output import FORMATS

__all__ = ["hub"]
CANARY = "hf_canaryThatMustNotBeSeen0123456789"
SOURCE = "hf://acme/tiny-chat"
FAULTS = {
    "none": None,
    "the server repeats the token": Fault(status=401, body=json.dumps({"error": CANARY}).encode()),
    "a header repeats it": Fault(status=400, headers={"X-Error-Message": CANARY, "X-Request-Id": CANARY}),
    "an outage": Fault(status=500, body=CANARY.encode()),
    "a redirect with it": Fault(redirect=f"https://example.com/?token={CANARY}"),
}


def loud(hub: Hub, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with the canary as its token, and all logs at their loudest."""
    return validation(
        *arguments,
        home=home,
        HF_ENDPOINT=hub.url,
        HF_TOKEN=CANARY,
        HF_HUB_VERBOSITY="debug",
        HF_DEBUG="1",
        SLIPWAY_DEBUG="1",
        PYTHONDEVMODE="1",
    )


@pytest.fixture
def gated(hub: Hub) -> Hub:
    """Return a stand-in with a gated model that the canary may read."""
    hub.tokens[CANARY] = "write"
    hub.add(tiny_chat(gated="auto", readers=frozenset({CANARY}), parameters=None))
    return hub


def left(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of every file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def seen(folder: Path, *printed: str) -> list[str]:
    """Return where the canary is."""
    found = [name for name, content in left(folder) if CANARY.encode() in content or CANARY in name]
    return found + [text for text in printed if CANARY in text]


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_shows_the_token(gated: Hub, tmp_path: Path, name: str) -> None:
    """All logs are at their loudest, and the token was in use."""
    done = loud(gated, tmp_path, "check", SOURCE, "--format", name)

    assert {CANARY} == {request.token for request in gated.requests if gated.url.endswith(str(request.port))}
    assert "tiny-chat" in done.stdout
    assert [] == seen(tmp_path, done.stdout, done.stderr)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_no_error_shows_the_token(gated: Hub, tmp_path: Path, fault: Fault | None) -> None:
    """Also when the server says it, in a body, a header or an address."""
    if fault is not None:
        gated.fail("/api/models", fault)

    done = loud(gated, tmp_path, "check", SOURCE, "--timeout", "3")

    assert gated.requests
    assert "this is a bug of Slipway" not in done.stderr
    assert [] == seen(tmp_path, done.stdout, done.stderr)


@pytest.mark.parametrize("command", ["lock", "fit"])
def test_no_file_that_a_command_leaves_holds_the_token(gated: Hub, tmp_path: Path, command: str) -> None:
    """Neither locks nor the cache, whose entries are there."""
    arguments = ["lock", SOURCE, "--dir", str(tmp_path / "locks")] if command == "lock" else ["fit", SOURCE]
    done = loud(gated, tmp_path, *arguments)

    assert 0 == done.returncode, done.stderr
    assert [name for name, content in left(tmp_path) if b"LlamaForCausalLM" in content]
    assert [] == seen(tmp_path, done.stdout, done.stderr)


STACK = """
config:
  slipway:cluster: {platform: existing, namespace: inference}
  slipway:engine: {version: 0.33.0}
  slipway:nodePools: [{name: l4, gpu: L4, maxNodes: 1, vcpusPerNode: 8}]
  slipway:models:
    - name: tiny-chat
      source: hf://acme/tiny-chat
      pool: l4
      endpoint: {apiKeySecret: {name: api-key, key: key}}
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_plan_and_no_manifest_holds_the_token(gated: Hub, tmp_path: Path, form: str) -> None:
    """Of a preview whose model only the canary may read."""
    stack = tmp_path / "Pulumi.canary.yaml"
    stack.write_text(STACK)
    out = tmp_path / "out"
    arguments = ["-m", "dryrun", "preview", str(stack), "--out", str(out), "--format", form]
    done = subprocess.run(  # noqa: S603 - the arguments above
        [sys.executable, *arguments],
        env=environment(tmp_path, HF_ENDPOINT=gated.url, HF_TOKEN=CANARY, HF_HUB_VERBOSITY="debug"),
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )

    assert CANARY in {request.token for request in gated.requests}
    assert [name for name, content in left(out) if b"tiny-chat" in content], done.stdout + done.stderr
    assert [] == seen(tmp_path, done.stdout, done.stderr)


def test_nobody_is_asked_for_statistics(gated: Hub, tmp_path: Path) -> None:
    """The client's list of coding agents would cost a round trip, and is no business of a check."""
    validation("check", SOURCE, home=tmp_path, HF_ENDPOINT=gated.url, HF_TOKEN=CANARY)

    assert not [
        path for path in gated.paths() if not path.startswith(("/api/models/", "/acme/", "/api/whoami", "/xet/"))
    ]


def test_a_token_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    """Typed as a source, a revision or a contract it is refused unseen where it can be known for one."""
    done = validation("check", f"hf://user:{CANARY}@acme/x", home=tmp_path)

    assert 0 != done.returncode
    assert [] == seen(tmp_path, done.stderr)


def arguments_of(parent: int) -> list[str]:
    """Return the command lines of a process and of its children, as any user of the machine may read them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if parent in {int(folder.name), int(status[1])}:
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (OSError, ValueError):
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to look into")
def test_the_process_list_does_not_show_the_token(gated: Hub, tmp_path: Path) -> None:
    """While the token is in use, no command line holds it."""
    gated.fail("/api/models", Fault(delay=60))
    process = subprocess.Popen(  # noqa: S603 - the project's own command
        [sys.executable, "-m", "validation", "check", SOURCE],
        env=environment(tmp_path, HF_ENDPOINT=gated.url, HF_TOKEN=CANARY),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    asked = until_asked(gated, process)
    shown = arguments_of(process.pid)
    gated.released.set()
    process.communicate(timeout=TIMEOUT)

    assert asked
    assert [line for line in shown if "validation check" in line]
    assert [] == [line for line in shown if CANARY in line]


def until_asked(hub: Hub, process: "subprocess.Popen[bytes]") -> bool:
    """Return whether the process asked the Hub before it ended."""
    while process.poll() is None:
        if hub.arrived.wait(0.05):
            return True
    return hub.arrived.is_set()
