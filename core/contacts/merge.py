"""Making one contact out of two."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from heliograph.contacts.changes import note_changed
from heliograph.contacts.events import record_event
from heliograph.contacts.foreign_keys import Reference, references_to_contacts
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import change_rows, db, retried_transaction
from heliograph.dnc import carry_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.host import gather, notify

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
    session.flush()
    gather("contacts_merging", winner_id=winner_id, loser_id=loser_id)
    references = references_to_contacts()
    for reference in references:
        reference.move(winner_id, loser_id)
    gather("contacts_merged", winner_id=winner_id, loser_id=loser_id)
    note_changed([winner.id])
    record_event(winner.id, "merged", f"Merged with contact {loser.id}: {summary(loser)}")
    remove(session, loser, references)
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


def join_dnc(winner: Contact, loser: Contact) -> bool:
    """Have the loser's do-not-contact hold for the winner's number as well."""
    if not winner.mobile or not loser.mobile or winner.mobile == loser.mobile:
        return False
    words = f"Carried over from {loser.mobile} when contacts were merged."
    return carry_dnc(loser.mobile, winner.mobile, words=words, source="merge")


def remove(session: Session, loser: Contact, references: Sequence[Reference]) -> None:
    session.flush()
    session.expunge(loser)
    for reference in references:
        reference.release(loser.id)
    change_rows(delete(Contact).where(Contact.id == loser.id))
    session.expire_all()


def summary(contact: Contact) -> str:
    facts = (contact.name, contact.mobile or "", contact.email)
    return ", ".join(fact for fact in facts if fact) or "no name"
