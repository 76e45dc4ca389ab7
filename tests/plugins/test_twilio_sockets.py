"""What happens on the connection, and what it means for the text: surely not sent, or maybe.

The HTTP client is a library's; these are the promises that Heliograph builds on.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.run import Options, send_due
from heliograph.channel import Failure, FailureKind, Sent
from heliograph.db import db, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.messages import create_message
from heliograph.plugins.twilio.config import TwilioConfig
from heliograph.plugins.twilio.provider import TwilioProvider
from heliograph.segments import add_members, create_segment
from tests.counterpart import Counterpart
from tests.counterpart.connection import connect
from tests.fixtures import add_people
from tests.plugins.test_twilio_provider import text

CREATED = b'{"sid": "SM%08d", "status": "queued"}'
ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 41\r\n\r\n" + CREATED
MOVED = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"

Play = Callable[["Server", socket.socket], None]


class Server:
    """Plays *play* on each connection; keeps the requests it read whole."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self.requests: list[bytes] = []
        self.connections = self.ended_connections = 0
        self.ended = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            self._play(self, connection)
        self.ended_connections += 1

    def read(self, connection: socket.socket) -> bool:
        """One whole request; False where the client has left."""
        data = b""
        while True:
            head, end, body = data.partition(b"\r\n\r\n")
            if end:
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                if len(body) >= length:
                    self.requests.append(data)
                    return True
            more = connection.recv(65536)
            if not more:
                return False
            data += more

    def stop(self) -> None:
        self.ended.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def play() -> Iterator[Callable[[Play], Server]]:
    servers: list[Server] = []

    def begin(play: Play) -> Server:
        servers.append(Server(play))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


def provider_at(url: str) -> TwilioProvider:
    given = {
        "account_sid": Counterpart.account_sid,
        "auth_token": Counterpart.auth_token,
        "from_number": Counterpart.number,
        "api_base_url": url,
    }
    return TwilioProvider(TwilioConfig.model_validate(given))


def send(url: str, count: int = 1, *, pause: float = 0, limit: float = 5) -> list[Any]:
    """Send texts one after the other on one provider; what came of each."""

    async def all_of_them() -> list[Any]:
        provider, results = provider_at(url), []
        for _ in range(count):
            try:
                async with asyncio.timeout(limit):
                    results.append(await provider.send(text()))
            except (Failure, TimeoutError) as error:
                results.append(error)
            await asyncio.sleep(pause)
        await provider.close()
        return results

    return asyncio.run(all_of_them())


def answering(server: Server, connection: socket.socket) -> None:
    while server.read(connection):
        connection.sendall(ANSWER % (server.port * 1000 + len(server.requests)))


def read_then_end(server: Server, connection: socket.socket) -> None:
    server.read(connection)


def read_then_reset(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def end_at_once(_server: Server, _connection: socket.socket) -> None:
    return


def half_an_answer(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall((ANSWER % 1)[:-10])


def half_a_head(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(ANSWER[:20])


def no_http(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n\r\n")


@pytest.mark.parametrize(
    "ending", [end_at_once, read_then_end, read_then_reset, half_an_answer, half_a_head, no_http]
)
def test_a_connection_that_ends_early_leaves_the_outcome_open(
    play: Callable[[Play], Server], ending: Play
) -> None:
    server = play(ending)
    (result,) = send(server.url)
    assert isinstance(result, Failure), result
    assert result.kind is FailureKind.UNKNOWN_OUTCOME
    assert server.connections == 1  # not once more, by itself


def test_no_answer_is_given_up_and_not_repeated(play: Callable[[Play], Server]) -> None:
    def silent(server: Server, connection: socket.socket) -> None:
        while server.read(connection):
            pass

    server = play(silent)
    (result,) = send(server.url, limit=0.3, pause=0.2)
    assert isinstance(result, TimeoutError)
    assert (server.connections, len(server.requests)) == (1, 1)


def test_texts_share_a_connection(play: Callable[[Play], Server]) -> None:
    server = play(answering)
    results = send(server.url, 5)
    assert [type(result) for result in results] == [Sent] * 5
    assert (server.connections, len(server.requests)) == (1, 5)


def test_a_connection_that_ended_while_idle_is_not_used(play: Callable[[Play], Server]) -> None:
    def once(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        connection.sendall(ANSWER % 1)

    server = play(once)
    results = send(server.url, 3, pause=0.1)
    assert [type(result) for result in results] == [Sent] * 3
    assert (server.connections, len(server.requests)) == (3, 3)


def test_a_kept_connection_that_ends_on_the_next_text_leaves_it_open(
    play: Callable[[Play], Server],
) -> None:
    """Here libraries repeat a request by themselves: the text would go out twice."""

    def once(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        connection.sendall(ANSWER % 1)
        server.read(connection)

    server = play(once)
    first, second = send(server.url, 2)
    assert isinstance(first, Sent)
    assert isinstance(second, Failure)
    assert second.kind is FailureKind.UNKNOWN_OUTCOME
    assert (server.connections, len(server.requests)) == (1, 2)


def test_a_redirect_is_not_followed(play: Callable[[Play], Server]) -> None:
    def moved(server: Server, connection: socket.socket) -> None:
        while server.read(connection):
            connection.sendall(MOVED)

    server = play(moved)
    (result,) = send(server.url)
    assert isinstance(result, Failure)
    assert "HTTP 307" in result.text
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_no_connection_means_that_nothing_was_sent(url: str) -> None:
    (result,) = send(url)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.TRANSIENT


def test_a_server_that_takes_no_connection_in_time_got_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heliograph.http_session.CONNECT_SECONDS", 0.3)
    with contextlib.ExitStack() as full:
        server = full.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # the queue of the system is full: the next one waits
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        (result,) = send(f"http://127.0.0.1:{server.getsockname()[1]}")
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.TRANSIENT
    assert "no answer within 0.3 seconds" in result.text


def test_what_is_sent_has_no_headers_of_the_library(play: Callable[[Play], Server]) -> None:
    server = play(answering)
    send(server.url)
    head = server.requests[0].partition(b"\r\n\r\n")[0].decode().lower().splitlines()
    names = {line.partition(":")[0] for line in head[1:]}
    assert names == {
        *("host", "user-agent", "x-twilio-client", "accept-charset", "content-type", "accept"),
        *("authorization", "content-length"),
    }
    assert sum(line.startswith("content-type: application/x-www-form") for line in head) == 1


def test_a_changed_config_ends_the_connections_of_the_old_one(
    app: Flask, play: Callable[[Play], Server]
) -> None:
    before, after = play(answering), play(answering)
    segment = create_segment("everybody")
    add_members(segment.id, add_people(6))
    loop = DeliveryLoop(app)
    try:
        for server in (before, after):
            connect(Counterpart, api_base_url=server.url)
            given = {"segments": [segment.id], "publish_up": utcnow()}
            made = create_message(name=server.url, text="Hi", **given)
            db.session.rollback()
            assert send_due(loop, Options(broadcast_id=made.id))[0].status == "finished"
    finally:
        loop.stop()
    for server in (before, after):
        assert len(server.requests) == 6
        assert 1 <= server.connections <= 4
        end = time.monotonic() + 5
        while server.ended_connections < server.connections and time.monotonic() < end:
            time.sleep(0.02)
        assert server.ended_connections == server.connections
    gc.collect()  # what is left open warns, and warnings fail the test
