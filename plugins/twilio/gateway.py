"""The HTTP client below the SDK: aiohttp, led to the configured address."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from heliograph.plugin import Failure, FailureKind, open_session


class Answer(NamedTuple):
    status: int
    text: str


class Gateway(AsyncHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends the SDK's requests to `base_url`, with time-outs and no retries.

    Connections are opened on the loop of the first request. A 429 becomes a
    Failure here, because only here its Retry-After can be read.
    """

    is_async = True

    def __init__(self, base_url: str, *, timeout: float) -> None:
        super().__init__(None, True, None)
        self._base = str(URL(base_url).with_user(None)).rstrip("/")
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    def moved(self, url: str, params: Mapping[str, Any] | None = None) -> URL:
        """*url* of a Twilio product at the configured address."""
        parts = urlsplit(url)
        query = "&".join(part for part in (parts.query, form_of(params or {})) if part)
        return URL(f"{self._base}{parts.path}{'?' if query else ''}{query}", encoded=True)

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
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = basic(*auth)
        body = form_of(data).encode() if data else None
        asked = self._ask(method, self.moved(url, params), sent, body)
        answer = await asyncio.wait_for(asked, self._timeout)
        return Response(answer.status, answer.text, {})

    async def post(self, url: URL, headers: Mapping[str, str], fields: Mapping[str, Any]) -> Answer:
        """A text; whoever sends it ends it after the provider's time-out."""
        return await self._ask("POST", url, headers, form_of(fields).encode())

    async def _ask(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        if self._session is None:
            self._session = open_session(self._base)
        asked = self._session.request(
            method, url, headers=headers, data=body, allow_redirects=False
        )
        async with asked as answer:
            text = (await answer.read()).decode("utf-8", "replace")
        if answer.status == 429:
            raise throttled(answer.headers.get("Retry-After", ""))
        return Answer(answer.status, text)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def form_of(fields: Mapping[str, Any]) -> str:
    """*fields* as a form; a list gives a field several times."""
    return urlencode(fields, doseq=True, errors="replace")


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def throttled(retry_after: str) -> Failure:
    return Failure(
        FailureKind.THROTTLED,
        "Twilio asked to slow down.",
        code="20429",
        retry_after=(float(retry_after) or None) if retry_after.isdecimal() else None,
    )
