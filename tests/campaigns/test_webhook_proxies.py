"""Webhooks through a company's proxy: the same variables, and still no private addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import current_app

from heliograph.campaigns.builtin.calls import Answer, NoAnswer, Refused, post
from heliograph.installation import settings_of
from tests.campaigns.receiver import Receiver, receiver
from tests.campaigns.stage import Stage, step, tags
from tests.campaigns.test_webhooks import hooked
from tests.counterpart.authority import Authority
from tests.counterpart.proxy import ENCODED, PASSWORD, Proxy

REAL = socket.getaddrinfo


@pytest.fixture(autouse=True)
def company(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, proxy: Proxy
) -> pytest.MonkeyPatch:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return monkeypatch


@pytest.fixture
def port(authority: Authority) -> Iterator[int]:
    """Where another system listens with TLS; its name is crm.test, its address public."""
    with receiver(authority.server("crm.test")) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the name server knows."""
    known = {"crm.test": "93.184.216.34", "inside.test": "10.1.2.3"}

    def found(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host in known:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[host], port))]
        if host.endswith(".test"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return REAL(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return known


def called(url: str, *, seconds: float = 5, private: bool = False) -> Answer:
    return post(url, b'{"a": 1}', {"X-Key": "1"}, seconds=seconds, private=private)


def test_a_webhook_goes_through_the_proxy_and_trusts_the_private_authority(
    proxy: Proxy, port: int
) -> None:
    assert called(f"https://crm.test:{port}/hook?a=1") == Answer(200, "so it is")
    assert proxy.asked == [f"CONNECT crm.test:{port}"]
    ((headers, body),) = Receiver.took
    assert (headers["host"], headers["x-key"], body) == (f"crm.test:{port}", "1", {"a": 1})
    assert "proxy-authorization" not in headers  # the other system is not told the password


def test_a_webhook_without_tls_goes_through_it_too(proxy: Proxy) -> None:
    with receiver() as address:
        port = address.rpartition(":")[2]
        assert called(f"http://crm.test:{port}/hook?a=1").status == 200
        assert proxy.asked == [f"POST http://crm.test:{port}/hook?a=1"]
        assert len(Receiver.took) == 1


@pytest.mark.parametrize("host", ["inside.test", "10.1.2.3", "localhost", "169.254.169.254"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_proxy_is_not_asked_for_private_addresses(proxy: Proxy, scheme: str, host: str) -> None:
    with pytest.raises(Refused, match="not on the public internet"):
        called(f"{scheme}://{host}/")
    assert proxy.asked == []


def test_a_name_that_only_the_proxy_knows_is_refused_unless_the_setting_allows(
    proxy: Proxy, port: int, names: dict[str, str]
) -> None:
    del names["crm.test"]
    with pytest.raises(NoAnswer, match="HELIOGRAPH_WEBHOOK_PRIVATE=1 leaves that to the proxy"):
        called(f"https://crm.test:{port}/")
    assert proxy.asked == []
    assert called(f"https://crm.test:{port}/", private=True).status == 200


def test_no_proxy_goes_around_it_and_the_guard_stays(
    proxy: Proxy, port: int, company: pytest.MonkeyPatch
) -> None:
    company.setenv("NO_PROXY", "127.0.0.1,.inside.test,inside.test")
    assert called(f"https://127.0.0.1:{port}/", private=True).status == 200
    with pytest.raises(Refused):
        called("https://inside.test/")
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (407, "asks for a user and a password"),
        (403, "go around the proxy by NO_PROXY=crm.test"),
        (502, "does not connect to crm.test: HTTP 502"),
        ("close", "the connection was closed"),
        ("hang", "it took too long"),
    ],
)
def test_trouble_with_the_proxy_has_its_words(
    proxy: Proxy, port: int, answer: int | str, words: str
) -> None:
    proxy.answer = answer
    with pytest.raises(NoAnswer, match=words) as lost:
        called(f"https://crm.test:{port}/?token=hush", seconds=0.5)
    assert Receiver.took == []
    assert len(proxy.asked) == 1
    for secret in (PASSWORD, ENCODED, "hush"):
        assert secret not in lost.value.message


def test_a_password_asked_for_over_plain_http_is_no_answer_of_the_other_system(
    proxy: Proxy, company: pytest.MonkeyPatch
) -> None:
    company.setenv("HTTP_PROXY", proxy.address)
    with pytest.raises(NoAnswer, match="asks for a user and a password"):
        called("http://crm.test/hook")


def test_without_the_private_authority_nothing_is_told(
    port: int, company: pytest.MonkeyPatch
) -> None:
    company.delenv("SSL_CERT_FILE")
    company.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(NoAnswer, match=r"the certificate of crm\.test is not trusted"):
        called(f"https://crm.test:{port}/")
    assert Receiver.took == []


def test_a_proxy_that_cannot_be_used_is_named(company: pytest.MonkeyPatch) -> None:
    company.setenv("HTTPS_PROXY", "socks5://me:hush@proxy:1080")
    with pytest.raises(NoAnswer, match="HTTPS_PROXY: 'socks5' is no address of an HTTP proxy"):
        called("https://crm.test/")


def test_a_campaign_waits_for_the_proxy_and_goes_on(stage: Stage, proxy: Proxy, port: int) -> None:
    allowed = replace(settings_of(current_app), webhook_private="1")
    current_app.extensions["heliograph_settings"] = allowed
    proxy.troubles = [407]
    source, (ann,) = stage.cast(1)
    stage.play(*hooked(f"https://crm.test:{port}/hook"), source=source)
    stage.turn()
    assert "asks for a user and a password" in step(ann, "call").detail
    stage.leap(minutes=2)
    stage.turn()
    assert tags(ann) == ["told"]
    assert len(Receiver.took) == 1
