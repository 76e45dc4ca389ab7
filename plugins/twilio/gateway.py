"""The HTTP client below the SDK: its own door for proxies, regions and tests."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlsplit

from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from heliograph.plugin import Failure, FailureKind

from .lines import Answer, Lines, written


class Gateway(AsyncHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends the SDK's requests to `base_url`, with time-outs and no retries.

    Connections are opened on the loop of the first request. A 429 becomes a
    Failure here, because only here its Retry-After can be read.
    """

    is_async = True

    def __init__(self, base_url: str, *, timeout: float) -> None:
        super().__init__(None, True, None)
        self._base = base_url
        self._prefix = urlsplit(base_url).path
        self._timeout = timeout
        self._lines: Lines | None = None

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
            sent["Authorization"] = basic(auth)
        query = f"?{encoded(params)}" if params else ""
        path = f"{moved(self._prefix, url)}{query}"
        asked = self._ask(method, path, written(sent), encoded(data or {}))
        answer = await asyncio.wait_for(asked, self._timeout)
        return Response(answer.status, answer.text, {})

    async def post(self, url: str, headers: str, fields: Mapping[str, Any]) -> Answer:
        """A text; whoever sends it ends it after the provider's time-out.

        *headers* are the SDK's, written once: making them takes as long as the form.
        """
        return await self._ask("POST", moved(self._prefix, url), headers, encoded(fields))

    async def _ask(self, method: str, path: str, headers: str, body: str) -> Answer:
        if self._lines is None:
            self._lines = Lines(self._base)
        answer = await self._lines.request(method, path, headers, body)
        if answer.status == 429:
            raise throttled(answer.retry_after)
        return answer

    def close(self) -> None:
        lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()


class Quoted(dict[int, str]):
    """How each character stands in a form; learnt as they come."""

    def __missing__(self, code: int) -> str:
        self[code] = found = quote_plus(chr(code), errors="replace")
        return found


QUOTED = Quoted()


def encoded(fields: Mapping[str, Any]) -> str:
    """*fields* as a form; a list gives a field several times."""
    pairs = []
    for name, value in fields.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            pairs.append(f"{name}={quoted(str(one))}")  # noqa: PERF401  two loops read better
    return "&".join(pairs)


def quoted(value: str) -> str:
    """*value* as it stands in a form.

    The texts of a broadcast share most of their words: those are quoted once.
    With that it takes a fifth of urlencode's time.
    """
    return "%3D".join(["+".join(map(word, part.split(" "))) for part in value.split("=")])


@lru_cache(maxsize=4096)
def word(text: str) -> str:
    return text.translate(QUOTED)


@lru_cache(maxsize=64)
def basic(auth: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(auth).encode()).decode()


@lru_cache(maxsize=64)
def moved(prefix: str, url: str) -> str:
    """The path of *url* at the configured address; its host is that of a Twilio product."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{prefix}{parts.path}{query}"


def throttled(retry_after: int) -> Failure:
    return Failure(
        FailureKind.THROTTLED,
        "Twilio asked to slow down.",
        code="20429",
        retry_after=float(retry_after) or None,
    )
