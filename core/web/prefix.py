"""What proxies do to a request: a path prefix, stripped or not, and the visitor's address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from core.addresses import plain_address

QUERY = "%!$&'()*+,;=:@/?-._~[]{}|^`<>\" #"
Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


class PublicPrefix:
    """Takes the prefix of the public URL off the path and remembers it; mends broken queries."""

    def __init__(self, app: Wsgi, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if self._prefix:
            path = environ.get("PATH_INFO", "")
            if path == self._prefix or path.startswith(self._prefix + "/"):
                environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
            environ["SCRIPT_NAME"] = self._prefix
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():  # a broken client: werkzeug takes UTF-8 only
            environ["QUERY_STRING"] = quote(query, safe=QUERY, encoding="latin-1")
        return self._app(environ, start)


class PlainAddress:
    """Makes a plain IP address of what a proxy says of the visitor: some add a port."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = plain_address(environ.get("REMOTE_ADDR") or "")
        return self._app(environ, start)
