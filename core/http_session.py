"""HTTP to other systems: one aiohttp session to one server, by the proxy it needs.

A request is never repeated and no redirect is followed. What fails before there is a
connection raises NotConnected: then the request was surely not sent. After any other
exception it may have been.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from heliograph.errors import BadInput
from heliograph.proxies import Proxy, authorities, proxy_for, tls_context

CONNECT_SECONDS = 10.0
PASSWORD_ASKED = 407


class NotConnected(aiohttp.ClientError):
    """There was no connection, so nothing was sent; the message is for people.

    `lasting` where it stays so until a person changes a setting.
    """

    def __init__(self, words: str, *, lasting: bool = False) -> None:
        super().__init__(words)
        self.lasting = lasting


class Connector(aiohttp.TCPConnector):
    """Whatever goes wrong in `connect` goes wrong before the request is written."""

    def __init__(self, proxy: Proxy | None, **options: Any) -> None:
        super().__init__(**options)
        self._proxy = proxy

    async def connect(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> Any:
        try:
            return await super().connect(req, traces, timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            # without its cause: aiohttp's errors hold the address of the proxy, password and all
            raise not_connected(error, req.url.host or "", self._proxy) from None


def open_session(url: str, *, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A session for requests to the server of *url*, on the running loop; close it in the end.

    It keeps connections but no cookies, adds no headers of its own, and has no time-out but
    CONNECT_SECONDS for a connection; answers come as they were sent, compressed or not. Proxy
    and authorities are read once, here. Pass `allow_redirects=False` with each request.
    Raises NotConnected where the proxy or the authorities cannot be used.
    """
    try:
        proxy, trusted = proxy_for(url), tls_context()
    except BadInput as error:
        raise NotConnected(error.message, lasting=True) from None
    connector = Connector(
        proxy, limit=0, ssl=trusted, resolver=resolver, use_dns_cache=resolver is None
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        proxy=proxy.url if proxy else None,
        raise_for_status=asked_by(proxy) if proxy and url.startswith("http:") else False,
    )


def asked_by(proxy: Proxy) -> Callable[[aiohttp.ClientResponse], Awaitable[None]]:
    """Without TLS the proxy's question for a password comes as if it were the answer."""

    async def refuse(response: aiohttp.ClientResponse) -> None:
        if response.status == PASSWORD_ASKED:
            response.close()
            raise refused_by(proxy, PASSWORD_ASKED, "")

    return refuse


def not_connected(error: Exception, host: str, proxy: Proxy | None) -> NotConnected:
    """What *error*, raised while a connection to *host* was made, means in words."""
    if isinstance(error, aiohttp.ClientHttpProxyError) and proxy:
        return refused_by(proxy, error.status, host)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return NotConnected(untrusted(error), lasting=True)
    why = reason_of(error)
    if proxy is None:
        return NotConnected(why)
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientConnectorDNSError):
        return NotConnected(
            f"the proxy {proxy.address} ({proxy.variable}) cannot be reached: {why}. "
            "Check that it runs, and its address"
        )
    return NotConnected(
        f"no connection to {host} through the proxy {proxy.address} ({proxy.variable}): {why}"
    )


def refused_by(proxy: Proxy, status: int, host: str) -> NotConnected:
    """The proxy answered, and did not let us through."""
    if status == PASSWORD_ASKED:
        return NotConnected(password_asked(proxy), lasting=True)
    words = (
        f"the proxy {proxy.address} ({proxy.variable}) does not connect to {host}: HTTP {status}"
    )
    if status >= 500:
        return NotConnected(words)
    mend = f"Have {host} allowed there, or go around the proxy by NO_PROXY={host}"
    return NotConnected(f"{words}. {mend}", lasting=True)


def password_asked(proxy: Proxy) -> str:
    way = proxy.address.replace("://", "://user:password@")
    return (
        f"the proxy {proxy.address} asks for a user and a password, or refuses those it got. "
        f"Set {proxy.variable}={way} and start Heliograph again"
    )


def untrusted(error: aiohttp.ClientConnectorCertificateError) -> str:
    given = error.certificate_error
    why = getattr(given, "verify_message", "") or str(given)
    place, variable = authorities()
    trusted = f"{variable} ({place})" if variable else "the public authorities (certifi)"
    return (
        f"the certificate of {error.host} is not trusted: {why}. Trusted are {trusted}. Where it "
        "comes from a private authority, of a proxy that looks into TLS for one, add the "
        "authority's certificate to a PEM file, set SSL_CERT_FILE to it and start Heliograph again"
    )


def reason_of(error: Exception) -> str:
    """Why, in few words and without the address of a proxy."""
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} seconds"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"no HTTP came back ({error.message})"
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error})"
    if not isinstance(error, OSError):
        return type(error).__name__
    named = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return named or str(error) or type(error).__name__
