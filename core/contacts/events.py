"""Lines of a contact's history that no other table holds."""

from __future__ import annotations

from heliograph.contacts.models import ContactEvent
from heliograph.db import transaction

LONGEST = 500


def record_event(contact_id: int, kind: str, text: str) -> None:
    """Add a line; *kind* is added, edited, tagged, untagged or merged."""
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    with transaction() as session:
        session.add(ContactEvent(contact_id=contact_id, kind=kind, text=text))
        session.flush()
