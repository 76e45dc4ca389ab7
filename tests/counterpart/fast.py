"""Twilio played fast: takes what comes after a latency, and keeps to whom it went.

For thousands of texts a second, where the strict counterpart takes hundreds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from tests.counterpart.server import Counterpart

ANSWER = '{{"sid": "SM{:032x}", "status": "queued", "num_segments": "1", "price": null}}'
REFUSAL = '{"code": 20500, "message": "This one cannot be asked", "status": 500}'


class Fast:
    """What it took: the number of each text in `numbers`, in order."""

    account_sid, auth_token = Counterpart.account_sid, Counterpart.auth_token
    number = Counterpart.number

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.numbers: list[str] = []
        self.url = ""

    def take(self, form: bytes) -> bytes:
        self.numbers.append(parse_qs(form.decode())["To"][0])
        return reply("201 Created", ANSWER.format(len(self.numbers)))


class Line(asyncio.Protocol):
    """One kept-alive connection; requests come one after the other."""

    def __init__(self, fast: Fast, loop: asyncio.AbstractEventLoop) -> None:
        self._fast, self._loop, self._buffer = fast, loop, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        if head.startswith(b"GET "):  # it never tells that it has no text
            self._buffer = b""
            self._transport.write(reply("500 Internal Server Error", REFUSAL))
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = body[length:]
        self._loop.call_later(self._fast.latency, self._answer, body[:length])

    def _answer(self, form: bytes) -> None:
        answer = self._fast.take(form)  # also when nobody waits for it any more
        if not self._transport.is_closing():
            self._transport.write(answer)


def reply(status: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode()


@contextmanager
def fast_counterpart(latency: float) -> Iterator[Fast]:
    """It answers on a thread of its own."""
    fast, loop = Fast(latency), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: Line(fast, loop), "127.0.0.1", 0, backlog=1024)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    fast.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield fast

    async def end() -> None:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run_coroutine_threadsafe(end(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
