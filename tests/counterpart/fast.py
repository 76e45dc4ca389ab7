"""Twilio played fast: takes what comes after a latency, and keeps to whom it went.

For thousands of texts a second, where the strict counterpart takes hundreds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from tests.counterpart.line import ANSWER, listen, reply
from tests.counterpart.server import Counterpart


class Fast:
    """What it took: the number of each text in `numbers`, in order."""

    account_sid, auth_token = Counterpart.account_sid, Counterpart.auth_token
    number = Counterpart.number

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.numbers: list[str] = []
        self.url = ""

    def take(self, form: bytes) -> tuple[float, bytes]:
        self.numbers.append(parse_qs(form.decode())["To"][0])
        return self.latency, reply("201 Created", ANSWER.format(len(self.numbers)))


@contextmanager
def fast_counterpart(latency: float) -> Iterator[Fast]:
    """It answers on a thread of its own."""
    fast, loop = Fast(latency), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = listen(fast.take, loop)
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
