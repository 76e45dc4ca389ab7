"""Proxies and certificate authorities of outgoing requests, as the environment names them.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read as Python's standard library does, in either
case; `NO_PROXY` takes networks (10.0.0.0/8) too. `SSL_CERT_FILE`, else `REQUESTS_CA_BUNDLE`,
names the authorities to trust in place of certifi's.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
import urllib.request
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import certifi

from heliograph.errors import BadInput

PORTS = {"http": 80, "https": 443}
EXAMPLE = "http://user:password@proxy.example:3128"


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url` has its user and password, percent-encoded; `address` is for people and has neither."""

    url: str = field(repr=False)
    address: str
    host: str
    port: int
    variable: str


def proxy_for(url: str) -> Proxy | None:
    """The proxy that a request to *url* goes through, None where it goes there directly.

    Raises BadInput where the variable holds what is no HTTP proxy.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    found = urllib.request.getproxies_environment()
    given = found.get(parts.scheme, "").strip()
    if not given or is_direct(host, port, found):
        return None
    return read_proxy(given, f"{parts.scheme.upper()}_PROXY")


def is_direct(host: str, port: int, proxies: dict[str, str]) -> bool:
    """Whether NO_PROXY lists *host*: its name, a domain above it, or a network of its address."""
    shown = f"[{host}]" if ":" in host else host
    listed: bool = urllib.request.proxy_bypass_environment(  # type: ignore[attr-defined]  # typeshed
        f"{shown}:{port}", proxies
    )
    if listed:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks(proxies.get("no", "")))


def networks(listed: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for entry in listed.split(","):
        try:
            found.append(ipaddress.ip_network(entry.strip(), strict=False))
        except ValueError:  # a name
            continue
    return found


def read_proxy(given: str, variable: str) -> Proxy:
    """What *variable* says; `proxy.example:3128` is http. Raises BadInput without the password."""
    whole = given if "://" in given else f"http://{given}"
    mend = f"Use an HTTP proxy such as {EXAMPLE}."
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        unquote(f"{parts.username}{parts.password}", errors="strict").encode("latin-1")
    except ValueError:  # the value stays unsaid: a password may be anywhere in it
        raise BadInput(variable, "is no address of a proxy", mend=mend) from None
    sound = whole.isprintable() and " " not in whole and "\\" not in whole
    if parts.scheme not in PORTS or not host or not sound:
        shown = parts.scheme if parts.scheme not in PORTS else None
        raise BadInput(variable, "is no address of an HTTP proxy", value=shown, mend=mend)
    name = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{name}:{port}"
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return Proxy(f"{parts.scheme}://{user}{name}:{port}", address, host, port, variable)


def authorities() -> tuple[str, str]:
    """The file or folder of authorities to trust, and the variable that names it or ""."""
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if given := os.environ.get(variable, "").strip():
            return given, variable
    return certifi.where(), ""


def tls_context() -> ssl.SSLContext:
    """What outgoing TLS connections trust; raises BadInput where the file cannot be used."""
    place, variable = authorities()
    mend = "Name a file of certificate authorities in PEM that this user may read."
    try:
        return context_of(place)
    except ssl.SSLError:
        problem = "holds no certificates in PEM"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise BadInput(variable or "certifi", problem, value=place, mend=mend)


@lru_cache(maxsize=8)
def context_of(place: str) -> ssl.SSLContext:
    """Once for each place: to read certifi's takes longer than a request."""
    if Path(place).is_dir():
        return ssl.create_default_context(capath=place)
    return ssl.create_default_context(cafile=place)
