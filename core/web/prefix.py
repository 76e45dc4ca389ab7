"""Living under a path prefix, whether or not the proxy strips it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

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
            environ["QUERY_STRING"] = quote(query, safe=QUERY, encoding="latin-1", errors="replace")
        return self._app(environ, start)
