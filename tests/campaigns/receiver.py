"""Another system, on this machine, that webhooks may call."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(BaseHTTPRequestHandler):
    """Answers as it is told; `took` keeps what came."""

    took: list[tuple[dict[str, str], Any]] = []
    answers: list[int] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.took.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
        self.send_response(Receiver.answers.pop(0) if Receiver.answers else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(b"so it is")

    def log_message(self, *_args: Any) -> None:
        return


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Its address; nothing has come yet."""
    Receiver.took, Receiver.answers = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:  # a test that fails ends, too
        server.shutdown()
        thread.join()
        server.server_close()
