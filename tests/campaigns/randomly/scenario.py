"""A campaign, its people and what happens to them, as plain data.

Nothing here, nor in the modules that build or read it, imports the product: only
`simulated` and `served` do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

# text messages by name; those with a link have it tracked
LINKS = {"L1": "https://example.com/shop/spring", "L2": "https://example.org/news"}
MESSAGES = ("M1", "M2", "M3", *LINKS)
SEGMENTS, CAMPAIGNS = ("north", "south"), ("other", "third")
STAFF = "+33698765432"

Event = dict[str, Any]  # an event of a canvas, as docs/reference/events.md names its fields


@dataclass(frozen=True)
class Person:
    """`number` is ok, invalid or none; `dnc` the reason it is on the list for, or ""."""

    key: str
    zone: str = ""
    country: str = ""
    number: str = "ok"
    dnc: str = ""
    tags: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    segments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Happening:
    """`who` is "" for what concerns everybody; `facts` depend on `do`."""

    at: datetime
    do: str
    who: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """`source` is the tag whose holders are members, or "" for a list kept by hand.

    `report_after` is the seconds between a text and the report about it.
    """

    seed: int
    start: datetime
    until: datetime
    events: tuple[Event, ...]
    people: tuple[Person, ...]
    happenings: tuple[Happening, ...] = ()
    source: str = ""
    zone: str = ""
    installation_zone: str = "UTC"
    quiet: str = ""
    allow_restart: bool = False
    late_hours: int | None = None
    publish_up: datetime | None = None
    publish_down: datetime | None = None
    report_after: int = 0

    def with_events(self, events: tuple[Event, ...]) -> Scenario:
        return replace(self, events=events)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, order=True)
class Line:
    """One thing that happened to a person, at a whole second.

    `what` is a step (`name` its event, `how` its path or failed or skipped), a text or
    a staff text (`name` its first word), joined, or ended (`how`: finished, left, removed).
    """

    at: datetime
    what: str
    name: str = ""
    how: str = ""

    def __str__(self) -> str:
        return f"{self.at:%a %Y-%m-%d %H:%M:%S}Z  {self.what:6} {self.name} {self.how}".rstrip()


def second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
