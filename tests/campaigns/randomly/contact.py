"""What is known of a person at a moment, and who has read or written it in that moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.campaigns.randomly.scenario import Event, Person, Scenario
from tests.campaigns.randomly.words import field_fits

OPTED_OUT = "unsubscribed"


class Unclear(Exception):
    """The manual does not say which of two things of one moment comes first."""


@dataclass(eq=False)
class Text:
    """`fate`: queued, went, delivered, undelivered, failed, cancelled.

    While it is queued, `look_at` is when what delays it may be over. `by_steps`: first the
    quiet hours are over and then its event opens, or the other way round.
    """

    event: Event
    queued: datetime
    name: str
    link: str = ""
    to_staff: bool = False
    fate: str = "queued"
    went: datetime | None = None
    over: datetime | None = None
    look_at: datetime | None = None
    by_steps: bool = False


@dataclass(eq=False)
class Deed:
    """What the contact did (reply, click), or that its number came on the list (dnc)."""

    kind: str
    at: datetime
    words: str = ""
    text: Text | None = None
    meaning: str = ""


@dataclass(eq=False)
class Step:
    """`status`: waiting, sending, open, over. `before` is the text sent before."""

    event: Event
    rotation: int
    laid: datetime
    due: datetime
    parent: Step | None
    before: Text | None
    status: str = "waiting"
    begun: datetime | None = None
    until: datetime | None = None
    text: Text | None = None

    @property
    def type(self) -> str:
        return str(self.event["type"]).split(".")[1]

    @property
    def key(self) -> str:
        return str(self.event["key"])

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = self.event.get("config", {})
        return found

    @property
    def timing(self) -> dict[str, Any]:
        found: dict[str, Any] = self.event.get("timing", {})
        return found

    @property
    def began(self) -> datetime:
        """When its time came: at once, or when it was done."""
        return self.laid if self.due <= self.laid or self.begun is None else self.begun

    def comes_after(self, other: Step | None) -> bool:
        one: Step | None = self
        while one is not None and one is not other:
            one = one.parent
        return one is other


@dataclass
class Contact:
    """One person; every look and change says who looks, so that an order nobody set is found."""

    person: Person
    scenario: Scenario
    touched: dict[str, list[tuple[Step | None, bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        person = self.person
        self.number = person.number
        self.fields = dict(person.fields) | {"timezone": person.zone, "country": person.country}
        self.tags, self.segments = set(person.tags), set(person.segments)
        self.dnc = [person.dnc] if person.dnc else []
        self.in_by_hand = not self.scenario.source or self.scenario.source not in self.tags
        self.left_out = False
        self.campaigns: dict[str, str] = {}
        self.got: set[str] = set()

    def touch(self, what: str, by: Step | None, *, writes: bool = False) -> None:
        for other, wrote in self.touched.setdefault(what, []):
            if not (writes or wrote) or by is None or other is None:
                continue
            if not (by.comes_after(other) or other.comes_after(by)):
                raise Unclear(f"{by.key} and {other.key} both touch {what}")
        self.touched[what].append((by, writes))

    @property
    def zone(self) -> str:
        own = self.scenario.zone or self.scenario.installation_zone
        return str(self.fields["timezone"] or own)

    @property
    def belongs(self) -> bool:
        """Whether it is in the source."""
        if self.left_out:
            return False
        return self.in_by_hand or self.scenario.source in self.tags

    # -- do-not-contact --------------------------------------------------

    def why_no_text(self, by: Step | None) -> str:
        self.touch("number", by)
        self.touch("dnc", by)
        if self.number != "ok":
            return self.number
        return "dnc" if self.dnc else ""

    @property
    def reason(self) -> str:
        """The reason shown: an opt-out lies on top of all others."""
        return OPTED_OUT if OPTED_OUT in self.dnc else "".join(self.dnc[:1])

    def put_on_list(self, reason: str, by: Step | None) -> bool:
        """Whether it was not on it for that reason."""
        self.touch("dnc", by, writes=True)
        if self.number == "none" or reason in self.dnc:
            return False
        self.dnc.append(reason)
        return True

    def take_off_list(self, by: Step | None) -> None:
        """Only START lifts an opt-out."""
        self.touch("dnc", by, writes=True)
        self.dnc = [one for one in self.dnc if one == OPTED_OUT]

    # -- what actions do -------------------------------------------------

    def change(self, step: Step) -> None:
        """What an action of the database does to it."""
        belonged = self.belongs
        getattr(self, f"do_{step.type}")(step, step.config)
        if self.belongs != belonged:
            self.touch("membership", step, writes=True)

    def do_change_tags(self, step: Step, config: dict[str, Any]) -> None:
        for tag in (*config.get("add", ()), *config.get("remove", ())):
            self.touch(f"tag {tag}", step, writes=True)
        self.tags |= set(config.get("add", ()))
        self.tags -= set(config.get("remove", ()))

    def do_change_field(self, step: Step, config: dict[str, Any]) -> None:
        name, value = config["field"], config.get("value", "")
        self.touch(f"field {name}", step, writes=True)
        self.fields[name] = (int(value) if value else None) if name == "points" else value

    def do_change_segments(self, step: Step, config: dict[str, Any]) -> None:
        for name in (*config.get("add", ()), *config.get("remove", ())):
            self.touch(f"segment {name}", step, writes=True)
        for name in config.get("add", ()):
            self.segments.add(name)
            if name == "source":
                self.in_by_hand, self.left_out = True, False
        for name in config.get("remove", ()):
            self.segments.discard(name)
            if name == "source":
                self.in_by_hand, self.left_out = False, True

    def do_change_campaigns(self, step: Step, config: dict[str, Any]) -> None:
        """Other campaigns, in which nothing happens here and nobody begins anew."""
        for name in config.get("remove_from", ()):
            self.touch(f"campaign {name}", step, writes=True)
            if name in self.campaigns:
                self.campaigns[name] = "removed"
        for name in config.get("add_to", ()):
            self.touch(f"campaign {name}", step, writes=True)
            self.campaigns.setdefault(name, "active")

    def do_remove_dnc(self, step: Step, _config: dict[str, Any]) -> None:
        self.take_off_list(step)

    # -- what conditions look at -----------------------------------------

    def is_so(self, step: Step) -> bool:
        found: bool = getattr(self, f"look_{step.type}")(step, step.config)
        return found

    def look_field_value(self, step: Step, config: dict[str, Any]) -> bool:
        self.touch(f"field {config['field']}", step)
        value = self.fields.get(config["field"])
        return field_fits(value, config["operator"], config.get("value"))

    def look_has_tag(self, step: Step, config: dict[str, Any]) -> bool:
        for tag in config["tags"]:
            self.touch(f"tag {tag}", step)
        return matches(config, [tag in self.tags for tag in config["tags"]])

    def look_in_segment(self, step: Step, config: dict[str, Any]) -> bool:
        for name in config["segments"]:
            self.touch(f"segment {name}", step)
        return matches(config, [name in self.segments for name in config["segments"]])

    def look_on_dnc(self, step: Step, config: dict[str, Any]) -> bool:
        self.touch("dnc", step)
        wanted = config.get("reason", "any")
        return bool(self.dnc) and self.number != "none" and wanted in ("any", self.reason)

    def look_valid_mobile(self, step: Step, _config: dict[str, Any]) -> bool:
        self.touch("number", step)
        return self.number == "ok"

    def look_country(self, step: Step, config: dict[str, Any]) -> bool:
        self.touch("field country", step)
        return self.fields["country"] in config["countries"]

    def look_in_campaign(self, step: Step, config: dict[str, Any]) -> bool:
        for name in config["campaigns"]:
            self.touch(f"campaign {name}", step)
        states = [self.campaigns.get(name) for name in config["campaigns"]]
        ever = config.get("state") == "ever"
        return any(state == "active" or (ever and state) for state in states)

    def look_received_message(self, step: Step, config: dict[str, Any]) -> bool:
        for name in config["messages"]:
            self.touch(f"got {name}", step)
        return any(name in self.got for name in config["messages"])


def matches(config: dict[str, Any], found: list[bool]) -> bool:
    match = config.get("match", "any")
    if match == "all":
        return all(found)
    return any(found) == (match == "any")
