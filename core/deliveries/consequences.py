"""What failures lead to beyond their own text: for the number, and for the sender."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update

from heliograph.channel import FailureKind
from heliograph.contacts.changes import note_changed
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, utcnow
from heliograph.deliveries.pace import hold_sender
from heliograph.deliveries.policy import POLICIES, Then
from heliograph.dnc import UNSUBSCRIBED, add_dnc


@dataclass(frozen=True, slots=True)
class Failed:
    """A text that failed, or has to wait. `retry_after` is in seconds, where known."""

    number: str
    provider: str
    sender: str
    kind: FailureKind
    code: str = ""
    words: str = ""
    retry_after: float | None = None


def mark_numbers(failed: Iterable[Failed]) -> None:
    """What failures for good say of their numbers. Runs inside a transaction."""
    invalid = set()
    # in one order, so that two processes cannot wait for each other
    for item in sorted(failed, key=lambda item: item.number):
        policy = POLICIES[item.kind]
        if policy.opts_out:
            code = f" (error {item.code})" if item.code else ""
            comment = f"Refused by the provider as opted out{code}"
            add_dnc(item.number, reason=UNSUBSCRIBED, comment=comment, source="provider")
        if policy.marks_number:
            invalid.add(item.number)
    if invalid:
        marked = update(Contact).where(Contact.mobile.in_(invalid)).returning(Contact.id)
        values = {"number_status": NUMBER_INVALID, "updated_at": utcnow()}
        options = {"synchronize_session": False}
        found = db.session.scalars(marked.values(**values), execution_options=options)
        note_changed(found.all())


def hold_senders(failed: Iterable[Failed], now: datetime) -> None:
    """Each sender once, for the longest time that a failure asks for."""
    longest: dict[tuple[str, str], tuple[float, str]] = {}
    for item in failed:
        policy = POLICIES[item.kind]
        if policy.then is Then.HOLD:
            wait = item.retry_after or policy.wait
            held = longest.get((item.provider, item.sender), (0.0, ""))
            longest[item.provider, item.sender] = max(held, (wait, item.words or policy.words))
    for (provider, sender), (wait, reason) in longest.items():
        hold_sender(provider, sender, now + timedelta(seconds=wait), reason)
