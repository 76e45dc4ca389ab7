"""Twilio played slow and throttling, in a process of its own: notes when each request arrives.

It takes texts to whoever opted out: what the provider itself refuses would hide what we send.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple
from urllib.parse import unquote_plus

from tests.counterpart.line import ANSWER, listen, reply
from tests.counterpart.server import Counterpart

TO = re.compile(rb"(?:^|&)To=([^&]+)")
BUSY = '{"code": 20429, "message": "Too many requests", "status": 429}'


class Weather(NamedTuple):
    """How the network is. Latencies and lengths are in seconds.

    `calm` lies between two bursts of 429 on average, 0 for none; a burst lasts `burst`
    and asks to wait for 1 to `retry_after`.
    """

    quickest: float
    slowest: float
    calm: float = 0.0
    burst: float = 0.4
    retry_after: int = 3


class Arrival(NamedTuple):
    """A request to send to `number`: when it was here (time.time()), and whether it was taken."""

    number: str
    at: float
    taken: bool


class Network:
    """Used in its own process only."""

    account_sid, auth_token = Counterpart.account_sid, Counterpart.auth_token

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.weather = Weather(0.0, 0.0)
        self._taken = 0
        self._burst_begins = self._burst_ends = 0.0

    def change(self, weather: Weather) -> None:
        self.weather = weather
        self._plan_burst(time.monotonic())

    def _plan_burst(self, now: float) -> None:
        calm = self.weather.calm
        self._burst_begins = now + random.uniform(0.5 * calm, 1.5 * calm)
        self._burst_ends = self._burst_begins + self.weather.burst

    def take(self, form: bytes) -> tuple[float, bytes]:
        """Note a request that is here now; after how many seconds it gets which answer."""
        found = TO.search(form)
        number = unquote_plus(found[1].decode()) if found else ""
        now = time.monotonic()
        busy = bool(self.weather.calm) and now >= self._burst_begins
        if busy and now >= self._burst_ends:
            self._plan_burst(now)
        self.arrivals.append(Arrival(number, time.time(), not busy))
        if busy:
            wait = random.randint(1, self.weather.retry_after)
            return 0.0, reply("429 Too Many Requests", BUSY, f"Retry-After: {wait}\r\n")
        self._taken += 1
        latency = random.uniform(self.weather.quickest, self.weather.slowest)
        return latency, reply("201 Created", ANSWER.format(self._taken))


def serve(pipe: Connection) -> None:
    """The process: tell the port, then answer what is asked through the pipe until None."""
    network, loop = Network(), asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = listen(network.take, loop)
    pipe.send(server.sockets[0].getsockname()[1])
    while (asked := pipe.recv()) is not None:
        if isinstance(asked, Weather):
            loop.call_soon_threadsafe(network.change, asked)
        else:
            pipe.send(network.arrivals[asked:])


class Link:
    """The way to a running network."""

    account_sid, auth_token = Counterpart.account_sid, Counterpart.auth_token
    number = Counterpart.number

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url = f"http://127.0.0.1:{pipe.recv()}"

    def change(self, weather: Weather) -> None:
        self._pipe.send(weather)

    def arrivals(self, since: int = 0) -> list[Arrival]:
        """All requests so far but the first *since*."""
        self._pipe.send(since)
        found: list[Arrival] = self._pipe.recv()
        return found


@contextmanager
def running_network() -> Iterator[Link]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Link(ours)
    finally:
        ours.send(None)
        process.join(10)
        process.kill()
