"""Every fault of the network ends before the deadline, as an outage and never as a verdict."""

import gzip
import io
import json
import logging
import time
import tracemalloc
from functools import partial
from typing import Any

import pytest

from tests.hub.fixtures import tiny_chat, tiny_chat_files
from tests.hub.server import Fault, Hub, running
from tests.sources.reading import TOKEN, options, read
from validation.facts import RepositoryState
from validation.sources import client, session
from validation.sources.client import is_safe_endpoint
from validation.sources.read import SourceRequest, read_all

LISTING = "/api/models/acme/tiny-chat"
SLOW = 60.0


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_WAIT", 0.001)


@pytest.mark.fault("a reset connection", "unknown after three attempts")
@pytest.mark.fault("429 without, with absurd or with negative Retry-After", "unknown")
@pytest.mark.fault("a body that ends early, or has another length than stated", "unknown")
@pytest.mark.fault("HTML instead of JSON", "unknown")
@pytest.mark.fault("bad UTF-8, NaN, 10^5 levels or duplicate keys in a listing", "unknown")
@pytest.mark.fault("a redirect to http, to another host, to link-local, or in a loop", "unknown")
@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (Fault(status=500), "the Hub answered 500"),
        (Fault(status=503, headers={"Retry-After": "-5"}), "the Hub answered 503"),
        (
            Fault(status=429, headers={"Retry-After": "99999999999999999999"}),
            "the Hub answered 429 and asks to wait 999999999999 s",
        ),
        (Fault(status=429), "the Hub answered 429"),
        (Fault(status=429, headers={"Retry-After": "soon"}), "the Hub answered 429"),
        (Fault(status=429, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}), None),
        (Fault(status=418), "the Hub answered 418"),
        (Fault(status=404, body=b"<html>"), "the endpoint does not answer as the Hub does"),
        (Fault(status=200, body=b"<html>hello</html>"), "the Hub's answer is not JSON: expecting value"),
        (Fault(status=200, body=b"[" * 100_000), "the Hub's answer nests deeper than 64 levels"),
        (Fault(status=200, body=b'{"id": "a", "id": "b"}'), "the Hub's answer has the same key twice in one object"),
        (Fault(status=200, body=b'{"a": NaN}'), "the Hub's answer holds NaN, which is not JSON"),
        (Fault(status=200, body=b"\xff"), "the Hub's answer is not UTF-8 at byte 0"),
        (Fault(status=200, body=b"{}"), "the Hub's answer could not be understood"),
        (Fault(status=200, body=b"7"), "the Hub's answer holds a number where an object belongs"),
        (Fault(status=500, body=b"[" * 100_000), "the Hub answered 500"),
        (Fault(status=400, body=b'{"error": {"a": 1}, "errors": 7}'), None),
        (
            Fault(status=200, body=b"{}", headers={"Content-Encoding": "br"}),
            "the Hub's answer is packed in a way that was not asked for",
        ),
        (Fault(status=200, body=b"{}", headers={"Content-Encoding": "gzip"}), "the Hub's answer cannot be unpacked"),
        (Fault(status=200, body=b"{}", headers={"Content-Length": "9"}, cut=2), "the connection broke"),
        (Fault(reset=True), "the connection broke"),
        (Fault(redirect="/api/models/acme/tiny-chat"), "more than 5 redirects"),
        (Fault(redirect="http://169.254.169.254/latest"), "the Hub redirects to an address without https"),
        (Fault(redirect="http://example.com/"), "the Hub redirects to an address without https"),
        (Fault(redirect="https://example.com/"), "the Hub redirects to a host that is not its own"),
        (Fault(redirect="https://169.254.169.254/"), "the Hub redirects to a host that is not its own"),
        (Fault(redirect="https://evilhuggingface.co/"), "the Hub redirects to a host that is not its own"),
        (Fault(redirect="https://huggingface.co@example.com/"), "the Hub redirects to a host that is not its own"),
        (Fault(redirect="file:///etc/passwd"), None),
        (Fault(redirect="http://[::"), None),
    ],
)
def test_a_broken_listing_is_an_outage(hub: Hub, fault: Fault, detail: str | None) -> None:
    """Whatever comes instead of the listing, nothing is said about the repository."""
    hub.add(tiny_chat())
    hub.fail(LISTING, fault)

    facts = read(hub)

    assert RepositoryState.UNREACHABLE is facts.state
    assert detail in {None, facts.detail}


@pytest.mark.fault("500, 503, 429 or a broken connection, then 200", "the answer")
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, times=1),
        Fault(status=503, headers={"Retry-After": "0"}, times=2),
        Fault(status=429, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, times=2),
        Fault(reset=True, times=1),
        Fault(cut=3, times=2),
    ],
)
@pytest.mark.parametrize("part", [LISTING, "/config.json"])
def test_a_fault_that_passes_is_survived(hub: Hub, fault: Fault, part: str) -> None:
    """A second or third attempt gets the answer."""
    hub.add(tiny_chat())
    hub.fail(part, fault)

    facts = read(hub)

    assert (RepositoryState.READABLE, ("LlamaForCausalLM",)) == (facts.state, facts.architectures)


@pytest.mark.fault("503 for ever", "unknown after three attempts")
def test_attempts_are_bounded(hub: Hub) -> None:
    """A server that is down for ever is asked three times."""
    hub.fail(LISTING, Fault(status=503))

    read(hub)

    assert [LISTING] * 3 == hub.paths()


@pytest.mark.fault("an outage of one file", "that file unread, the others read")
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503),
        Fault(reset=True),
        Fault(status=200, body=b"{}", headers={"Content-Length": "9"}, cut=2),
        Fault(redirect="https://example.com/"),
        Fault(cut=5),
    ],
)
def test_a_file_that_does_not_come_is_unread(hub: Hub, fault: Fault) -> None:
    """An outage of one file leaves the others readable and that one unknown."""
    hub.add(tiny_chat())
    hub.fail("/config.json", fault)

    facts = read(hub)

    assert (RepositoryState.READABLE, True) == (facts.state, facts.documents["config.json"].unread)
    assert not facts.documents["tokenizer_config.json"].unread


@pytest.mark.fault("a body that comes slowly, or a byte at a time", "unknown, within the deadline")
@pytest.mark.fault("a black hole: the connection stands and nothing comes", "unknown, within the deadline")
@pytest.mark.fault("429 that asks to wait beyond the deadline", "unknown, within the deadline")
@pytest.mark.parametrize(
    "fault", [Fault(delay=SLOW), Fault(drip=0.2), Fault(status=429, headers={"Retry-After": "3600"})]
)
@pytest.mark.parametrize("part", [LISTING, "/resolve/", "/whoami", "/auth-check"])
def test_no_server_is_waited_for_beyond_the_deadline(hub: Hub, fault: Fault, part: str) -> None:
    """A slow, dripping or postponing server costs the deadline at most, whichever request it is."""
    hub.tokens[TOKEN] = "read"
    hub.add(tiny_chat(gated="auto", readers=frozenset({TOKEN})))
    hub.fail(part, fault)
    start = time.monotonic()

    facts = read(hub, token=TOKEN, deadline=0.8)

    assert 2.0 > time.monotonic() - start
    assert facts.state in {RepositoryState.READABLE, RepositoryState.UNREACHABLE}
    assert (RepositoryState.UNREACHABLE is facts.state) == (part == LISTING)


@pytest.mark.fault("a refused connection", "unknown")
def test_a_refused_connection_is_an_outage() -> None:
    """A port where nobody listens."""
    with running() as gone:
        url = gone.url

    (facts,) = read_all([SourceRequest("hf://acme/tiny-chat")], options(gone, endpoint=url))

    assert (RepositoryState.UNREACHABLE, "no connection to the Hub") == (facts.state, facts.detail)


@pytest.mark.fault("an outage of one model of several", "that one unknown, the others checked")
def test_one_repository_in_trouble_does_not_disturb_another(hub: Hub) -> None:
    """Outages stay where they are."""
    hub.add(tiny_chat())
    hub.add(tiny_chat("acme/slow"))
    hub.fail("/acme/slow", Fault(delay=SLOW))

    slow, quick = read_all(
        [SourceRequest("hf://acme/slow"), SourceRequest("hf://acme/tiny-chat")], options(hub, deadline=1.0)
    )

    assert (RepositoryState.UNREACHABLE, RepositoryState.READABLE) == (slow.state, quick.state)
    assert slow.detail in {"no complete answer before the deadline", "no answer in time"}


@pytest.mark.fault("a gzip bomb", "unread, within 40 MiB of memory")
def test_a_gzip_bomb_is_refused_before_it_unfolds(hub: Hub) -> None:
    """What is unpacked counts, not what is sent."""
    hub.add(tiny_chat())
    bomb = gzip.compress(bytes(64 << 20), compresslevel=1)
    hub.fail("/config.json", Fault(status=200, body=bomb, headers={"Content-Encoding": "gzip"}))

    tracemalloc.start()
    document = read(hub).documents["config.json"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ("an answer is larger than 8 MiB", True) == (document.problem, document.unread)
    assert 40 << 20 > peak


def test_packed_answers_are_read(hub: Hub) -> None:
    """The Hub may send with gzip, which is asked for."""
    hub.add(tiny_chat())
    hub.fail("/", Fault(compress=True))

    assert ("LlamaForCausalLM",) == read(hub).architectures
    assert {"gzip"} == {request.headers["accept-encoding"] for request in hub.requests}


@pytest.mark.fault("a body without end", "unread")
def test_a_body_longer_than_listed_is_cut_off(hub: Hub) -> None:
    """A file larger than its limit is refused while it comes."""
    hub.add(tiny_chat())
    hub.fail("/config.json", Fault(status=200, body=b" " * (9 << 20)))

    assert "an answer is larger than 8 MiB" == read(hub).documents["config.json"].problem


@pytest.mark.fault("many files that are too large together", "unread")
def test_all_answers_of_a_model_share_one_budget(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files below their own limits are too much together."""
    monkeypatch.setattr(session, "Budget", partial(client.Budget, left=40_000))
    padding = {"padding": "x" * 30_000}
    files = {name: json.dumps(padding).encode() for name in ("config.json", "processor_config.json", "params.json")}
    hub.add(tiny_chat(files=tiny_chat_files() | files))

    documents = read(hub).documents

    assert any("exceed 32 MiB" in document.problem and document.unread for document in documents.values())


@pytest.mark.fault("a redirect of a file to its store", "the answer, asked for without the token")
@pytest.mark.parametrize("token", [TOKEN])
def test_the_token_goes_to_the_endpoint_and_nowhere_else(hub: Hub, token: str) -> None:
    """The file store on another port gets requests without it."""
    hub.tokens[token] = "read"
    hub.add(tiny_chat(parameters=None))

    read(hub, token=token)

    stored = [request for request in hub.requests if hub.store_url.endswith(str(request.port))]
    assert stored
    assert {None} == {request.token for request in stored}
    assert {token} == {request.token for request in hub.requests if request not in stored}


def test_without_a_token_the_environment_is_not_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty token is no token, whatever HF_TOKEN says."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.add(tiny_chat())

    read(hub)

    assert {None} == {request.token for request in hub.requests}


def test_the_token_of_the_environment_is_found(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """None takes what huggingface_hub finds."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.tokens[TOKEN] = "write"
    hub.add(tiny_chat())

    facts = read(hub, token=None)

    assert "write" == facts.token_role
    assert {TOKEN} == {request.token for request in hub.requests}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(),
        Fault(status=401, body=TOKEN.encode()),
        Fault(status=500),
        Fault(reset=True),
        Fault(redirect="http://example.com/"),
    ],
)
def test_the_token_is_in_no_fact_and_no_log(
    hub: Hub, fault: Fault, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A canary is looked for everywhere, with all logs at DEBUG."""
    caplog.set_level(logging.DEBUG)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("", "huggingface_hub", "httpx2", "httpcore2", "h11")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    hub.tokens[TOKEN] = "read"
    hub.add(tiny_chat(gated="auto", readers=frozenset({TOKEN}), parameters=None))
    hub.fail(LISTING, fault)

    found = repr(read(hub, token=TOKEN)) + repr(options(hub, token=TOKEN))

    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)
    printed = capfd.readouterr()
    assert [TOKEN] == list({request.token for request in hub.requests} - {None})
    assert TOKEN not in found + stream.getvalue() + caplog.text + printed.out + printed.err


def test_what_the_server_says_is_not_repeated(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """Messages, warnings and bodies of the server reach neither facts nor the terminal."""
    evil = "\x1b[2Jevil"
    headers = {"X-Error-Message": "evil message", "X-HF-Warning": "topic; evil warning", "X-Request-Id": "evil"}
    hub.fail(LISTING, Fault(status=400, body=json.dumps({"error": evil}).encode(), headers=headers))

    facts = read(hub)

    printed = capfd.readouterr()
    assert "evil" not in repr(facts) + printed.out + printed.err


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://huggingface.co", True),
        ("https://mirror.example.com/hf", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://mirror.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://user:secret@mirror.example.com", False),
        ("ftp://127.0.0.1", False),
        ("file:///etc", False),
        ("https://", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_an_endpoint_is_https_or_on_loopback(endpoint: str, expected: Any) -> None:
    """A token must not travel in the clear."""
    assert expected is is_safe_endpoint(endpoint)


def test_an_unsafe_endpoint_is_not_asked(hub: Hub) -> None:
    """It is an outage with its reason, and no address is repeated."""
    facts = read(hub, endpoint="http://mirror.example.com")

    assert (RepositoryState.UNREACHABLE, "the Hub's endpoint is not https") == (facts.state, facts.detail)


@pytest.mark.fault("huggingface_hub's offline mode", "unknown, and nobody is asked")
@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_mode_asks_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The environment's switch is kept."""
    monkeypatch.setenv(name, "1")

    facts = read(hub)

    assert (RepositoryState.UNREACHABLE, []) == (facts.state, hub.paths())
    assert "offline mode, and no lock has this revision" == facts.detail
