"""The set-up token: who may make the first account of a server that others can reach.

Whoever comes first is the admin. On a server that only its own machine reaches that is the
person who started it; on any other one it could be a stranger, so the page asks for the
token that `heliograph serve` prints.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from heliograph.errors import BadInput
from heliograph.settings import Settings

LETTERS, GROUP = 16, 4  # 80 bits


def needs_token(settings: Settings, listens_on: str) -> bool:
    """Whether others than this machine reach the server: directly, or by its public URL."""
    public = urlsplit(settings.public_url).hostname
    return not is_loopback(listens_on) or (public is not None and not is_loopback(public))


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def setup_token(settings: Settings) -> str:
    """The same in each process, as it is made of the secret key."""
    key = settings.keys()[0].encode()
    digest = hmac.new(key, b"heliograph set-up token v1", hashlib.sha256).digest()
    letters = base64.b32encode(digest).decode().lower()[:LETTERS]
    return "-".join(letters[at : at + GROUP] for at in range(0, LETTERS, GROUP))


def check_token(settings: Settings, typed: str) -> None:
    """Raise BadInput when *typed* is not the token."""
    if not hmac.compare_digest(setup_token(settings).encode(), typed.strip().lower().encode()):
        raise BadInput(
            "setup_token",
            "is not the one of this server",
            mend="Open the address that `heliograph serve` printed, or make the account there by "
            "`heliograph user create you@example.com`.",
        )
