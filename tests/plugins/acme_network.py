"""Acme, the provider of the manual's example, as a server on a socket."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask


@dataclass(frozen=True)
class Fault:
    """How a request to send is answered. A text that is `taken` goes out all the same."""

    status: int = 0  # 0 is no answer
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    taken: bool = False
    hangs: bool = False


def error(status: int, code: str, **headers: str) -> Fault:
    return Fault(status, json.dumps({"code": code, "message": f"Acme says {code}"}), headers)


class Network:
    """`faults` are used up one by one; then texts are taken."""

    app: Flask  # the installation that sends through it

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.texts: list[dict[str, str]] = []
        self.lock, self.over = threading.Lock(), threading.Event()
        self.base = ""

    def take(self, text: dict[str, str]) -> str:
        with self.lock:
            made = datetime.now(UTC).isoformat()
            self.texts.append(text | {"id": f"A{len(self.texts)}", "created_at": made})
            return self.texts[-1]["id"]

    def next_fault(self) -> Fault | None:
        with self.lock:
            return self.faults.pop(0) if self.faults else None


class Handler(BaseHTTPRequestHandler):
    network: Network

    def do_GET(self) -> None:
        given = parse_qs(urlsplit(self.path).query)
        found = [t for t in self.network.texts if t["reference"] in given.get("reference", [])]
        self.answer(200, json.dumps({"texts": found, "balance": "12 EUR"}), {})

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.network.next_fault()
        if fault is None or fault.taken:
            made = self.network.take(text)
        if fault is None:
            self.answer(201, json.dumps({"id": made}), {})
        elif fault.status:
            self.answer(fault.status, fault.body, fault.headers)
        elif fault.hangs:
            self.network.over.wait(30)
        else:  # closed by a reset, with no word
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def answer(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):  # it was reset
            return

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def network() -> Iterator[Network]:
    found = Network()
    handler = type("Handler", (Handler,), {"network": found})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    found.base = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.over.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
