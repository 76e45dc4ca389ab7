"""Calling a web address from inside: to the public internet only, unless a setting allows.

The name is looked up once, each address is judged, and the connection goes to the
one that was judged: no answer of a name server can lead it elsewhere afterwards.
Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import certifi

from core.errors import BadInput, HeliographError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
PORTS = {"http": 80, "https": 443}
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


def is_public(address: Address) -> bool:
    """Whether it is of the public internet, as is what may be hidden in it."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is None and address.teredo is not None:
            hidden = address.teredo[1]
        if hidden is None and address in NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None and not is_public(hidden):
            return False
    return address.is_global and not address.is_multicast


def judged_address(host: str, port: int, *, private: bool) -> tuple[socket.AddressFamily, str]:
    """The family and the address to connect to; raises Refused and NoAnswer."""
    if not private:
        refuse_private(host)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"{host} is not known: {error}.") from None
    for _, _, _, _, place in found:
        if not private and not is_public(ipaddress.ip_address(str(place[0]).partition("%")[0])):
            raise Refused(f"{host} is at {place[0]}, which is not on the public internet.")
    family, _, _, _, place = found[0]
    return family, str(place[0])


class Pinned(http.client.HTTPConnection):
    """A connection to an address that was judged before."""

    def __init__(self, parts: SplitResult, seconds: float, *, private: bool) -> None:
        host, secure = (parts.hostname or "").encode("idna").decode(), parts.scheme == "https"
        port = parts.port or PORTS[parts.scheme]
        super().__init__(host, port, timeout=seconds)
        self._secure = secure
        self._address = judged_address(host, port, private=private)

    def connect(self) -> None:
        family, address = self._address
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(self.timeout)
        try:
            made.connect((address, self.port))
            if self._secure:
                trust = ssl.create_default_context(cafile=certifi.where())
                made = trust.wrap_socket(made, server_hostname=self.host)
        except BaseException:
            made.close()
            raise
        self.sock = made


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
