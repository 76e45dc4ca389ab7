"""Who a reply is from: the one place where senders of inbound texts are read."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from heliograph.installation import current_settings
from heliograph.phone import read_sender

LONGEST_NUMBER = 32  # as the column
LONGEST_SHOWN = 255
DIGEST = 10


class Sender(NamedTuple):
    """`number` is E.164, or stands for `unread`: what was given and is no number, else ""."""

    number: str
    unread: str


def sender_of(given: object) -> Sender:
    """Short codes, names and ids of messengers are no numbers: they stay as they came."""
    raw = "" if given is None else str(given)
    number = read_sender(raw, region=current_settings().region)
    if number is not None:
        return Sender(number, "")
    # no character that a database refuses
    kept = "".join(char if char.isprintable() else " " for char in raw).strip()
    return Sender(shortened(kept), kept[:LONGEST_SHOWN] or "?")


def shortened(given: str) -> str:
    """*given* as a key: two that differ stay two."""
    if len(given) <= LONGEST_NUMBER:
        return given
    digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]
    return f"{given[: LONGEST_NUMBER - DIGEST - 1]}~{digest}"
