"""The real server before clients that are slow, or lie about who they are."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from tests.test_end_to_end import HELIOGRAPH, free_port, get, wait_until

SLOW = 70
HALF_A_HEADER = b"GET /login HTTP/1.1\r\nHost: slow.example.com\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /login HTTP/1.1\r\nHost: slow.example.com\r\nContent-Length: 9999\r\n\r\nemail="
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def address(data: Path) -> Iterator[str]:
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    environment = kept | {"HELIOGRAPH_DATA_DIR": str(data), "HELIOGRAPH_TRUSTED_PROXIES": "1"}
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [HELIOGRAPH, "serve", "--demo", "--port", str(port)]
    with subprocess.Popen(command, env=environment) as process:
        wait_until(lambda: get(f"{address}/readyz") == 200, 60)
        yield address
        process.kill()


@pytest.mark.parametrize("begun", [HALF_A_HEADER, HALF_A_BODY], ids=["headers", "bodies"])
def test_those_who_send_a_byte_now_and_then_stop_nobody(address: str, begun: bytes) -> None:
    host, port = address.removeprefix("http://").split(":")
    with ExitStack() as open_ones:
        slow = [
            open_ones.enter_context(socket.create_connection((host, int(port))))
            for _ in range(SLOW)
        ]
        for client in slow:
            client.sendall(begun)
        for _ in range(3):
            for client in slow:
                client.sendall(b"x")
            assert get(f"{address}/healthz") == 200  # within five seconds


def test_nobody_passes_for_another_by_a_header_with_underscores(address: str, data: Path) -> None:
    with requests.Session() as session:
        page = session.get(f"{address}/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        session.post(
            f"{address}/login",
            {"email": "ada@example.com", "password": "a guess", "csrf_token": token[1]},
            headers={"X-Forwarded-For": "203.0.113.7", "X_Forwarded_For": "198.51.100.66"},
        )
    with closing(sqlite3.connect(data / "heliograph.db")) as database:
        found = database.execute("SELECT email, address FROM login_failures").fetchall()
    assert found == [("ada@example.com", "203.0.113.7")]
