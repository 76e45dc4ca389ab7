"""Calls to other systems: which addresses are refused, and how long they may take."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from heliograph.campaigns.builtin.calls import NoAnswer, Refused, post, read_url, refuse_private
from heliograph.campaigns.checks import check_canvas
from heliograph.errors import BadInput
from tests.campaigns.drawing import drawn as canvas_of
from tests.campaigns.drawing import event
from tests.campaigns.stage import Stage


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://10.0.0.1/",
        "http://192.168.1.1:8080/x",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://[64:ff9b::a00:1]/",
        "http://[fe80::1]/",
        "http://100.64.0.1/",
        "http://db.internal/",
        "http://224.0.0.1/",
        "http://[2002:7f00:1::]/",
    ],
)
def test_private_addresses_are_refused(stage: Stage, url: str) -> None:
    findings = check_canvas(canvas_of(event("a", "core.webhook", config={"url": url}), sources=()))
    assert any("not on the public internet" in one.words for one in findings), findings
    with pytest.raises(Refused):
        post(url, b"{}", {}, seconds=1, private=False)


def test_a_name_that_leads_to_a_private_address_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket  # noqa: PLC0415

    def found(*_args: Any, **_more: Any) -> list[Any]:
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))
        private = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))
        return [public, private]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(Refused, match=r"at 10\.1\.2\.3"):
        post("http://example.com/", b"{}", {}, seconds=1, private=False)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "https://",
        "https://a b.com",
        "javascript:alert(1)",
        "//example.com",
        "https://user:pass@example.com",
        "https://example.com:99999/",
        "https://exa\nmple.com",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        read_url(url)


def test_public_names_are_fine() -> None:
    refuse_private("example.com")
    refuse_private("93.184.216.34")


def test_an_answer_that_drips_is_cut_off(stage: Stage) -> None:
    import socket  # noqa: PLC0415
    import time  # noqa: PLC0415

    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for number in range(200):
                    connection.sendall(f"X-{number}: y\r\n".encode())
                    time.sleep(0.2)
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, seconds=1, private=True)
    assert time.monotonic() - begun < 20
    thread.join()
    server.close()


def test_of_an_answer_without_end_only_the_beginning_is_read() -> None:
    import socket  # noqa: PLC0415

    ended = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def flood() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            connection.sendall(b"x" * 1000)
            ended.wait(10)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        answer = post(url, b"{}", {}, seconds=2, private=True)
    finally:
        ended.set()
        thread.join()
        server.close()
    assert answer.text == "x" * 300
