"""Making one contact out of two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, delete, exists, inspect, select, update
from sqlalchemy.orm import Session

from heliograph.contacts.changes import note_changed
from heliograph.contacts.events import record_event
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import Model, change_rows, db, insert_new, retried_transaction
from heliograph.dnc import carry_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.host import notify

FILLED = (
    "first_name",
    "last_name",
    "email",
    "company",
    "city",
    "country",
    "locale",
    "timezone",
    "owner_id",
)


def merge_contacts(winner_id: int, loser_id: int) -> Contact:
    """Merge the loser into the winner and delete it, in one transaction.

    The winner's values win; its blanks are filled. Tags, memberships, texts,
    replies, imports and history move over; do-not-contact of either number
    holds for the winner's. Raises NotFound; BadInput when both are the same.
    """
    if winner_id == loser_id:
        mend = "Choose two contacts."
        raise BadInput("loser_id", "is the winner itself", value=loser_id, mend=mend)
    opted_out = False

    def whole() -> None:
        nonlocal opted_out
        opted_out = merge_rows(winner_id, loser_id)

    retried_transaction(whole)  # campaigns may be at work on the same steps
    notify("contact_changed", contact_id=winner_id, change="merged")
    if opted_out:
        notify("contact_changed", contact_id=winner_id, change="dnc")
    notify("contact_changed", contact_id=loser_id, change="deleted")
    return db.session.get_one(Contact, winner_id)


def merge_rows(winner_id: int, loser_id: int) -> bool:
    """Whether the winner is on do-not-contact by that. Runs inside a transaction."""
    session = db.session()
    winner, loser = locked_pair(session, winner_id, loser_id)
    fill_blanks(winner, loser)
    opted_out = join_dnc(winner, loser)
    choose_memberships(winner.id, loser.id)
    join_campaigns(winner, loser)
    keep_import(winner, loser)
    move_rows(session, winner.id, loser.id)
    leave_segments(winner.id)
    note_changed([winner.id])
    record_event(winner.id, "merged", f"Merged with contact {loser.id}: {summary(loser)}")
    remove(session, loser)
    return opted_out


def locked_pair(session: Session, winner_id: int, loser_id: int) -> tuple[Contact, Contact]:
    # in order of id, so that two merges cannot wait for each other
    ids = [number for number in (winner_id, loser_id) if 0 < number <= LARGEST_ID]
    query = select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True))
    contacts = {contact.id: contact for contact in found}
    for number in (winner_id, loser_id):
        if number not in contacts:
            raise NotFound(f"There is no contact {number}.")
    return contacts[winner_id], contacts[loser_id]


def fill_blanks(winner: Contact, loser: Contact) -> None:
    for name in FILLED:
        if getattr(winner, name) in (None, ""):
            setattr(winner, name, getattr(loser, name))
    if winner.mobile is None and loser.mobile is not None:
        winner.mobile, winner.number_status = loser.mobile, loser.number_status
    missing = {key: value for key, value in loser.custom.items() if key not in winner.custom}
    if missing:
        winner.custom = {**winner.custom, **missing}
    winner.created_at = min(winner.created_at, loser.created_at)


def keep_import(winner: Contact, loser: Contact) -> None:
    """Keep in the history which import made the loser."""
    # here, not above: imports write contacts, so contacts cannot import them first
    from heliograph.imports.models import ImportContact  # noqa: PLC0415

    if loser.import_id not in (None, winner.import_id):
        row = {"import_id": loser.import_id, "contact_id": winner.id, "outcome": "created"}
        insert_new(ImportContact, [row])


def join_dnc(winner: Contact, loser: Contact) -> bool:
    """Have the loser's do-not-contact hold for the winner's number as well."""
    if not winner.mobile or not loser.mobile or winner.mobile == loser.mobile:
        return False
    words = f"Carried over from {loser.mobile} when contacts were merged."
    return carry_dnc(loser.mobile, winner.mobile, words=words, source="merge")


def move_rows(session: Session, winner_id: int, loser_id: int) -> None:
    """Hand over what points at the loser, in each table, a plugin's too."""
    # a plugin that could not migrate has declared tables that are not there
    there = set(inspect(session.connection()).get_table_names())
    for table in Model.metadata.tables.values():
        for key in table.foreign_keys:
            if key.target_fullname == "contacts.id" and table.name in there:
                move_table(table, key.parent, winner_id, loser_id)


def move_table(table: Table, contact: Column[Any], winner_id: int, loser_id: int) -> None:
    """Rows of which a contact may have only one, the winner's own stay."""
    own = table.alias()
    clashes = [
        exists().where(
            own.c[contact.name] == winner_id,
            *(own.c[name] == table.c[name] for name in key - {contact.name}),
        )
        for key in unique_keys(table)
        if contact.name in key
    ]
    moved = update(table).where(contact == loser_id, *(~clash for clash in clashes))
    change_rows(moved.values({contact.name: winner_id}))


def unique_keys(table: Table) -> list[set[str]]:
    """Names of the columns of each key."""
    constraints = [key for key in table.constraints if isinstance(key, UniqueConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    return [
        {column.name for column in key.columns} for key in (table.primary_key, *constraints)
    ] + [{column.name for column in index.columns} for index in indexes]


def choose_memberships(winner_id: int, loser_id: int) -> None:
    """A person's choice (by hand, left out) outlasts what a filter found."""
    # here, not above: segments read contacts, so contacts cannot import them first
    from heliograph.segments.models import BY_FILTER, SegmentMember  # noqa: PLC0415

    chosen = select(SegmentMember.segment_id).where(
        SegmentMember.contact_id == loser_id, SegmentMember.origin != BY_FILTER
    )
    found = delete(SegmentMember).where(
        SegmentMember.contact_id == winner_id,
        SegmentMember.origin == BY_FILTER,
        SegmentMember.segment_id.in_(chosen),
    )
    change_rows(found)


def join_campaigns(winner: Contact, loser: Contact) -> None:
    """In a campaign that both are in one journey goes on: else texts would go out twice."""
    # here, not above: campaigns read contacts, so contacts cannot import them first
    from heliograph.campaigns.merging import merge_journeys  # noqa: PLC0415

    merge_journeys(winner.id, loser.id, winner.mobile)


def leave_segments(winner_id: int) -> None:
    """Note whom the merge took out of segments: the one row left may say *left out*."""
    from heliograph.campaigns.leavers import note_left  # noqa: PLC0415

    note_left([winner_id])


def remove(session: Session, loser: Contact) -> None:
    session.flush()
    session.expunge(loser)
    change_rows(delete(Contact).where(Contact.id == loser.id))
    session.expire_all()


def summary(contact: Contact) -> str:
    facts = (contact.name, contact.mobile or "", contact.email)
    return ", ".join(fact for fact in facts if fact) or "no name"
