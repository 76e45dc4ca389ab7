"""What came of a simulation: for each contact what happened, in order, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from heliograph.campaigns.explanation import Passage
from heliograph.campaigns.stages import Stage

# a contact joins, comes to an event's end, ends; what is done to its phone, and by it
JOINED, STEP, ENDED = "joined", "step", "ended"
TEXT, REFUSED, HELD, REPORT, STAFF = "text", "refused", "held", "report", "staff"
REPLY, CLICK, NO_LINK = "reply", "click", "no_link"
# what was switched by the script
OUTAGE, RECOVER, FAIL, HEAL = "outage", "recover", "fail", "heal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `words` are the engine's own, `status` a word of its kind.

    `reason` is one word for why; for an action that is not done here it is `would_call`
    or `would_do`, and `words` the address or the label.
    A step has `event` (its key), `title`, `type`, the `path` and its `path_label`; a
    text and a reply have `text`, a text its `encoding`, `characters` and `parts` too.
    What is about a text carries its number in `ref`. `until` is when it goes on.
    """

    at: datetime
    kind: str
    status: str = ""
    reason: str = ""
    words: str = ""
    event: str = ""
    title: str = ""
    type: str = ""
    path: str | None = None
    path_label: str = ""
    text: str = ""
    encoding: str = ""
    characters: int = 0
    parts: int = 0
    ref: int | None = None
    until: datetime | None = None

    def as_dict(self, zone: ZoneInfo) -> dict[str, Any]:
        """Without what is empty; times in UTC, and on the contact's clock."""
        found = {name: value for name, value in asdict(self).items() if value not in ("", None, 0)}
        return found | {"local": self.at.astimezone(zone).isoformat()}


@dataclass(slots=True)
class Way:
    """A contact's way; `passage` is where it stands at the end, None when it never came in."""

    key: str
    contact_id: int
    name: str
    mobile: str
    country: str
    zone: ZoneInfo
    made_up: bool
    status: str = ""
    failing: str = ""
    entries: list[Entry] = field(default_factory=list)
    passage: Passage | None = None

    @property
    def title(self) -> str:
        return self.name or self.mobile or self.key

    def as_dict(self) -> dict[str, Any]:
        facts = {
            "key": self.key,
            "contact_id": None if self.made_up else self.contact_id,
            "name": self.name,
            "mobile": self.mobile,
            "country": self.country,
            "zone": self.zone.key,
            "status": self.status,
        }
        stands = asdict(self.passage) if self.passage else None
        entries = [entry.as_dict(self.zone) for entry in self.entries]
        return facts | {"entries": entries, "stands": stands}


@dataclass(slots=True)
class Transcript:
    """All of it. `next_at` is when something happens after `now`; None when never.

    `version` is None for the draft; `stopped` says why it ended before its time.
    """

    campaign_id: int
    campaign: str
    version: int | None
    start: datetime
    now: datetime
    ways: list[Way]
    switches: list[Entry]
    events: Sequence[Stage]
    next_at: datetime | None = None
    stopped: str = ""
    out: bool = False
    jumps: int = 0

    def way(self, key: str) -> Way:
        return next(way for way in self.ways if way.key == key)

    def as_dict(self) -> dict[str, Any]:
        return {
            "campaign_id": self.campaign_id,
            "campaign": self.campaign,
            "version": self.version,
            "start": self.start,
            "now": self.now,
            "next_at": self.next_at,
            "stopped": self.stopped,
            "contacts": [way.as_dict() for way in self.ways],
            "switches": [entry.as_dict(ZoneInfo("UTC")) for entry in self.switches],
            "events": [stage.as_dict() for stage in self.events],
        }
