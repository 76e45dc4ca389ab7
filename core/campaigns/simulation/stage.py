"""The stage of a simulation: an installation of its own, in memory, gone at the end.

Its database is made from the models, as those and the migrations are the same
tables; its plugins are stand-ins. So whatever the engine does there, it does to this.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any
from zlib import crc32

import phonenumbers
from flask import Flask
from sqlalchemy.pool import StaticPool

from heliograph import clock
from heliograph.campaigns.canvas import Canvas
from heliograph.campaigns.library import get_campaign, publish, save_draft
from heliograph.campaigns.simulation.description import Person, Simulation
from heliograph.campaigns.simulation.material import Material
from heliograph.campaigns.simulation.stand_ins import Phones, StageHost
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import read_values
from heliograph.contacts.tags import tag_contact
from heliograph.db import Model, db, init_db, transaction
from heliograph.errors import BadInput
from heliograph.host.plugins import EXTENSION as HOST
from heliograph.host.state import PluginState
from heliograph.installation import current_settings
from heliograph.links.models import LinkKey
from heliograph.meters import init_meters
from heliograph.phone import parse_number
from heliograph.segments.members import add_members, refresh_segment
from heliograph.segments.models import Segment, SegmentMember
from heliograph.stored_settings import fix_settings

MADE_UP = 9_000_000_000  # ids from here on are no contact's
SOURCE = 9_000_000_000
LINK_KEY = "00" * 32  # no code that is shown here leads anywhere
MOST_IDLE = 2
# stages whose simulation is over: statements that were compiled there need not be again
idle: deque[Flask] = deque()


@contextmanager
def on_stage(material: Material, phones: Phones) -> Iterator[Flask]:
    """The stage with what was read on it, as the current application."""
    try:
        app = idle.pop()
    except IndexError:
        app = made_app()
    furnish(app, material, phones)
    with app.app_context():
        try:
            put_up(material)
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()  # its database is gone by that
    if len(idle) < MOST_IDLE:
        idle.append(app)


def made_app() -> Flask:
    app = Flask("heliograph")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "creator": copied_database,
        "poolclass": StaticPool,
        "hide_parameters": True,
    }
    init_db(app)
    return app


def furnish(app: Flask, material: Material, phones: Phones) -> None:
    """Give the application the settings and the plugins of this simulation."""
    fix_settings(app, replace(material.settings, database_url="sqlite://", scheduler="off"))
    init_meters(app)
    plugins = [info for info, _, _ in material.plugins]
    enabled = {info.name for info, is_enabled, _ in material.plugins if is_enabled}
    app.extensions[HOST] = StageHost(plugins, enabled, material.built_in, phones)


def copied_database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.deserialize(empty_database())
    return connection


@lru_cache(maxsize=1)
def empty_database() -> bytes:
    """All tables that there are, empty, as SQLite keeps them."""
    app = Flask("heliograph")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    init_db(app)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        raw = db.engine.raw_connection()
        driver: Any = raw.driver_connection
        kept: bytes = driver.serialize()
        raw.close()
        db.engine.dispose()
    return kept


def put_up(material: Material) -> None:
    with transaction() as session:
        session.add(LinkKey(id=1, key=LINK_KEY))
        for info, enabled, default in material.plugins:
            session.add(PluginState(name=info.name, enabled=enabled, is_default=default, config={}))
        session.flush()
        for table, rows in material.rows:
            if rows:
                session.execute(table.insert(), rows)


def put_on_cast(simulation: Simulation, canvas: Canvas) -> dict[str, int]:
    """The cast as contacts in the sources, and their ids; the campaign published.

    Whom the filters of a source do not find is put in by hand. Raises BadInput, and
    NotReady when the canvas cannot be published.
    """
    with clock.at(simulation.start):
        ids = {person.key: person.contact_id or made_up(person) for person in simulation.cast}
        if not canvas.sources:
            with transaction() as session:
                session.add(Segment(id=SOURCE, name="The cast"))
            canvas = canvas.model_copy(update={"sources": [SOURCE]})
        for source in canvas.sources:
            put_in(source, list(ids.values()))
        seen = get_campaign(simulation.campaign_id).draft_version
        save_draft(simulation.campaign_id, canvas.stored(), seen=seen)
        publish(simulation.campaign_id)
    return ids


def put_in(segment_id: int, ids: list[int]) -> None:
    """Have them in the source, as members by filter where it finds them."""
    segment = db.session.get(Segment, segment_id)
    if segment is None:  # publishing says so
        return
    if segment.filters:
        try:
            refresh_segment(segment_id)
        except BadInput:
            db.session.rollback()
    known = set(
        db.session.scalars(
            db.select(SegmentMember.contact_id).where(SegmentMember.segment_id == segment_id)
        )
    )
    db.session.rollback()
    add_members(segment_id, [one for one in ids if one not in known])


def made_up(person: Person) -> int:
    """Store a contact who is made up; gives its id, which its key decides."""
    region = current_settings().region
    contact_id = MADE_UP + crc32(person.key.encode())
    facts: dict[str, Any] = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "country": person.country,
        "timezone": person.timezone,
        **person.custom,
    }
    with transaction() as session:
        try:
            entered = read_values(facts, region=region)
            country = str(entered.columns.get("country") or region)
            number = person.mobile or sample_number(country, contact_id)
            entered.columns["mobile"] = parse_number(number, region=country).e164
        except BadInput as error:
            field = f"cast {person.key} {error.field}"
            raise BadInput(field, error.problem, value=error.value, mend=error.mend) from None
        custom = {key: value for key, value in entered.custom.items() if value is not None}
        contact = Contact(id=contact_id, **entered.columns, custom=custom)
        session.add(contact)
        session.flush()
        if person.tags:
            tag_contact(contact, person.tags)
    return contact_id


def sample_number(country: str, seed: int) -> str:
    """A number as they are there, each its own."""
    found = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if found is None:
        return f"+1555010{seed % 10_000:04}"
    digits = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    varied = f"{digits[:-3]}{seed % 1000:03}"
    return varied if phonenumbers.is_valid_number(phonenumbers.parse(varied)) else digits
