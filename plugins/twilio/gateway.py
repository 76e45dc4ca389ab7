"""The HTTP client below the SDK: its own door for proxies, regions and tests."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, TCPConnector
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

from core.plugin import Failure, FailureKind

CONNECT_SECONDS = 10


class Gateway(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends the SDK's requests to `base_url`, with time-outs and no retries.

    The session is opened on the loop of the first request. A 429 becomes a
    Failure here, because only here its Retry-After can be read.
    """

    def __init__(self, base_url: str, *, timeout: float, connections: int) -> None:
        super().__init__(pool_connections=False)
        self.session: ClientSession | None = None
        self._base = base_url
        self._timeout = ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS)
        self._connections = connections

    async def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        if self.session is None:
            connector = TCPConnector(limit=self._connections)
            self.session = ClientSession(connector=connector, timeout=self._timeout)
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        async with self.session.request(
            method.upper(),
            self.moved(url),
            params=params,
            data=data,
            headers=sent,
            allow_redirects=allow_redirects,
        ) as answer:
            text = await answer.text()
            if answer.status == 429:
                raise throttled(answer.headers.get("Retry-After", ""))
            return Response(answer.status, text, dict(answer.headers))

    def moved(self, url: str) -> str:
        """*url* at the configured address; its host is that of a Twilio product."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self._base}{parts.path}{query}"


def throttled(retry_after: str) -> Failure:
    wait = float(retry_after) if retry_after.isdecimal() else None
    return Failure(
        FailureKind.THROTTLED, "Twilio asked to slow down.", code="20429", retry_after=wait
    )
