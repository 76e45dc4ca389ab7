"""What imports hear by the hooks that plugins use."""

from __future__ import annotations

from heliograph.contacts.models import Contact
from heliograph.db import db, insert_new
from heliograph.hookspecs import hookimpl
from heliograph.imports.models import ImportContact


@hookimpl
def contacts_merging(winner_id: int, loser_id: int) -> None:
    """Keep in the history which import made the loser."""
    winner = db.session.get_one(Contact, winner_id)
    loser = db.session.get_one(Contact, loser_id)
    if loser.import_id not in (None, winner.import_id):
        row = {"import_id": loser.import_id, "contact_id": winner_id, "outcome": "created"}
        insert_new(ImportContact, [row])
