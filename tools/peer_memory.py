"""hf-mem over the stand-in: run by the Python of build/peers, ``URL MODEL``; prints the seconds of its network phase.

hf-mem knows one address of the Hub; its client is led to the stand-in's, and nothing else of it is changed.
"""

import asyncio
import json
import sys
import time
from typing import Any

import httpx2


def main(url: str, model: str) -> None:
    """Ask hf-mem for one model and print a line of JSON."""
    endpoint = httpx2.URL(url)
    send = httpx2.AsyncClient.send

    async def led(self: httpx2.AsyncClient, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401 - httpx2's own
        request.url = request.url.copy_with(scheme=endpoint.scheme, host=endpoint.host, port=endpoint.port)
        request.headers["host"] = f"{endpoint.host}:{endpoint.port}"
        return await send(self, request, **options)

    httpx2.AsyncClient.send = led  # type: ignore[method-assign]  # the stand-in needs it
    from hf_mem.run import arun  # noqa: PLC0415 - absent from this project's own environment

    start = time.perf_counter()
    result = asyncio.run(arun(model, experimental=True))
    print(json.dumps({"seconds": time.perf_counter() - start, "ok": bool(result.memory)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
