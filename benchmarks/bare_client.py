"""What one text costs at least: a bare loop of aiohttp that posts one ready form again and again.

It reads the answers and looks at nothing but their status; nothing is claimed, filled or stored.
"""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
import uvloop

from benchmarks.counterpart import ACCOUNT, NUMBER

PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
HEADERS = {
    "Authorization": f"Basic {'a' * 100}",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "twilio-python/9 (Linux x86_64) Python/3.11",
}
FORM = {
    "To": "+33600000000",
    "From": NUMBER,
    "Body": "Hello Ann, the shop is open",
    "StatusCallback": "https://example.com/sms/twilio/status?delivery=123456#rc=3&rp=ct,rt,5xx",
}


@dataclass(frozen=True)
class Speed:
    """`rate` in texts per second, `cpu` in µs of this process per text."""

    rate: float
    cpu: float


async def post(port: int, texts: int, in_flight: int) -> None:
    url, body, left = f"http://127.0.0.1:{port}{PATH}", urlencode(FORM).encode(), texts
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:

        async def work() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                async with session.post(url, data=body, headers=HEADERS) as answer:
                    await answer.read()
                if answer.status != 201:
                    raise ValueError(answer.status)

        await asyncio.gather(*(work() for _ in range(in_flight)))


def measure(port: int, texts: int, in_flight: int) -> Speed:
    """Post *texts* over *in_flight* connections."""
    begun, cpu = time.perf_counter(), used()
    uvloop.run(post(port, texts, in_flight))
    return Speed(texts / (time.perf_counter() - begun), (used() - cpu) / texts * 1e6)


def used() -> float:
    """CPU seconds of this process so far."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime
