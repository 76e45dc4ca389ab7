"""Twilio's API on a bare socket, for thousands of texts a second: what a connection does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

ANSWER = '{{"sid": "SM{:032x}", "status": "queued", "num_segments": "1", "price": null}}'
REFUSAL = '{"code": 20500, "message": "This one cannot be asked", "status": 500}'

Take = Callable[[bytes], tuple[float, bytes]]


class Line(asyncio.Protocol):
    """One kept-alive connection; requests come one after the other.

    *take* gets the form of each text as it comes; after how many seconds it gets which answer.
    """

    def __init__(self, take: Take, loop: asyncio.AbstractEventLoop) -> None:
        self._take, self._loop, self._buffer = take, loop, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET "):  # it never tells that it has no text
            self._buffer = b""
            self._answer(reply("500 Internal Server Error", REFUSAL))
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = body[length:]
        latency, answer = self._take(body[:length])
        self._loop.call_later(latency, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)  # type: ignore[attr-defined]  # a stream's


def reply(status: str, body: str, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def listen(take: Take, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
    """Take requests on a free port of this machine; *loop* runs on another thread."""

    async def begin() -> asyncio.Server:
        return await loop.create_server(lambda: Line(take, loop), "127.0.0.1", 0, backlog=1024)

    return asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
