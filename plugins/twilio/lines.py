"""Kept-alive connections to one server, many requests at once: libcurl on asyncio.

libcurl says which sockets to watch. They are watched in one epoll of our own,
and only that one by the loop: so many answers that came together cost one
wake-up. (pycurl's own asyncio class watches each socket by the loop, for a third
more time a text.)
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import certifi
import pycurl

CONNECT_SECONDS = 10
NEVER_SENT = {
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_COULDNT_RESOLVE_HOST,
    pycurl.E_COULDNT_RESOLVE_PROXY,
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
}


class LineError(Exception):
    """No answer came. `sent` tells whether the request may have gone out."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after` is in seconds, 0 where the server names no time."""

    status: int
    text: str
    retry_after: int


class Lines:
    """At most `connections` at a time; used on the loop of the first request only."""

    def __init__(self, *, connections: int, timeout: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = round(timeout * 1000)
        self._watched = select.epoll()
        self._masks: dict[int, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waiting: dict[pycurl.Curl, asyncio.Future[int]] = {}
        self._idle: list[Line] = []
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, connections)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, connections)
        self._loop.add_reader(self._watched.fileno(), self._ready)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """One request; raises LineError when no whole answer came. Nothing is repeated."""
        line = self._idle.pop() if self._idle else Line(self._timeout)
        line.prepare(method, url, headers, body)
        done = self._waiting[line.curl] = self._loop.create_future()
        self._multi.add_handle(line.curl)
        try:
            code = await done
        except BaseException:
            # cancelled: libcurl must not go on with it, nor keep its connection
            if self._waiting.pop(line.curl, None) is not None:
                self._multi.remove_handle(line.curl)
            line.curl.close()
            raise
        if code:
            error = line.error(code)
            line.curl.close()
            raise error
        self._idle.append(line)
        return line.answer()

    def close(self) -> None:
        """End what is under way, and every connection."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._watched.fileno())
        waiting, self._waiting = self._waiting, {}
        for curl, done in waiting.items():
            self._multi.remove_handle(curl)
            if not done.done():
                done.set_result(pycurl.E_ABORTED_BY_CALLBACK)
        for line in self._idle:
            line.curl.close()
        self._idle.clear()
        self._multi.close()
        self._watched.close()

    def _watch(self, wanted: int, socket: int, _multi: object, _data: object) -> None:
        if wanted == pycurl.POLL_REMOVE:
            if self._masks.pop(socket, None) is not None:
                self._watched.unregister(socket)
            return
        mask = (select.EPOLLIN if wanted & pycurl.POLL_IN else 0) | (
            select.EPOLLOUT if wanted & pycurl.POLL_OUT else 0
        )
        if socket not in self._masks:
            self._watched.register(socket, mask)
        elif self._masks[socket] != mask:
            self._watched.modify(socket, mask)
        self._masks[socket] = mask

    def _set_timer(self, milliseconds: int) -> None:
        """A timer that fires too early does no harm: libcurl then asks for the next."""
        if milliseconds < 0:
            return
        due = self._loop.time() + milliseconds / 1000
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_later(milliseconds / 1000, self._timed)

    def _timed(self) -> None:
        self._timer = None
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()

    def _ready(self) -> None:
        act = self._multi.socket_action
        for socket, mask in self._watched.poll(0):
            happened = pycurl.CSELECT_OUT if mask & select.EPOLLOUT else 0
            if mask & ~select.EPOLLOUT:  # input, an end or an error: reading tells which
                happened |= pycurl.CSELECT_IN
            act(socket, happened)
        self._collect()

    def _collect(self) -> None:
        more = 1
        while more:
            more, done, failed = self._multi.info_read()
            for curl in done:
                self._end(curl, 0)
            for curl, code, _words in failed:
                self._end(curl, code)

    def _end(self, curl: pycurl.Curl, code: int) -> None:
        self._multi.remove_handle(curl)
        waiting = self._waiting.pop(curl, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(code)


class Line:
    """One libcurl handle, used again and again; settings that stay are set once."""

    __slots__ = ("_body", "_headers", "_method", "_url", "curl")

    def __init__(self, timeout: int) -> None:
        self.curl = curl = pycurl.Curl()
        self._body: list[bytes] = []
        self._method, self._url, self._headers = "", "", {}  # type: tuple[str, str, Mapping[str, str]]
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.CAINFO, certifi.where())
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.CONNECTTIMEOUT, CONNECT_SECONDS)
        curl.setopt(pycurl.TIMEOUT_MS, timeout)
        curl.setopt(pycurl.WRITEFUNCTION, self._body.append)

    def prepare(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> None:
        curl = self.curl
        self._body.clear()
        if url != self._url:
            curl.setopt(pycurl.URL, url)
        if headers != self._headers:
            curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        if method != self._method:
            curl.setopt(pycurl.HTTPGET if method == "GET" else pycurl.POST, 1)
            if method not in ("GET", "POST"):
                curl.setopt(pycurl.CUSTOMREQUEST, method)
        self._method, self._url, self._headers = method, url, headers
        if method != "GET":
            # Read from a function, the body cannot be rewound: else libcurl sends the
            # request again by itself when a kept-alive connection ends before the answer.
            curl.setopt(pycurl.READFUNCTION, BytesIO(body or b"").read)
            curl.setopt(pycurl.POSTFIELDSIZE, len(body or b""))

    def answer(self) -> Answer:
        status: int = self.curl.getinfo(pycurl.RESPONSE_CODE)
        retry_after = self.curl.getinfo(pycurl.RETRY_AFTER) if status == 429 else 0
        return Answer(status, b"".join(self._body).decode("utf-8", "replace"), retry_after)

    def error(self, code: int) -> LineError:
        """What libcurl's code means; a time-out before the request went out is no doubt."""
        words = self.curl.errstr() or f"libcurl error {code}"
        sent = code not in NEVER_SENT
        if code == pycurl.E_OPERATION_TIMEDOUT:
            sent = self.curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
        return LineError(words, sent=sent)
