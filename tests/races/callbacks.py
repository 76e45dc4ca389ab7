"""The server that takes STOPs in: each answer tells when its transaction was committed."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import event
from werkzeug.serving import WSGIRequestHandler, make_server

from heliograph.db import db
from heliograph.installation import settings_of
from tests.counterpart import Counterpart, sign

HEADER = "X-Committed"
CALLBACK = "/sms/twilio/callback"


class Commit(NamedTuple):
    """The STOP was committed between these two moments (time.time())."""

    begun: float
    done: float


class Commits:
    """WSGI middleware: puts the moments of a request's commits into a header."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._of_thread = threading.local()
        with app.app_context():
            event.listen(db.session, "before_commit", self._note)
            event.listen(db.session, "after_commit", self._note)

    def _note(self, _session: Any) -> None:
        moments: list[float] = getattr(self._of_thread, "moments", [])
        moments.append(time.time())

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        moments: list[float] = []
        self._of_thread.moments = moments

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start(status, [*headers, (HEADER, ",".join(map(repr, moments)))], *rest)

        return self._app.wsgi_app(environ, started)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_arguments: Any) -> None:
        """No line for each request."""


class Phones:
    """Whoever replies STOP, by Twilio's signed callback."""

    def __init__(self, address: str, public: str) -> None:
        self._address, self._public = address, public

    def stop(self, number: str) -> Commit:
        """Reply STOP from *number*; raises an error unless it was taken."""
        form = {
            "MessageSid": f"SM{time.monotonic_ns():032x}",
            "AccountSid": Counterpart.account_sid,
            "From": number,
            "To": Counterpart.number,
            "Body": "STOP",
            "NumMedia": "0",
            "SmsStatus": "received",
        }
        signature = sign(Counterpart.auth_token, self._public + CALLBACK, form)
        request = urllib.request.Request(
            self._address + CALLBACK,
            data=urlencode(form).encode(),
            headers={"X-Twilio-Signature": signature},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            moments = [float(found) for found in answer.headers[HEADER].split(",")]
        return Commit(*moments[:2])  # metrics may be stored after it


@contextmanager
def taking_stops(app: Flask) -> Iterator[Phones]:
    """Serve *app* on a port of this machine."""
    server = make_server(
        "127.0.0.1",
        0,
        Commits(app),
        threaded=True,
        request_handler=Quiet,  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Phones(f"http://127.0.0.1:{server.port}", settings_of(app).public_url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
