"""What a line of the timeline is, and how a source reads its page of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.db import db


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened to a contact.

    `at` is aware, in UTC. `kind` is text, reply, campaign, click, dnc, import,
    change, or a plugin's own word. `text` is what was written: the exact text, a
    reply, a comment. `icon` is a name: clock, send, check, warning, skip, question,
    reply, link, ban, allow, import, edit, campaign. `details` are facts for people,
    by label.
    """

    at: datetime
    kind: str
    title: str
    text: str = ""
    icon: str = ""
    details: dict[str, str] = field(default_factory=dict)


def read_page(query: Any, at: Any, before: datetime | None, limit: int, *then: Any) -> list[Any]:
    """The newest *limit* rows older than *before* by column *at*, ties by *then*."""
    if before is not None:
        query = query.where(at < before)
    return list(db.session.execute(query.order_by(at.desc(), *then).limit(limit)))


def facts(**details: object) -> dict[str, str]:
    """Details that are known; `error_code=...` is labelled `Error code`."""
    return {
        label.replace("_", " ").capitalize(): str(value)
        for label, value in details.items()
        if value not in (None, "", 0)
    }
