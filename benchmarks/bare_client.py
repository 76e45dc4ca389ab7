"""The bound: a bare client that posts pre-encoded requests over kept-alive lines.

Nothing is parsed but the end of each answer; nothing is stored.
"""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import uvloop

from benchmarks.counterpart import ACCOUNT, NUMBER


@dataclass(frozen=True)
class Speed:
    """`rate` in texts per second, `cpu` in µs of this process per text."""

    rate: float
    cpu: float


def encoded() -> bytes:
    form = {
        "To": "+33600000000",
        "From": NUMBER,
        "Body": "Hello Ann, the shop is open",
        "StatusCallback": "https://example.com/sms/twilio/status?delivery=123456#rc=3&rp=ct,rt,5xx",
    }
    body = urlencode(form)
    return (
        f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Basic {'a' * 100}\r\nAccept: application/json\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"User-Agent: twilio-python/9 (Linux x86_64) Python/3.11\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Line(asyncio.Protocol):
    def __init__(self, request: bytes, left: list[int], done: asyncio.Future[None]) -> None:
        self._request, self._left, self._done = request, left, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._post()

    def _post(self) -> None:
        if self._left[0] > 0:
            self._left[0] -= 1
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 201") or not data.endswith(b"}"):
            raise ValueError(data)
        self._left[1] -= 1
        if self._left[1] == 0:
            self._done.set_result(None)
        self._post()


async def post(port: int, texts: int, lines: int) -> None:
    loop = asyncio.get_running_loop()
    request, left, done = encoded(), [texts, texts], loop.create_future()
    for _ in range(min(lines, texts)):
        await loop.create_connection(lambda: Line(request, left, done), "127.0.0.1", port)
    await done


def measure(port: int, texts: int, lines: int = 200) -> Speed:
    """Post *texts* over *lines* connections."""
    begun, cpu = time.perf_counter(), used()
    uvloop.run(post(port, texts, lines))
    return Speed(texts / (time.perf_counter() - begun), (used() - cpu) / texts * 1e6)


def used() -> float:
    """CPU seconds of this process so far."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime
