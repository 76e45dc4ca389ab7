"""The proxy of a company: asks for a password, tunnels TLS, passes plain HTTP on."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

USER, PASSWORD = "heliograph", "p@ss:w0rd"
ENCODED = "heliograph:p%40ss%3Aw0rd"


class Proxy:
    """`asked` is what was asked for, signed in or not; every name leads to this machine.

    `answer` refuses with a status, or "hang" or "close" in place of an answer; `troubles`
    are such answers for the next ones who ask.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[str] = []
        self.answer: int | str = 200
        self.troubles: list[int | str] = []
        self.ended = threading.Event()
        handler = type("Handler", (Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """With the right user and password."""
        return self.address.replace("://", f"://{ENCODED}@")

    def stop(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        if not self.may_pass():
            return
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as server:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=copy, args=(server, self.connection), daemon=True)
            back.start()
            copy(self.connection, server)
            back.join(5)
        self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.pass_on(body)

    def do_GET(self) -> None:
        self.pass_on(b"")

    def pass_on(self, body: bytes) -> None:
        if not self.may_pass():
            return
        parts = urlsplit(self.path)
        there = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=5)
        given = {k: v for k, v in self.headers.items() if not k.lower().startswith("proxy-")}
        there.request(
            self.command, parts.path + (f"?{parts.query}" * bool(parts.query)), body, given
        )
        answer = there.getresponse()
        self.answer(answer.status, answer.read())
        there.close()

    def may_pass(self) -> bool:
        self.proxy.asked.append(f"{self.command} {self.path}")
        status = self.proxy.troubles.pop(0) if self.proxy.troubles else self.proxy.answer
        if status == "hang":
            self.proxy.ended.wait(20)
        if isinstance(status, str):
            self.close_connection = True
            return False
        right = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Proxy-Authorization") != right:
            status = 407
        if status != 200:
            self.answer(status, b"no way")
        return status == 200

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Quiet."""


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def running_proxy(tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    proxy = Proxy(tls)
    try:
        yield proxy
    finally:
        proxy.stop()
