"""Rules that hold a text back: do-not-contact, quiet hours and the frequency cap."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select

from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.models import WITH_PROVIDER, Delivery
from heliograph.errors import BadInput
from heliograph.local_time import at_clock
from heliograph.sentences import Sentence

COUNTED = ("broadcast", "campaign")
LISTED = ("dnc", Sentence("The number is on do-not-contact."))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` on the contact's clock; may pass midnight."""

    begin: time
    end: time

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that *now* lies in are over (UTC), or None.

        An end that the clocks leap over is the moment after the leap; one that comes twice
        is over the first time.
        """
        local = now.astimezone(zone)
        if not self.contains(local.time()):
            return None
        day = local.date() + timedelta(days=1 if local.time() >= self.end else 0)
        over = at_clock(day, self.end, zone)
        return over if over > now else None

    def contains(self, clock: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """At most `texts` to a number within `days`: of broadcasts and campaigns together.

    It holds broadcasts back; texts of campaigns count, and go out all the same.
    """

    texts: int
    days: int

    def since(self, now: datetime) -> datetime:
        return now - timedelta(days=self.days)

    def counted(self, now: datetime) -> list[ColumnElement[bool]]:
        """What counts: texts of broadcasts and campaigns that a provider took in the window."""
        return [
            Delivery.source.in_(COUNTED),
            Delivery.status.in_(WITH_PROVIDER),
            Delivery.accepted_at > self.since(now),
        ]

    def reached(self, now: datetime) -> ColumnElement[bool]:
        """SQL condition on Contact: its number has had its share."""
        had = (
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.number == Contact.mobile, *self.counted(now))
            .scalar_subquery()
        )
        return had >= self.texts

    def full(self, numbers: Iterable[str], now: datetime) -> set[str]:
        """Those of *numbers* that have had their share."""
        rows = (
            select(Delivery.number)
            .where(Delivery.number.in_(list(numbers)), *self.counted(now))
            .group_by(Delivery.number)
            .having(func.count() >= self.texts)
        )
        return set(db.session.scalars(rows))


def parse_quiet_hours(value: str) -> QuietHours | None:
    """`21:00-08:00` or "" for none; raises BadInput."""
    if not value:
        return None
    match = re.fullmatch(r"\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*", value)
    try:
        if match is None:
            raise ValueError
        begin, end = (datetime.strptime(part, "%H:%M").time() for part in match.groups())  # noqa: DTZ007
    except ValueError:
        raise BadInput(
            "HELIOGRAPH_QUIET_HOURS", "is no span of hours", value=value, mend="Use 21:00-08:00."
        ) from None
    return QuietHours(begin, end) if begin != end else None


def parse_frequency_cap(value: str) -> FrequencyCap | None:
    """`3/7d` or "" for none; raises BadInput."""
    if not value:
        return None
    match = re.fullmatch(r"\s*(\d{1,4})\s*/\s*(\d{1,3})\s*d\s*", value)
    if match is None or not (int(match[1]) and int(match[2])):
        raise BadInput(
            "HELIOGRAPH_FREQUENCY_CAP",
            "is no number of texts per days",
            value=value,
            mend="Use 3/7d for three texts in seven days.",
        )
    return FrequencyCap(int(match[1]), int(match[2]))
