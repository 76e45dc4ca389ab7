"""Which network addresses are of the public internet.

By the IANA registries of special-purpose addresses (RFC 6890), as of 2025:
https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry. Kept here because `is_global` of
Python's ipaddress differs from version to version, and 3.11 lacks several of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

# blocks that a registry calls not globally reachable, multicast, and what clouds keep behind
# a public address
SPECIAL_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's own services, reached from inside only
        "169.254.0.0/16",  # link-local: metadata of most clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private use
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
GLOBAL_6 = IPv6Network("2000::/3")  # all other IPv6 is reserved, local or multicast
SPECIAL_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: leads to the IPv4 address in it
        "3fff::/20",  # documentation
    )
)
MAPPED, NAT64 = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Whether it is of the public internet, as is the IPv4 address that may be hidden in it."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in SPECIAL_4)
    if address in MAPPED or address in NAT64:  # another spelling of an IPv4 address
        return is_public(last_bits(address))
    if address not in GLOBAL_6 or any(address in block for block in SPECIAL_6):
        return False
    return all(is_public(hidden) for hidden in tunnelled(address))


def tunnelled(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 address to which a tunnel (ISATAP) takes what is sent there."""
    if (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        yield last_bits(address)


def last_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)
