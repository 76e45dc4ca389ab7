"""Calling a web address from inside: to the public internet only, unless a setting allows.

The name is looked up once, each address is judged, and the connection goes to one
that was judged: no answer of a name server can lead it elsewhere afterwards.
Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import certifi

from heliograph.campaigns.builtin.addresses import Address, is_public
from heliograph.errors import BadInput, HeliographError

PORTS = {"http": 80, "https": 443}
SHORTEST = 0.2  # seconds that each address has at least
SHOWN = 300  # bytes of an answer that are kept


class Refused(HeliographError):
    """This address must not be called from here."""


class NoAnswer(HeliographError):
    """No answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str


def read_url(url: str) -> SplitResult:
    """The parts of *url*; raises BadInput for what is no web address."""
    mend = "Use an address such as https://example.com/hook."
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError):
        raise BadInput("url", "is no web address", value=url, mend=mend) from None
    sound = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in PORTS or not host or not sound or port == 0:
        raise BadInput("url", "is no web address", value=url, mend=mend)
    if parts.username is not None or parts.password is not None:
        mend = "Send the secret as a header instead."
        raise BadInput("url", "has a user or a password in it", value=parts.hostname, mend=mend)
    return parts


def refuse_private(host: str) -> None:
    """Raise Refused where *host* itself, without a look-up, is not of the public internet."""
    name = host.rstrip(".").lower()
    literal = literal_address(name)
    local = name == "localhost" or name.endswith((".localhost", ".local", ".internal"))
    if local or (literal is not None and not is_public(literal)):
        raise Refused(f"{host} is not on the public internet.")


def literal_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:  # 127.1 and 0x7f.1 are spellings too
        return ipaddress.ip_address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


class Place(NamedTuple):
    """Where a server is reached: an address that was judged."""

    family: socket.AddressFamily
    address: str


def judged_places(host: str, port: int, *, private: bool) -> list[Place]:
    """Each address of *host*, in the order to try them; raises Refused and NoAnswer.

    One that is not of the public internet refuses them all: nobody's name has both.
    """
    if not private:
        refuse_private(host)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"{host} is not known: {error}.") from None
    places = [Place(family, str(place[0])) for family, _, _, _, place in found]
    for _, address in places:
        if not private and not is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise Refused(f"{host} is at {address}, which is not on the public internet.")
    return list(dict.fromkeys(places))


class Pinned(http.client.HTTPConnection):
    """A connection to one of the addresses that were judged before."""

    def __init__(self, parts: SplitResult, seconds: float, *, private: bool) -> None:
        host, secure = (parts.hostname or "").encode("idna").decode(), parts.scheme == "https"
        port = parts.port or PORTS[parts.scheme]
        super().__init__(host, port, timeout=seconds)
        self._secure, self._seconds = secure, seconds
        self._places = judged_places(host, port, private=private)

    def connect(self) -> None:
        """Connect to the first address that can be; each has its share of the time left."""
        end = time.monotonic() + self._seconds
        for number, place in enumerate(self._places):
            last = number == len(self._places) - 1
            share = (end - time.monotonic()) / (len(self._places) - number)
            try:
                self.sock = self._connected(place, max(share, SHORTEST))
            except OSError:
                if last:
                    raise
            else:
                return

    def _connected(self, place: Place, seconds: float) -> socket.socket:
        made = socket.socket(place.family, socket.SOCK_STREAM)
        made.settimeout(seconds)
        try:
            made.connect((place.address, self.port))
            if self._secure:
                trust = ssl.create_default_context(cafile=certifi.where())
                made = trust.wrap_socket(made, server_hostname=self.host)
            made.settimeout(self._seconds)
        except BaseException:
            made.close()
            raise
        return made


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, private: bool
) -> Answer:
    """Post *body*; raises Refused, and NoAnswer when none came in *seconds*."""
    parts = read_url(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    late = threading.Event()
    try:
        connection = Pinned(parts, seconds, private=private)
        with closing(connection):
            connection.connect()
            # the time-out of a socket begins anew with each byte: this one does not
            end = threading.Timer(seconds, hang_up, (connection.sock, late))
            end.daemon = True
            end.start()
            try:
                connection.request("POST", target, body, dict(headers))
                response = connection.getresponse()
                answer = Answer(response.status, response.read(SHOWN).decode(errors="replace"))
            finally:
                end.cancel()
    except (OSError, http.client.HTTPException, ValueError) as error:
        words = "it took too long" if late.is_set() else str(error) or type(error).__name__
        raise NoAnswer(f"No answer from {parts.hostname}: {words}.") from None
    if late.is_set():
        raise NoAnswer(f"No answer from {parts.hostname}: it took too long.")
    return answer


def hang_up(made: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        made.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
