"""Each change of the schema, with data in the tables, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import String, bindparam, select, text
from sqlalchemy.exc import IntegrityError

from heliograph.broadcasts.models import Broadcast
from heliograph.campaigns import publish
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignVersion
from heliograph.contacts import Contact, add_contact
from heliograph.db import UTCDateTime, db, transaction, utcnow
from heliograph.deliveries.models import Delivery, StatusReport
from heliograph.dnc import Dnc, find_beneath, lift_stop
from heliograph.host import current_host
from heliograph.imports import Import, ImportContact
from heliograph.installation import current_settings
from heliograph.links.models import LinkKey
from heliograph.messages import create_message
from heliograph.messages.models import TextMessage
from heliograph.migrating import migrating
from heliograph.parts import part
from heliograph.providers import default_provider
from heliograph.replies.models import Reply
from heliograph.segments import create_segment
from tests.campaigns.drawing import drafted, event, tag

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def migrate(revision: str) -> None:
    """To *revision*, from wherever the database is."""
    back = revision < db.session.scalar(text("SELECT version_num FROM alembic_version"))
    db.session.remove()
    (downgrade if back else upgrade)(directory=str(part("migrations")), revision=revision)


def test_sending_stays_with_the_provider_it_went_through(app: Flask) -> None:
    migrate("0008")
    insert = text(
        "INSERT INTO plugin_states (name, enabled, is_default, config, created_at, updated_at) "
        "VALUES (:name, true, false, '{}', :now, :now)"
    ).bindparams(bindparam("now", type_=UTCDateTime))
    with transaction() as session:  # nobody chose: it was the first that is no demo
        for name in ("simulator", "twilio"):
            session.execute(insert, {"name": name, "now": utcnow()})
    migrate("head")
    assert default_provider() == "twilio"
    current_host().enable("simulator")
    assert default_provider() == "twilio"
    assert (current_settings().timezone, current_settings().region) == ("UTC", "US")


def test_contacts_tell_the_import_that_made_them(app: Flask) -> None:
    made = add_contact({"mobile": "+33612345678"}, region="FR")
    changed = add_contact({"mobile": "+33612345679"}, region="FR")
    with transaction() as session:
        session.add_all([Import(id=7, filename="a.csv", path="a")])
        session.flush()
        session.add(ImportContact(import_id=7, contact_id=changed.id, outcome="updated"))
        session.get_one(Contact, made.id).import_id = 7
    migrate("0001")
    rows = db.session.execute(text("SELECT contact_id, outcome FROM import_contacts ORDER BY 1"))
    assert [tuple(row) for row in rows] == [(made.id, "created"), (changed.id, "updated")]
    migrate("head")
    assert db.session.scalars(select(ImportContact.contact_id)).all() == [changed.id]
    found = db.session.execute(select(Contact.id, Contact.import_id).order_by(Contact.id))
    assert [tuple(row) for row in found] == [(made.id, 7), (changed.id, None)]


def test_broadcasts_keep_what_they_are_without_the_time_of_it(app: Flask) -> None:
    segment = create_segment("All")
    made = create_message(name="Hi", text="Hi", segments=[segment.id], publish_up=utcnow()).id
    assert db.session.get_one(Broadcast, made).status_at is not None
    with transaction() as session:
        session.add(Delivery(source="test", number="+33612345678", provider="x", status="unknown"))
    migrate("0004")
    kept = db.session.execute(text("SELECT status FROM broadcasts")).scalar_one()
    assert kept == "scheduled"
    migrate("head")
    again = db.session.get_one(Broadcast, made, populate_existing=True)
    assert (again.status, again.status_at) == ("scheduled", None)


def test_a_broadcast_that_is_under_way_goes_on_without_short_links(app: Flask) -> None:
    segment = create_segment("All")
    made = [create_message(name=f"A{n}", text="Hi", segments=[segment.id]) for n in range(3)]
    with transaction() as session:
        for message, status in zip(made, ("draft", "running", "finished"), strict=True):
            session.get_one(Broadcast, message.id).status = status
    migrate("0004")
    migrate("head")
    found = db.session.scalars(select(TextMessage.track_links).order_by(TextMessage.id))
    assert found.all() == [True, False, True]
    assert len(bytes.fromhex(db.session.scalars(select(LinkKey.key)).one())) == 32


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_that_is_made_anew_costs_no_row_that_refers_to_it(app: Flask) -> None:
    """SQLite changes a column so: it copies the table and drops the old one."""
    with transaction() as session:
        session.add(Delivery(id=5, source="test", number="+33612345678", provider="x"))
        session.flush()
        session.add(StatusReport(delivery_id=5, provider="x", provider_id="A5", status="sent"))
    db.session.remove()
    with migrating() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("deliveries", recreate="always") as batch:
            batch.alter_column("sender", type_=String(99))
    assert db.session.scalars(select(StatusReport.delivery_id)).all() == [5]
    with pytest.raises(IntegrityError), transaction() as session:  # they are on again
        session.execute(text("UPDATE status_reports SET delivery_id = 6"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_migration_that_leaves_rows_without_their_table_is_undone(app: Flask) -> None:
    with transaction() as session:
        session.add(Delivery(id=5, source="test", number="+33612345678", provider="x"))
        session.flush()
        session.add(StatusReport(delivery_id=5, provider="x", provider_id="A5", status="sent"))
    db.session.remove()
    with pytest.raises(RuntimeError, match="status_reports"), migrating() as connection:
        connection.execute(text("DELETE FROM deliveries"))
    assert db.session.scalars(select(Delivery.id)).all() == [5]


def test_longer_ids_cost_no_row_that_refers_to_a_text(app: Flask) -> None:
    with transaction() as session:
        session.add(Delivery(id=5, source="test", number="+33612345678", provider="x"))
        session.flush()
        session.add(StatusReport(delivery_id=5, provider="x", provider_id="A5", status="sent"))
        session.add(Reply(delivery_id=5, provider="x", provider_id="I5", number="+33612345678"))
    migrate("0007")
    migrate("head")
    assert db.session.scalars(select(StatusReport.delivery_id)).all() == [5]
    assert db.session.scalars(select(Reply.delivery_id)).all() == [5]
    code = db.session.scalars(text("SELECT code FROM installation")).one()
    assert len(code) == 8
    with transaction() as session:
        session.get_one(Delivery, 5).provider_id = "x" * 255


def store_old_spellings(message: int) -> None:
    """Numbers as they were stored up to revision 0008."""
    run_each(
        "INSERT INTO contacts (id, mobile, number_status, first_name, last_name, email, company,"
        " city, country, locale, timezone, custom, created_at, updated_at)"
        " VALUES (:id, :mobile, 'ok', '', '', '', '', '', '', '', '', '{}', :at, :at)",
        [
            {"id": 1, "mobile": "+551187654321", "at": NOW},
            {"id": 2, "mobile": "+5215512345678", "at": NOW},
            {"id": 3, "mobile": "+33612345678", "at": NOW},
            {"id": 4, "mobile": "+5491123456789", "at": NOW},
        ],
    )
    run_each(
        "INSERT INTO dnc (channel, number, reason, comment, source, created_at)"
        " VALUES ('sms', :number, :reason, :comment, '', :at)",
        [
            {"number": number, "reason": reason, "comment": number, "at": NOW}
            for number, reason in (
                ("+5511987654321", "manual"),
                ("+551187654321", "unsubscribed"),
                ("+525512345678", "unsubscribed"),
                ("+5215512345678", "bounced"),
                ("whatsapp:+33612345678", "unsubscribed"),
                ("+541123456789", "unsubscribed"),
                ("12345", "unsubscribed"),
            )
        ],
    )
    run_each(
        "INSERT INTO deliveries (id, source, broadcast_id, recipient_id, number, provider, sender,"
        " encoding, parts, status, reason, detail, error_code, attempts, currency, created_at)"
        " VALUES (:id, 'broadcast', :message, :id, :number, 'x', '', '', 0, 'queued', '', '', '',"
        " 0, '', :at)",
        [
            {"id": 1, "message": message, "number": "+551187654321", "at": NOW},
            {"id": 2, "message": message, "number": "+5215512345678", "at": NOW},
            {"id": 5, "message": message, "number": "+525512345678", "at": NOW},
        ],
    )
    run_each(
        'INSERT INTO replies (id, provider, provider_id, number, "to", text, media, opt,'
        " received_at) VALUES (:id, 'x', CAST(:id AS TEXT), :number, '', 'STOP', '[]', 'out', :at)",
        [
            {"id": 1, "number": "whatsapp:+33612345678", "at": NOW},
            {"id": 2, "number": "12345", "at": NOW},
        ],
    )


def test_old_spellings_become_one_and_a_stop_of_either_holds(app: Flask) -> None:
    """Contacts, do-not-contact, texts and replies that were stored before."""
    segment = create_segment("All")
    message = create_message(name="Hi", text="Hi", segments=[segment.id]).id
    migrate("0008")
    store_old_spellings(message)
    migrate("head")
    contacts = dict(db.session.execute(select(Contact.id, Contact.mobile)).all())  # type: ignore[arg-type]
    assert contacts == {
        1: "+5511987654321",
        2: "+525512345678",
        3: "+33612345678",
        4: "+5491123456789",
    }
    held = {
        entry.number: [entry, *find_beneath([entry.number]).get(entry.number, [])]
        for entry in db.session.scalars(select(Dnc))
    }
    reasons = {number: [one.reason for one in entries] for number, entries in held.items()}
    assert reasons == {
        "+5511987654321": ["unsubscribed", "manual"],
        "+525512345678": ["unsubscribed", "bounced"],
        "+33612345678": ["unsubscribed"],
        "+5491123456789": ["unsubscribed"],
        "12345": ["unsubscribed"],
    }
    assert [one.comment for one in held["+5511987654321"]] == ["+551187654321", "+5511987654321"]
    assert {one.created_at for entries in held.values() for one in entries} == {NOW}
    texts = db.session.execute(select(Delivery.id, Delivery.number).order_by(Delivery.id)).all()
    # the twin of one that has a text in the same broadcast keeps its spelling, and is left out
    assert [tuple(row) for row in texts] == [
        (1, "+5511987654321"),
        (2, "+5215512345678"),
        (5, "+525512345678"),
    ]
    kept = db.session.execute(select(Reply.number, Reply.sender, Reply.contact_id))
    assert sorted(map(tuple, kept)) == [("+33612345678", "", 3), ("12345", "12345", None)]
    lift_stop("+5511987654321")
    migrate("0008")
    numbers = db.session.scalars(text("SELECT number FROM dnc WHERE reason = 'manual'"))
    assert numbers.all() == ["+5511987654321"]


def run_each(statement: str, rows: list[dict[str, object]]) -> None:
    at = bindparam("at", type_=UTCDateTime())
    with transaction() as session:
        session.execute(text(statement).bindparams(at), rows)


def test_what_was_drawn_before_keeps_asking_about_the_text_before(app: Flask) -> None:
    source = create_segment("All").id
    silent = event("ask", "core.replies", config={"how": "any", "wait_amount": 3})
    chosen = event("see", "core.clicks", config={"to": "any"})
    campaign = drafted(silent, chosen, tag("a"), source=source)
    publish(campaign)
    migrate("0009")
    migrate("head")
    draft = db.session.get_one(Campaign, campaign, populate_existing=True).draft
    canvas = db.session.scalars(select(CampaignVersion.canvas)).one()
    for events in (draft["events"], canvas["events"]):
        asked = {one["key"]: one["config"].get("to") for one in events}
        assert asked == {"ask": "last", "see": "any", "a": None}
    query = select(CampaignEvent.config).order_by(CampaignEvent.position)
    configs = [config.get("to") for config in db.session.scalars(query)]
    assert configs == ["last", "any", None]


def test_what_is_drawn_now_can_be_read_by_the_version_before(app: Flask) -> None:
    asked = {"to": "campaign", "opt_words": True, "wait_amount": 3}
    campaign = drafted(event("ask", "core.replies", config=asked))
    migrate("0009")
    drafts = select(Campaign.draft).where(Campaign.id == campaign)
    draft = db.session.scalars(drafts).one()
    assert draft["events"][0]["config"] == {"to": "last", "wait_amount": 3}
    migrate("head")
