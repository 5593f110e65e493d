"""Run inside vLLM as its outermost middleware: let the paths of the model's type through, and nothing else.

It needs nothing but Python's standard library, so that it runs in every image, and keeps no copy of a body.
"""

import json
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

WATCHED = {("GET", "/health"), ("GET", "/ping"), ("GET", "/metrics")}  # the kubelet's and the monitoring's
SCARCE = "SLIPWAY_MAX_BODY_BYTES"
OPEN = "SLIPWAY_PATHS"  # like `POST:/v1/chat/completions GET:/v1/models`


class BodyTooLargeError(Exception):
    """More was sent than may be; it ends the reading of the request."""


class Guard:
    """An ASGI middleware that answers 404 for every other path or method, and 413 for a body that is too large."""

    def __init__(self, app: Application, environment: Mapping[str, str] = os.environ) -> None:
        """Read what is open; a missing variable is an error, so that no server starts unguarded."""
        self._app = app
        self._most = int(environment[SCARCE])
        pairs = (pair.partition(":") for pair in environment[OPEN].split())
        self._open = WATCHED | {(method, path) for method, _, path in pairs}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif (scope["method"], scope["path"]) not in self._open:
            await _refuse(send, 404, "no such path")
        elif _stated(scope) > self._most:
            await _refuse(send, 413, f"the body has more than {self._most} bytes")
        else:
            await self._watch(scope, receive, send)

    async def _watch(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on while its body, which may state no length, stays within bounds."""
        seen, began = 0, False

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise BodyTooLargeError
            return message

        async def answered(message: Message) -> None:
            nonlocal began
            if seen <= self._most:  # else the application's answer is to a body that it could not read
                began = True
                await send(message)

        try:
            await self._app(scope, limited, answered)
        except BodyTooLargeError:
            if began:
                raise
        if seen > self._most and not began:
            await _refuse(send, 413, f"the body has more than {self._most} bytes")


def _stated(scope: Message) -> int:
    """Return the length that the request states; 0 for none, which is counted while it is read."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send, status: int, message: str) -> None:
    """Answer in the form of the API's own errors."""
    error = {"message": message, "type": "invalid_request_error", "code": status}
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
