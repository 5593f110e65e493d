"""The middleware that shuts every path of vLLM but those of the model's type."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from components.server.guard import Guard, Message, Receive, Send

CHAT = "/v1/chat/completions"
ENVIRONMENT = {"SLIPWAY_PATHS": f"POST:{CHAT} GET:/v1/models", "SLIPWAY_MAX_BODY_BYTES": "100"}
LEFT_OPEN_BY_VLLM = [
    ("POST", "/invocations"),
    ("POST", "/pooling"),
    ("POST", "/score"),
    ("POST", "/rerank"),
    ("POST", "/tokenize"),
    ("POST", "/detokenize"),
    ("GET", "/load"),
    ("GET", "/version"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("POST", "/scale_elastic_ep"),
    ("POST", "/collective_rpc"),
    ("GET", "/server_info"),
]


class Engine:
    """A stand-in for vLLM: it reads the body, as FastAPI does, and answers 200, or 400 where it could not."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.asked: list[str] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Read everything, then answer."""
        self.asked.append(str(scope.get("path", scope["type"])))
        status = 200
        try:
            while (await receive()).get("more_body"):
                pass
        except Exception:  # noqa: BLE001 - FastAPI catches whatever the reading of a body raises
            status = 400
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"answer"})


def call(
    method: str, path: str, parts: Sequence[bytes] = (b"",), *, length: int | None = None, kind: str = "http"
) -> tuple[Any, list[str], bytes]:
    """Return the status of the answer (or the message's type), what reached the engine, and the answer's body."""
    engine, sent = Engine(), list[Message]()
    messages = [
        {"type": "http.request", "body": part, "more_body": at < len(parts)} for at, part in enumerate(parts, 1)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": kind, "method": method, "path": path, "headers": headers}
    asyncio.run(Guard(engine, ENVIRONMENT)(scope, receive, send))
    return sent[0].get("status", sent[0]["type"]), engine.asked, b"".join(each.get("body", b"") for each in sent)


@pytest.mark.parametrize(("method", "path"), LEFT_OPEN_BY_VLLM)
def test_what_vllm_leaves_open_is_shut(method: str, path: str) -> None:
    """Each of these answers without the API key when nothing stands before it."""
    status, asked, body = call(method, path)

    assert (404, []) == (status, asked)
    assert {"error": {"message": "no such path", "type": "invalid_request_error", "code": 404}} == json.loads(body)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", CHAT), ("GET", "/v1/models"), ("GET", "/health"), ("GET", "/ping"), ("GET", "/metrics")],
)
def test_the_paths_of_the_type_and_the_probes_are_open(method: str, path: str) -> None:
    """What is needed passes unchanged."""
    assert (200, [path], b"answer") == call(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CHAT),
        ("OPTIONS", CHAT),
        ("POST", f"{CHAT}/"),
        ("POST", f"/{CHAT}"),
        ("POST", f"/x/..{CHAT}"),
        ("POST", "/v1/chat/completions/render"),
        ("POST", "/v1/load_lora_adapter"),
        ("POST", "/metrics"),
    ],
)
def test_a_path_that_looks_alike_is_shut(method: str, path: str) -> None:
    """Paths and methods are compared whole."""
    assert (404, []) == call(method, path)[:2]


def test_a_websocket_is_closed() -> None:
    """The realtime API lies on one."""
    assert ("websocket.close", []) == call("GET", "/v1/realtime", kind="websocket")[:2]


def test_the_start_and_the_end_of_the_server_pass() -> None:
    """Without these messages the engine never starts."""
    assert ["lifespan"] == call("", "lifespan", kind="lifespan")[1]


def test_a_body_of_the_largest_size_passes() -> None:
    """The limit itself is allowed."""
    assert (200, [CHAT], b"answer") == call("POST", CHAT, [b"x" * 100], length=100)


def test_a_length_above_the_limit_is_refused_unread() -> None:
    """Nothing of it reaches the engine."""
    assert (413, []) == call("POST", CHAT, [b"x" * 101], length=101)[:2]


@pytest.mark.parametrize("length", [None, 10])
def test_a_body_without_a_true_length_is_counted(length: int | None) -> None:
    """The engine's own answer about a body that it could not read is not shown."""
    status, asked, body = call("POST", CHAT, [b"x" * 60, b"x" * 60, b"x"], length=length)

    assert (413, [CHAT]) == (status, asked)
    assert b"more than 100 bytes" in body
    assert b"answer" not in body


@pytest.mark.parametrize("missing", sorted(ENVIRONMENT))
def test_no_server_starts_unguarded(missing: str) -> None:
    """VLLM builds its middleware at start and ends with the error."""
    with pytest.raises(KeyError):
        Guard(Engine(), {key: value for key, value in ENVIRONMENT.items() if key != missing})
