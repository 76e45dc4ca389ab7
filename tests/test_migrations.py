"""Each change of the schema, with data in the tables, on both databases."""

from __future__ import annotations

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import String, select, text
from sqlalchemy.exc import IntegrityError

from core.broadcasts.models import Broadcast
from core.contacts import Contact, add_contact
from core.db import db, transaction, utcnow
from core.deliveries.models import Delivery, StatusReport
from core.imports import Import, ImportContact
from core.links.models import LinkKey
from core.messages import create_message
from core.messages.models import TextMessage
from core.migrating import migrating
from core.migrations import FOLDER
from core.replies.models import Reply
from core.segments import create_segment


def migrate(revision: str) -> None:
    """To *revision*, from wherever the database is."""
    back = revision < db.session.scalar(text("SELECT version_num FROM alembic_version"))
    db.session.remove()
    (downgrade if back else upgrade)(directory=str(FOLDER), revision=revision)


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
