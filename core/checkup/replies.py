"""Replies that a person has to look at."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.channel import Opt
from heliograph.checkup.findings import NOTE, Finding
from heliograph.db import db
from heliograph.replies.reading import unread_senders

MOST = 1000


def look_at_replies() -> Iterator[Finding]:
    """Replies from senders that are no phone number."""
    found = db.session.scalars(unread_senders().limit(MOST)).all()
    if not found:
        return
    stops = sum(reply.opt == Opt.OUT.value for reply in found)
    words = f"Replies from senders that are no phone number: {len(found)}"
    words += f", of which {stops} opted out and could not be obeyed." if stops else "."
    mend = "Look into the inbox. Who opted out: heliograph contacts dnc NUMBER"
    yield Finding(NOTE, "replies", words, mend)
