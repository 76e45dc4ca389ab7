"""Texts through the proxy of a company, to a server with its private certificate authority."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from flask import Flask

from heliograph.broadcasts.lifecycle import resume
from heliograph.broadcasts.run import Options, RunReport, send_due
from heliograph.channel import Failure, FailureKind, Sent
from heliograph.connection import check_connection
from heliograph.db import db
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.policy import POLICIES
from heliograph.plugins.twilio.config import TwilioConfig
from heliograph.plugins.twilio.provider import TwilioProvider
from tests.counterpart import Counterpart
from tests.counterpart.authority import Authority
from tests.counterpart.connection import connect, ready_broadcast
from tests.counterpart.proxy import ENCODED, PASSWORD, Proxy, running_proxy
from tests.plugins.test_twilio_provider import text


@pytest.fixture(autouse=True)
def company(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, proxy: Proxy
) -> pytest.MonkeyPatch:
    """The environment of a server in a company, all of it right."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr("heliograph.http_session.CONNECT_SECONDS", 2.0)
    quick = replace(POLICIES[FailureKind.TRANSIENT], wait=0.2)
    monkeypatch.setitem(POLICIES, FailureKind.TRANSIENT, quick)
    return monkeypatch


# -- the words and the kind of each failure --------------------------------


def provider_of(counterpart: Counterpart, **changes: str) -> TwilioProvider:
    given = {
        "account_sid": counterpart.account_sid,
        "auth_token": counterpart.auth_token,
        "from_number": counterpart.number,
        "api_base_url": counterpart.url,
    }
    return TwilioProvider(TwilioConfig.model_validate(given | changes))


def sent(provider: TwilioProvider, count: int = 1, run_on: Callable[..., Any] = asyncio.run) -> Any:
    async def run() -> Any:
        try:
            for _ in range(count - 1):
                await provider.send(text())
            return await provider.send(text())
        except Failure as failure:
            return failure
        finally:
            await provider.close()

    return run_on(run())


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://{ENCODED}@127.0.0.1:{server.getsockname()[1]}"


def no_password(company: pytest.MonkeyPatch, proxy: Proxy) -> None:
    company.setenv("HTTPS_PROXY", proxy.address)


def refused(company: pytest.MonkeyPatch, _proxy: Proxy) -> None:
    company.setenv("HTTPS_PROXY", closed_port())


def hanging(company: pytest.MonkeyPatch, proxy: Proxy) -> None:
    company.setattr("heliograph.http_session.CONNECT_SECONDS", 0.4)
    proxy.answer = "hang"


def closing(_company: pytest.MonkeyPatch, proxy: Proxy) -> None:
    proxy.answer = "close"


def forbidding(_company: pytest.MonkeyPatch, proxy: Proxy) -> None:
    proxy.answer = 403


def failing(_company: pytest.MonkeyPatch, proxy: Proxy) -> None:
    proxy.answer = 502


def unknown_name(company: pytest.MonkeyPatch, _proxy: Proxy) -> None:
    company.setenv("HTTPS_PROXY", f"http://{ENCODED}@no-such-proxy.invalid:3128")


def socks(company: pytest.MonkeyPatch, _proxy: Proxy) -> None:
    company.setenv("HTTPS_PROXY", f"socks5://{ENCODED}@127.0.0.1:1080")


def no_authority(company: pytest.MonkeyPatch, _proxy: Proxy) -> None:
    company.delenv("SSL_CERT_FILE")
    company.delenv("REQUESTS_CA_BUNDLE", raising=False)


def absent_authority(company: pytest.MonkeyPatch, _proxy: Proxy) -> None:
    company.setenv("SSL_CERT_FILE", "/nowhere/company.pem")


Trouble = Callable[[pytest.MonkeyPatch, Proxy], None]
TROUBLES: list[tuple[Trouble, FailureKind, str]] = [
    (no_password, FailureKind.CONFIG, "Set HTTPS_PROXY=http://user:password@127.0.0.1:"),
    (forbidding, FailureKind.CONFIG, "go around the proxy by NO_PROXY=api.twilio.test"),
    (socks, FailureKind.CONFIG, "HTTPS_PROXY: 'socks5' is no address of an HTTP proxy"),
    (no_authority, FailureKind.CONFIG, "set SSL_CERT_FILE to it"),
    (absent_authority, FailureKind.CONFIG, "SSL_CERT_FILE: '/nowhere/company.pem' cannot be read"),
    (refused, FailureKind.TRANSIENT, "(HTTPS_PROXY) cannot be reached: Connection refused"),
    (unknown_name, FailureKind.TRANSIENT, "the proxy http://no-such-proxy.invalid:3128"),
    (hanging, FailureKind.TRANSIENT, "no answer within 0.4 seconds"),
    (closing, FailureKind.TRANSIENT, "the connection was closed"),
    (failing, FailureKind.TRANSIENT, "does not connect to api.twilio.test: HTTP 502"),
]


@pytest.mark.parametrize(("trouble", "kind", "words"), TROUBLES)
def test_each_trouble_has_its_words_and_nothing_is_sent(
    secure: Counterpart,
    proxy: Proxy,
    company: pytest.MonkeyPatch,
    trouble: Trouble,
    kind: FailureKind,
    words: str,
) -> None:
    trouble(company, proxy)
    failure = sent(provider_of(secure))
    assert isinstance(failure, Failure)
    assert (failure.kind, secure.requests) == (kind, [])
    assert words in failure.text
    assert len(proxy.asked) <= 1  # asked once, not again and again
    whole = "".join(traceback.format_exception(failure)) + repr(failure.__cause__)
    assert PASSWORD not in whole
    assert ENCODED not in whole


@pytest.mark.parametrize(("trouble", "words"), [(one, words) for one, _, words in TROUBLES])
def test_test_connection_says_what_is_wrong(
    secure: Counterpart,
    proxy: Proxy,
    company: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: Trouble,
    words: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    trouble(company, proxy)
    found = provider_of(secure).check()
    assert not found.ok
    assert words in found.text
    for secret in (PASSWORD, ENCODED):
        assert secret not in found.text + caplog.text


def test_test_connection_goes_through_the_proxy(
    app: Flask, secure: Counterpart, proxy: Proxy
) -> None:
    connect(secure)
    assert check_connection("twilio").ok
    assert proxy.asked == [f"CONNECT api.twilio.test:{secure.port}"]


def test_texts_are_looked_up_through_the_proxy(secure: Counterpart, proxy: Proxy) -> None:
    provider = provider_of(secure)

    async def run() -> tuple[Any, Any]:
        try:
            made = await provider.send(text())
            return await provider.find(text()), await provider.status(made.provider_id)
        finally:
            await provider.close()

    found, status = asyncio.run(run())
    assert [one.provider_id for one in found] == [secure.texts[0].sid]
    assert status.provider_id == secure.texts[0].sid
    assert proxy.asked == [f"CONNECT api.twilio.test:{secure.port}"]


def test_no_proxy_goes_around_it(
    secure: Counterpart, proxy: Proxy, company: pytest.MonkeyPatch
) -> None:
    secure.host = "127.0.0.1"
    company.setenv("NO_PROXY", "example.com, 127.0.0.0/8")
    assert isinstance(sent(provider_of(secure)), Sent)
    assert proxy.asked == []


def test_plain_http_has_a_proxy_of_its_own(counterpart: Counterpart, proxy: Proxy) -> None:
    assert isinstance(sent(provider_of(counterpart), 3), Sent)
    assert proxy.asked == [f"POST {counterpart.url}{counterpart.requests[0][1]}"] * 3
    assert len(counterpart.texts) == 3


def test_a_password_asked_for_over_plain_http_is_no_answer_of_twilio(
    counterpart: Counterpart, proxy: Proxy, company: pytest.MonkeyPatch
) -> None:
    company.setenv("HTTP_PROXY", proxy.address)
    failure = sent(provider_of(counterpart))
    assert (failure.kind, counterpart.requests) == (FailureKind.CONFIG, [])
    assert "Set HTTP_PROXY=http://user:password@" in failure.text


@pytest.mark.parametrize("run_on", [asyncio.run, uvloop.run])
def test_the_way_to_the_proxy_may_have_tls_too(
    secure: Counterpart,
    authority: Authority,
    company: pytest.MonkeyPatch,
    run_on: Callable[..., Any],
) -> None:
    with running_proxy(authority.server("proxy.test")) as proxy:
        company.setenv("HTTPS_PROXY", proxy.url)
        assert isinstance(sent(provider_of(secure), 3, run_on), Sent)
        assert proxy.asked == [f"CONNECT api.twilio.test:{secure.port}"]


def test_a_certificate_for_another_name_is_not_trusted(
    secure: Counterpart, company: pytest.MonkeyPatch
) -> None:
    failure = sent(provider_of(secure, api_base_url=f"https://other.test:{secure.port}"))
    assert (failure.kind, secure.requests) == (FailureKind.CONFIG, [])
    assert "the certificate of other.test is not trusted: Hostname mismatch" in failure.text


# -- whole broadcasts ------------------------------------------------------


def send_all(app: Flask, broadcast_id: int) -> RunReport:
    loop = DeliveryLoop(app)
    try:
        return send_due(loop, Options(broadcast_id=broadcast_id))[0]
    finally:
        loop.stop()


def assert_each_once(counterpart: Counterpart, count: int) -> None:
    db.session.rollback()
    rows = db.session.execute(db.select(Delivery.number, Delivery.status)).all()
    assert {row.status for row in rows} == {"accepted"}
    assert Counter(one.to for one in counterpart.texts) == Counter({row.number: 1 for row in rows})
    assert len(rows) == count


def test_texts_go_through_a_proxy_with_a_password_and_trust_a_private_authority(
    app: Flask, secure: Counterpart, proxy: Proxy
) -> None:
    report = send_all(app, ready_broadcast(secure, 20))
    assert report.status == "finished"
    assert_each_once(secure, 20)
    assert set(proxy.asked) == {f"CONNECT api.twilio.test:{secure.port}"}
    assert len(proxy.asked) <= 4  # the connections are kept: no tunnel for each text


def test_a_wrong_password_pauses_the_broadcast_and_loses_no_text(
    app: Flask, secure: Counterpart, proxy: Proxy, company: pytest.MonkeyPatch
) -> None:
    broadcast_id = ready_broadcast(secure, 6)
    company.setenv("HTTPS_PROXY", proxy.url.replace(ENCODED, "heliograph:wr0ng"))
    report = send_all(app, broadcast_id)
    assert report.status == "paused"
    assert "asks for a user and a password" in report.reason
    assert "wr0ng" not in report.reason
    assert secure.requests == []
    company.setenv("HTTPS_PROXY", proxy.url)
    resume(broadcast_id)
    assert send_all(app, broadcast_id).status == "finished"
    assert_each_once(secure, 6)


def test_texts_are_tried_again_when_the_proxy_is_back(
    app: Flask, secure: Counterpart, proxy: Proxy
) -> None:
    broadcast_id = ready_broadcast(secure, 3)
    proxy.troubles = [503, "close", 502]
    assert send_all(app, broadcast_id).status == "finished"
    assert_each_once(secure, 3)
    assert proxy.troubles == []
