"""Proxies and certificate authorities as the environment names them."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from heliograph.errors import BadInput
from heliograph.proxies import authorities, proxy_for, tls_context
from tests.counterpart.authority import Authority

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
TWILIO = "https://api.twilio.com/2010-04-01/Accounts"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_without_variables_there_is_no_proxy() -> None:
    assert proxy_for(TWILIO) is None


@pytest.mark.parametrize(
    ("given", "url", "address"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("proxy.example:3128", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://proxy.example/", "http://proxy.example:80", "http://proxy.example:80"),
        ("https://proxy.example", "https://proxy.example:443", "https://proxy.example:443"),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080", "http://[fd00::1]:8080"),
        ("http://me:p%40ss@proxy:1", "http://me:p%40ss@proxy:1", "http://proxy:1"),
        ("me:secret@proxy:1", "http://me:secret@proxy:1", "http://proxy:1"),
    ],
)
def test_a_proxy_is_read(
    monkeypatch: pytest.MonkeyPatch, given: str, url: str, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    proxy = proxy_for(TWILIO)
    assert proxy is not None
    assert (proxy.url, proxy.address, proxy.variable) == (url, address, "HTTPS_PROXY")
    assert "secret" not in repr(proxy)
    assert proxy_for("http://shop.example/") is None  # HTTP_PROXY is the one for those


def test_variables_in_lower_case_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://upper:1")
    monkeypatch.setenv("http_proxy", "http://lower:1")
    proxy = proxy_for("http://shop.example/")
    assert proxy is not None
    assert proxy.host == "lower"


@pytest.mark.parametrize(
    ("listed", "direct"),
    [
        ("api.twilio.com", True),
        ("twilio.com", True),
        (".twilio.com, example.com", True),
        ("API.TWILIO.COM:443", True),
        ("*", True),
        ("api.twilio.com:8443", False),
        ("io.com", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_no_proxy_lists_names_and_domains(
    monkeypatch: pytest.MonkeyPatch, listed: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", listed)
    assert (proxy_for(TWILIO) is None) is direct


@pytest.mark.parametrize(
    ("listed", "url", "direct"),
    [
        ("10.0.0.0/8", "https://10.1.2.3/hook", True),
        ("10.0.0.0/8", "https://11.1.2.3/hook", False),
        ("127.0.0.1", "https://127.0.0.1:8443/", True),
        ("fd00::/8", "https://[fd00::7]/hook", True),
        ("fd00::7", "https://[fd00::7]/hook", True),
    ],
)
def test_no_proxy_lists_networks(
    monkeypatch: pytest.MonkeyPatch, listed: str, url: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", listed)
    assert (proxy_for(url) is None) is direct


@pytest.mark.parametrize(
    "given",
    [
        "socks5://me:secret@proxy:1080",
        "http://me:secret@proxy:99999",
        "http://me:secret@",
        "http://me:secret@pro xy:1",
        "http://me:secret\u20ac@proxy:1",
        "http://[me:secret@proxy:1",
    ],
)
def test_what_is_no_http_proxy_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    with pytest.raises(BadInput, match="HTTPS_PROXY") as refused:
        proxy_for(TWILIO)
    assert "secret" not in refused.value.message
    assert "http://user:password@proxy.example:3128" in refused.value.message


def test_authorities_are_those_of_the_first_variable(
    monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    assert authorities() == (certifi.where(), "")
    known = len(tls_context().get_ca_certs())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    assert authorities() == (str(authority.file), "REQUESTS_CA_BUNDLE")
    assert len(tls_context().get_ca_certs()) == 1 < known
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert len(tls_context().get_ca_certs()) == known


def test_a_file_of_authorities_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/absent.pem")
    with pytest.raises(BadInput, match=r"SSL_CERT_FILE: '/nowhere/absent\.pem' cannot be read: No"):
        tls_context()
    (tmp_path / "empty.pem").write_text("none")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(BadInput, match="holds no certificates in PEM"):
        tls_context()
