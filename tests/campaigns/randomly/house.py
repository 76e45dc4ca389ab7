"""An installation in which scenarios are put up, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from heliograph import clock, create_app
from heliograph.campaigns import create_campaign, save_draft
from heliograph.contacts.models import Contact, CustomField
from heliograph.contacts.tags import tag_contact
from heliograph.db import Model, db, transaction
from heliograph.dnc import add_dnc
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment, refresh_segment
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema
from tests.campaigns.randomly.scenario import (
    CAMPAIGNS,
    LINKS,
    MESSAGES,
    SEGMENTS,
    Line,
    Scenario,
)

SAMPLES = Path(__file__).parents[2] / "samples"
SETTINGS = "heliograph_settings"
KEPT = ("text_messages", "custom_fields", "plugin_states", "link_keys", "users")
NAMED = {
    **dict.fromkeys(("segments", "add", "remove"), "segment"),
    **dict.fromkeys(("campaigns", "add_to", "remove_from"), "campaign"),
    "messages": "message",
}


Played = dict[str, list[Line]]  # by the key of the person


class Refused(Exception):
    """The canvas cannot be published, or there is too much in it."""


@dataclass(frozen=True)
class Put:
    """A scenario that was put up: its campaign, and ids of contacts by the person's key."""

    campaign: int
    contacts: dict[str, int]
    source: int


class House:
    """Its messages and other campaigns are there once; contacts and segments for each scenario."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._ids = {
            ("message", name): create_message(name=name, text=words(name)).id for name in MESSAGES
        }
        self._ids |= {("campaign", name): create_campaign(name=name).id for name in CAMPAIGNS}
        with transaction() as session:
            session.add(CustomField(alias="points", label="Points", kind="number"))
        self._count = 0

    @classmethod
    @contextmanager
    def built(cls, **settings: str) -> Iterator[House]:
        """A new one, in a folder that is gone afterwards; its context is pushed."""
        with TemporaryDirectory(prefix="heliograph-campaigns-") as own:
            given = {"data_dir": own, "scheduler": "off", "plugin_dirs": str(SAMPLES)}
            given |= {
                "public_url": "https://sms.example.com",
                "secret_key": "of random campaigns " * 3,
            }
            given |= {
                "default_region": "FR",
                "timezone": "UTC",
            }  # so they need not be read each time
            app = create_app(Settings(**(given | settings)))
            with app.app_context():
                upgrade_schema()
                current_host().configure("recorder", {"required": "yes"})
                current_host().enable("recorder", default=True)
                yield cls(app)
                db.session.remove()
                db.engine.dispose()

    def put_up(self, scenario: Scenario) -> Put:
        """Its contacts, its segments and its draft. Raises BadInput for what is no canvas."""
        settings = self.app.extensions[SETTINGS]
        self.app.extensions[SETTINGS] = replace(
            settings, timezone=scenario.installation_zone, quiet_hours=scenario.quiet
        )
        with clock.at(scenario.start):
            contacts = self._people(scenario)
            ids = self._segments(scenario, contacts)
            facts: dict[str, Any] = {
                name: getattr(scenario, name)
                for name in ("allow_restart", "late_hours", "publish_up", "publish_down")
            }
            campaign = create_campaign(name="Random", timezone=scenario.zone, **facts).id
            ids |= self._ids | {("campaign", "this"): campaign}
            events = [event | {"config": resolved(event, ids)} for event in scenario.events]
            source = ids["segment", "source"]
            save_draft(campaign, {"sources": [source], "events": events}, seen=0)
        return Put(campaign, contacts, source)

    def _people(self, scenario: Scenario) -> dict[str, int]:
        found = {}
        for person in scenario.people:
            self._count += 1
            number = None if person.number == "none" else f"+33612{self._count:06}"
            fields = {name: value for name, value in person.fields.items() if name != "points"}
            points = person.fields.get("points")
            with transaction() as session:
                contact = Contact(
                    mobile=number,
                    first_name=person.key,
                    number_status="invalid" if person.number == "invalid" else "ok",
                    timezone=person.zone,
                    country=person.country,
                    custom={} if points is None else {"points": points},
                    **fields,
                )
                session.add(contact)
                session.flush()
                tag_contact(contact, list(person.tags))
                found[person.key] = contact.id
            if number and person.dnc:
                add_dnc(number, reason=person.dnc)
        return found

    def _segments(self, scenario: Scenario, contacts: dict[str, int]) -> dict[tuple[str, str], int]:
        """North and south, and the source: by a tag, with all others in it by hand."""
        found = {}
        tag = {"field": "tag", "operator": "has_any", "value": [scenario.source]}
        for name in (*SEGMENTS, "source"):
            by_tag = name == "source" and scenario.source
            title = f"{name} {self._count}"
            segment = create_segment(title, filters=tag) if by_tag else create_segment(title)
            found["segment", name] = segment.id
            people = [one for one in scenario.people if name in one.segments]
            if name == "source":
                people = [
                    one for one in scenario.people if not by_tag or tag["value"][0] not in one.tags
                ]
            if by_tag:
                refresh_segment(segment.id)
            add_members(segment.id, [contacts[one.key] for one in people])
        return found

    def clear(self) -> None:
        """Forget all of the scenarios before."""
        ours = [number for (kind, _), number in self._ids.items() if kind == "campaign"]
        with transaction() as session:
            for table in reversed(Model.metadata.sorted_tables):
                if table.name == "campaigns":
                    session.execute(table.delete().where(table.c.id.not_in(ours)))
                elif table.name not in KEPT:
                    session.execute(table.delete())


def words(name: str) -> str:
    return f"{name} see {LINKS[name]}" if name in LINKS else f"{name} hello"


def resolved(event: dict[str, Any], ids: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Its form with ids in place of names."""
    config = dict(event["config"])
    if "message" in config:
        config["message_id"] = ids["message", config.pop("message")]
    for name, kind in NAMED.items():
        if name in config and event["type"] != "core.change_tags":
            config[name] = [ids[kind, one] for one in config[name]]
    return config
