"""Short links in place of those of a message: at sending, and in what is shown before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import current_app
from sqlalchemy import select

from heliograph.db import db, insert_new, transaction, utcnow
from heliograph.errors import HeliographError
from heliograph.installation import current_settings
from heliograph.links.codes import LENGTH, LINKS, Codes
from heliograph.links.models import Link, LinkKey
from heliograph.links.urls import MarkedText, mark_links
from heliograph.text_filters import Marked, TextFilter, Words

EXTENSION = "heliograph_link_codes"
SAMPLE = "x" * LENGTH


def link_base() -> str:
    """What short links begin with; "" while this installation makes none."""
    settings = current_settings()
    if not settings.public_url or settings.link_tracking != "on":
        return ""
    return f"{settings.public_url.rstrip('/')}/l/"


def marked_text(text: str, *, track: bool) -> MarkedText | None:
    """*text* with its links marked; None when none of them is to be shortened."""
    if not track or "://" not in text:
        return None
    base = link_base()
    if not base:
        return None
    marked = mark_links(text, but=base)
    return marked if marked.urls else None


def sample_link(_number: int = 0) -> str:
    """A short link as long as any other."""
    return link_base() + SAMPLE


class LinkTracking(TextFilter):
    """Short links in place of those that a message has."""

    key = "links.tracking"

    def begin(self, words: Words) -> Marked | None:
        """Links that are new get their rows, in the transaction that is open."""
        marked = marked_text(words.text, track=words.track_links)
        if marked is None or words.message_id is None:
            return None
        known = link_ids(words.message_id, marked.urls)
        ids = [known[url] for url in marked.urls]
        return Tracker(marked, ids) if max(ids) < LINKS else None

    def sample(self, words: Words) -> Marked | None:
        marked = marked_text(words.text, track=words.track_links)
        return None if marked is None else Sample(marked)


class Tracker(Marked):
    """Writes the short links of one message into its texts."""

    def __init__(self, marked: MarkedText, ids: Sequence[int]) -> None:
        self.text = marked.text
        self._marked, self._ids = marked, ids
        self._base = link_base()
        self._codes = link_codes()

    def finish(self, filled: str, delivery_id: int) -> str:
        return self._marked.finish(filled, self._of(delivery_id))

    def _of(self, delivery_id: int) -> Callable[[int], str]:
        return lambda number: self._base + self._codes.encode(delivery_id, self._ids[number])


class Sample(Marked):
    """Links that lead nowhere, as long as those that will be sent."""

    def __init__(self, marked: MarkedText) -> None:
        self.text = marked.text
        self._marked = marked

    def finish(self, filled: str, _delivery_id: int) -> str:
        return self._marked.finish(filled, sample_link)


def link_ids(message_id: int, urls: Sequence[str]) -> dict[str, int]:
    """Ids of the links of a message, by address."""
    query = select(Link.url, Link.id).where(Link.message_id == message_id, Link.url.in_(urls))
    known = {row.url: row.id for row in db.session.execute(query)}
    missing = sorted(set(urls) - known.keys())  # sorted: two senders must not wait in a circle
    if not missing:
        return known
    row = {"message_id": message_id, "created_at": utcnow()}
    row |= {"clicks": 0, "contacts": 0, "machines": 0}
    with transaction():
        insert_new(Link, [row | {"url": url} for url in missing])
        return {row.url: row.id for row in db.session.execute(query)}


def link_codes() -> Codes:
    """The codes of this installation; their key is read once per process, it never changes."""
    codes: Codes | None = current_app.extensions.get(EXTENSION)
    if codes is None:
        key = db.session.scalar(select(LinkKey.key))
        if key is None:
            raise HeliographError("The key of short links is gone. Restore the table link_keys.")
        codes = current_app.extensions[EXTENSION] = Codes(bytes.fromhex(key))
    return codes
