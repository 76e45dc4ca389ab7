"""IP addresses of visitors: as proxies write them, and as they are counted."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IPV6_CUSTOMER = 64  # bits: what one customer of a network has to itself


def plain_address(text: str) -> str:
    """The address without a port, brackets or a zone; "" for what is no IP address."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    found = parsed(text.partition("%")[0])
    return str(found) if found else ""


def network_of(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 of an IPv6 address."""
    found = parsed(plain_address(address))
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), IPV6_CUSTOMER), strict=False))
    return str(found) if found else ""


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
