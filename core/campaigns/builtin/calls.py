"""Calling a web address from inside: to the public internet only, unless a setting allows.

The name is looked up once, each address is judged, and the connection goes to one
that was judged: no answer of a name server can lead it elsewhere afterwards.
Redirects are not followed. Through a proxy it is the proxy that connects: the name is
looked up and judged here all the same, and the proxy's own rules have to do the rest.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from heliograph.campaigns.builtin.addresses import Address, is_public
from heliograph.errors import BadInput, HeliographError
from heliograph.http_session import open_session
from heliograph.proxies import PORTS, Proxy, proxy_for

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
    places = found_places(host, port)
    for _, address in places:
        if not private and not is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise Refused(f"{host} is at {address}, which is not on the public internet.")
    return places


def found_places(host: str, port: int) -> list[Place]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"{host} is not known: {error}.") from None
    return list(dict.fromkeys(Place(family, str(place[0])) for family, _, _, _, place in found))


def places_of(host: str, port: int, proxy: Proxy | None, *, private: bool) -> list[Place]:
    """Where to connect to: at the server itself, or at the proxy once the server was judged."""
    if proxy is None:
        return judged_places(host, port, private=private)
    if not private:
        try:
            judged_places(host, port, private=False)
        except NoAnswer as error:
            raise NoAnswer(
                f"{error.message} Behind a proxy, too, its address is looked up here, to keep "
                "webhooks out of private networks. HELIOGRAPH_WEBHOOK_PRIVATE=1 leaves that to "
                "the proxy."
            ) from None
    return found_places(proxy.host, proxy.port)


class Judged(AbstractResolver):
    """Answers with the places that were judged, whatever it is asked."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=place.address, port=port, family=place.family, proto=0, flags=0
            )
            for place in self._places
        ]

    async def close(self) -> None:
        return


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, private: bool
) -> Answer:
    """Post *body*; raises Refused, and NoAnswer when none came in *seconds*.

    On a loop of its own, in the thread that the action runs in: it shares nothing, and what
    hangs is cut off with it. Names are looked up before, as nothing can cut that off.
    """
    parts = read_url(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        proxy = proxy_for(url)
    except BadInput as error:
        raise NoAnswer(f"No answer from {host}: {error.message}") from None
    places = places_of(host, port, proxy, private=private)
    try:
        return asyncio.run(ask(target_of(parts), body, headers, Judged(places), seconds))
    except TimeoutError:
        why = "it took too long"
    except aiohttp.ClientResponseError as error:  # its own words would show the whole address
        why = f"no HTTP came back ({error.message})"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
    raise NoAnswer(f"No answer from {host}: {why}.")


def target_of(parts: SplitResult) -> URL:
    """The address as it was read, so that nobody reads another host in it."""
    host = parts.hostname or ""
    return URL.build(
        scheme=parts.scheme,
        host=str(literal_address(host) or host),
        port=parts.port,
        path=parts.path or "/",
        query_string=parts.query,
        encoded=True,
    )


async def ask(
    target: URL, body: bytes, headers: Mapping[str, str], judged: Judged, seconds: float
) -> Answer:
    async with asyncio.timeout(seconds), open_session(str(target), resolver=judged) as session:
        asked = session.post(target, data=body, headers=headers, allow_redirects=False)
        async with asked as answer:
            shown = b""
            while len(shown) < SHOWN and (more := await answer.content.read(SHOWN - len(shown))):
                shown += more
            return Answer(answer.status, shown.decode(errors="replace"))
