"""Signed status callbacks per second against a bare Flask view on the same server.

python -m benchmarks.callbacks [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import uvloop
from sqlalchemy import func, select, text

from benchmarks.counterpart import ACCOUNT, NUMBER, TOKEN
from benchmarks.figures import Figures, at_least, print_figures
from benchmarks.scene import Scene, crowd, scene
from heliograph.db import db, dialect_name
from heliograph.deliveries.models import DELIVERED, Delivery
from tests.counterpart.signature import sign
from tests.databases import Postgres

LINES = 64
WORDS = ("sent", "delivered")


def requests(first: int, count: int) -> list[bytes]:
    """Signed callbacks, pre-encoded: each text is reported as sent, then as delivered."""
    found = []
    for word in WORDS:
        for delivery_id in range(first, first + count):
            path = f"/sms/twilio/status?delivery={delivery_id}"
            form = {
                "ApiVersion": "2010-04-01",
                "MessageStatus": word,
                "SmsSid": f"SM{delivery_id:032x}",
                "SmsStatus": word,
                "To": "+33600000000",
                "From": NUMBER,
                "MessageSid": f"SM{delivery_id:032x}",
                "AccountSid": ACCOUNT,
            }
            body = urlencode(form)
            found.append(
                f"POST {path} HTTP/1.1\r\nHost: example.com\r\nUser-Agent: TwilioProxy/1.1\r\n"
                f"X-Twilio-Signature: {sign(TOKEN, 'https://example.com' + path, form)}\r\n"
                f"I-Twilio-Idempotency-Token: {delivery_id}-{word}\r\nAccept: */*\r\n"
                "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
    return found


class Line(asyncio.Protocol):
    def __init__(self, queue: Iterator[bytes], left: list[int], done: asyncio.Future[None]) -> None:
        self._queue, self._left, self._done = queue, left, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._post()

    def _post(self) -> None:
        request = next(self._queue, None)
        if request is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if not (data.startswith(b"HTTP/1.1 204") and data.endswith(b"\r\n\r\n")):
            self._done.set_exception(ValueError(data))
            return
        self._left[0] -= 1
        if self._left[0] == 0:
            self._done.set_result(None)
        self._post()


async def post(port: int, queued: list[bytes]) -> None:
    loop = asyncio.get_running_loop()
    queue, left, done = iter(queued), [len(queued)], loop.create_future()
    for _ in range(LINES):
        await loop.create_connection(lambda: Line(queue, left, done), "127.0.0.1", port)
    await asyncio.wait_for(done, 300)


def rate(port: int, queued: list[bytes]) -> float:
    begun = time.perf_counter()
    uvloop.run(post(port, queued))
    return len(queued) / (time.perf_counter() - begun)


@contextmanager
def serving(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    """A server process; gives its port when it answers."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    process = subprocess.Popen(
        [*command, str(port)],
        env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield answering(port)
    finally:
        process.terminate()
        process.wait()


def answering(port: int) -> int:
    """*port*, when somebody answers there; raises TimeoutError."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return port
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def accepted_texts(made: Scene, count: int) -> int:
    """Texts that Twilio took and has not reported on; returns the id of the first."""
    broadcast_id = made.begin_broadcast(crowd(count))
    number = (
        "'SM' || lpad(to_hex(id), 32, '0')"
        if dialect_name() == "postgresql"
        else "'SM' || printf('%032x', id)"
    )
    db.session.execute(
        text(
            "UPDATE deliveries SET status = 'accepted', text = 'Hello', attempts = 1, parts = 1,"
            f" provider_id = {number}, attempted_at = created_at, accepted_at = created_at"
            f" WHERE broadcast_id = {broadcast_id}"
        )
    )
    first: int = db.session.scalar(
        select(func.min(Delivery.id)).where(Delivery.broadcast_id == broadcast_id)
    )
    db.session.commit()
    if dialect_name() == "postgresql":
        db.session.execute(text("ANALYZE deliveries"))
        db.session.commit()
    return first


def measure(*, quick: bool = False) -> Figures:
    heliograph = str(Path(sys.executable).parent / "heliograph")
    rounds, texts = (3, 1500) if quick else (5, 5000)
    most = max(30_000, texts * rounds)
    figures: Figures = {}
    with Postgres.start() as server:
        for name, address in (("SQLite", ""), ("PostgreSQL", server.create("bench_callbacks"))):
            with scene("http://127.0.0.1:9", database_url=address) as made:
                first = accepted_texts(made, most)
                db.session.remove()
                rates: dict[str, list[float]] = {"bare": [], "ours": []}
                with (
                    serving([sys.executable, "-m", "benchmarks.bare_view"], {}) as bare,
                    serving([heliograph, "serve", "--port"], made.environment) as ours,
                ):
                    for number in range(rounds):
                        queued = requests(first + number * texts, texts)
                        rates["bare"].append(rate(bare, queued))
                        rates["ours"].append(rate(ours, queued))
                final = select(func.count()).where(Delivery.status == DELIVERED)
                assert db.session.scalar(final) == texts * rounds
                db.session.rollback()
            middle = {key: statistics.median(found) for key, found in rates.items()}
            print(f"{name}: {middle}", file=sys.stderr)
            figures |= at_least(
                f"callbacks on {name} / bare Flask view", middle["ours"] / middle["bare"], 0.45
            )
        server.drop("bench_callbacks")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a third of the callbacks")
    print_figures(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
