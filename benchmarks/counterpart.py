"""A small, fast stand-in for Twilio: `python -m benchmarks.counterpart --latency 0.05`.

It answers every create call after the latency, the n-th with 429 when asked to,
and keeps nothing but counts. The first line it prints is its port; a GET gives
the counts as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvloop

ACCOUNT = "AC" + "0a" * 16
TOKEN = "70ken" + "b" * 27
NUMBER = "+15005550006"

TEXT = (
    '{"sid": "SM%032x", "account_sid": "' + ACCOUNT + '", "messaging_service_sid": null, '
    '"to": "+33600000000", "from": "+15005550006", "body": "Hello Ann, the shop is open", '
    '"status": "queued", "direction": "outbound-api", "num_segments": "1", "num_media": "0", '
    '"price": null, "price_unit": "USD", "error_code": null, "error_message": null, '
    '"date_created": "Mon, 23 Nov 2026 10:00:00 +0000", '
    '"date_updated": "Mon, 23 Nov 2026 10:00:00 +0000", "date_sent": null, '
    '"api_version": "2010-04-01", "uri": "/2010-04-01/Accounts/AC/Messages/SM.json", '
    '"subresource_uris": {"media": "/2010-04-01/Accounts/AC/Messages/SM/Media.json"}}'
)
BUSY = '{"code": 20429, "message": "Too many requests", "more_info": "", "status": 429}'


def answer(status: str, body: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@dataclass
class Network:
    latency: float
    throttle: int = 0
    created: int = 0
    throttled: int = 0
    flying: int = 0
    most: int = 0
    offset: int = 0

    def create(self) -> bytes:
        if self.throttle and (self.created + self.throttled + 1) % self.throttle == 0:
            self.throttled += 1
            return answer("429 Too Many Requests", BUSY)
        self.created += 1
        return answer("201 Created", TEXT % (self.offset + self.created))


class Line(asyncio.Protocol):
    """One kept-alive connection; requests come one after the other."""

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop) -> None:
        self._network, self._loop = network, loop
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        if self._buffer.startswith(b"GET "):
            self._buffer = b""
            network = self._network
            counts = {"created": network.created, "throttled": network.throttled}
            self._transport.write(answer("200 OK", json.dumps(counts | {"most": network.most})))
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:") + 15
        length = int(head[at : head.find(b"\r", at) if b"\r" in head[at:] else None])
        if len(self._buffer) < end + 4 + length:
            return
        self._buffer = self._buffer[end + 4 + length :]
        self._network.flying += 1
        self._network.most = max(self._network.most, self._network.flying)
        self._loop.call_later(self._network.latency, self._answer)

    def _answer(self) -> None:
        self._network.flying -= 1
        if not self._transport.is_closing():
            self._transport.write(self._network.create())


async def serve(network: Network) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(network, loop), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True)
class Counterpart:
    """A running one; `counts()` tells what it took."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(self.url, timeout=10) as reply:
            found: dict[str, int] = json.loads(reply.read())
        return found


@contextmanager
def counterpart(latency: float, *, throttle: int = 0) -> Iterator[Counterpart]:
    """A counterpart in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.counterpart", "--latency", str(latency)]
    process = subprocess.Popen(
        [*command, "--throttle", str(throttle)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Counterpart(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.05, help="seconds")
    parser.add_argument("--throttle", type=int, default=0, help="every n-th call gets 429")
    options = parser.parse_args()
    # sids differ from one run to the next, as Twilio's do
    network = Network(options.latency, options.throttle, offset=time.time_ns() << 20)
    uvloop.run(serve(network))


if __name__ == "__main__":
    main()
