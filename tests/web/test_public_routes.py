"""What strangers may call takes any bytes: a refusal, never a 500, and nothing is stored."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from heliograph.db import db
from heliograph.host import current_host
from heliograph.replies.models import Reply
from tests.visitor import Visitor, sign_in
from tests.web.test_user_races import at_once

BOUNDARY = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"
HEADERS: dict[str, dict[str, str]] = {
    "plain": {},
    "signature": dict.fromkeys(("X-Simulator-Signature", "X-Twilio-Signature"), "ÿþé"),
    "long signature": dict.fromkeys(("X-Simulator-Signature", "X-Twilio-Signature"), "a" * 9000),
    "authorization": {"Authorization": "Bearer \xff\u00e9"},
    "basic": {"Authorization": "Basic \xff"},
    "language": {"Accept-Language": "\xff;q=x,,;q=9e9,xx-\u00e9"},
    "accept": {"Accept": "\xff/*;q=nan, ;;"},
    "cookie": {"Cookie": "heliograph_session=\xff; __Secure-heliograph_session=\xff.x.y; =; ;;"},
    "forwarded": {"X-Forwarded-For": "\xff, 1.2.3.4:x", "Forwarded": "for=\xff"},
    "host": {"Host": "\xff.example"},
    "agent": {"User-Agent": "\xff" * 600},
    "referrer": {"Referer": "http://[", "Origin": "http://["},
    "fetch": {"HX-Request": "\xff", "Sec-Fetch-Site": "\xff", "Purpose": "\xff"},
    "range": {"Range": "bytes=\xff-", "If-Modified-Since": "\xff", "If-None-Match": "\xff"},
    "charset": {"Content-Type": f"{FORM}; charset=\xff"},
    "unknown charset": {"Content-Type": f"{FORM}; charset=utf-99"},
    "json": {"Content-Type": "application/json"},
    "no boundary": {"Content-Type": "multipart/form-data"},
    "multipart": {"Content-Type": BOUNDARY},
}
BODIES: dict[str, bytes] = {
    "empty": b"",
    "bytes": b"\xff\xfe\x00",
    "fields": b"id=\xff&from=%FF&status=%00&AccountSid=\x00&From=%ED%A0%80&text=%zz&Body=%",
    "names": b"%FF=1&\xff=2&=&&==&id[]=1",
    "many": b"&".join(b"a%d=1" % number for number in range(1500)),
    "part": b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--',
    "open part": b'--x\r\nContent-Disposition: form-data; name="id"; filename="\x00',
    "object": b'{"id": {"a": [1e999]}}',
}
# (database, whether the plugins are on)
WAYS = [("sqlite", True), ("sqlite", False), ("postgresql", True)]


def is_public(app: Flask, endpoint: str) -> bool:
    return endpoint in PUBLIC or ".callbacks" in endpoint or "_callbacks." in endpoint


PUBLIC = {
    *("static", "health.healthz", "health.readyz", "links.go", "metrics.show"),
    *("accounts.login", "accounts.enter", "welcome.first", "welcome.begin"),
}


def routes(app: Flask) -> list[tuple[str, str]]:
    """Method and path of each that needs no sign-in."""
    found = []
    for rule in app.url_map.iter_rules():
        if is_public(app, rule.endpoint):
            path = rule.rule.replace("<code>", "abc").replace("<path:filename>", "mark.svg")
            found += [
                (method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            ]
    return found


def tries(method: str) -> list[tuple[str, str]]:
    """Each header with a body that fits it, and each body."""
    fitting = {"json": "object", "no boundary": "part", "multipart": "open part"}
    found = [(headers, fitting.get(headers, "fields")) for headers in HEADERS]
    if method == "POST":
        found += [("plain", body) for body in BODIES] + [("multipart", "part")]
    return found


def call(
    app: Flask, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, str]:
    """Straight into the WSGI application: no client makes the request any better."""
    answered: list[int] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/mautic" + path,
        "QUERY_STRING": "next=%FF&delivery=%00&setup_token=\xff",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT") else f"HTTP_{key}"] = value.encode().decode(
            "latin-1"
        )

    def start(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        answered.append(int(status.split(maxsplit=1)[0]))
        return lambda _: None

    answer = app.wsgi_app(environ, start)
    text = b"".join(answer).decode("utf-8", "replace")
    getattr(answer, "close", lambda: None)()
    return answered[-1], text


@pytest.mark.parametrize(("database_url", "on"), WAYS, indirect=["database_url"])
def test_no_public_route_falls_over(
    make_app: Callable[..., Flask], *, on: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(public_url="https://sms.example.com/mautic", trusted_proxies="1")
    with app.app_context():
        current_host().upgrade_tables()
        if on:
            current_host().enable("simulator")
            current_host().configure("twilio", CONFIG)
            current_host().enable("twilio")
    found = routes(app)
    assert len(found) >= 15
    wrong = []
    for method, path in found:
        for headers, body in tries(method):
            status, text = call(app, method, path, HEADERS[headers], BODIES[body])
            later = status == 503 and "Try again later" in text  # not configured
            if status >= 500 and not later:
                wrong.append((method, path, headers, body, status))
    assert wrong == []
    assert "Traceback" not in caplog.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Reply)) == 0


CONFIG = {"account_sid": "AC" + "1" * 32, "auth_token": "a" * 32, "from_number": "+15005550006"}


@pytest.mark.parametrize("path", ["callback", "status"])
def test_a_simulator_that_is_off_refuses_odd_bytes(app: Flask, path: str) -> None:
    current_host().upgrade_tables()
    for signature in ("\xff", "é", "", "a" * 64):
        headers = {"X-Simulator-Signature": signature}
        assert call(app, "POST", f"/sms/simulator/{path}", headers, b"id=1&from=2")[0] == 403


def test_the_first_callbacks_of_all_make_one_key(app: Flask) -> None:
    current_host().upgrade_tables()
    first = lambda: call(app, "POST", "/sms/simulator/status", {}, b"id=1")[0]  # noqa: E731
    assert at_once([first] * 6) == [403] * 6


@pytest.mark.parametrize(
    ("public_url", "name", "path"),
    [
        ("https://sms.example.com", "__Host-heliograph_session", "/"),
        ("https://sms.example.com/mautic", "__Secure-heliograph_session", "/mautic"),
        ("http://sms.example.com", "heliograph_session", "/"),
        ("", "heliograph_session", "/"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_cookie_is_named_by_what_protects_it(
    make_app: Callable[..., Flask], public_url: str, name: str, path: str
) -> None:
    app = make_app(public_url=public_url, trusted_proxies="1")
    visitor = Visitor(app)
    answer = visitor.get("/login", **{"X-Forwarded-For": "192.0.2.7"})
    answer = (
        visitor.get(answer.location.removeprefix(visitor.prefix)) if answer.location else answer
    )
    (cookie,) = answer.headers.getlist("Set-Cookie")
    facts = {part.strip() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "SameSite=Lax", f"Path={path}"} <= facts
    assert ("Secure" in facts) == public_url.startswith("https:")
    assert not any(fact.startswith("Domain") for fact in facts)
    hsts = answer.headers.get("Strict-Transport-Security")
    assert hsts == ("max-age=31536000" if public_url.startswith("https:") else None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_cookie_of_the_old_name_counts_no_more(make_app: Callable[..., Flask]) -> None:
    app = make_app(public_url="https://sms.example.com")
    with app.app_context():
        visitor = sign_in(app)
    cookie = visitor.client.get_cookie("__Host-heliograph_session")
    assert cookie is not None
    old = Visitor(app)
    old.client.set_cookie("heliograph_session", cookie.value)
    assert old.get("/").status_code == 302
    old.client.set_cookie("__Host-heliograph_session", cookie.value)
    assert old.get("/").status_code == 200
