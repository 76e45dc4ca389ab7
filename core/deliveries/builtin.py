"""Filters of segments by the texts that contacts received.

Handed over by the hooks that plugins use.
"""

from __future__ import annotations

from sqlalchemy import exists

from heliograph.contacts.models import Contact
from heliograph.deliveries.models import WITH_PROVIDER, Delivery
from heliograph.hookspecs import hookimpl
from heliograph.segment_subjects import SegmentSubject
from heliograph.segments.conditions import Clause, Operand, Operator, both
from heliograph.segments.relations import message_ids


@hookimpl
def register_segment_subjects() -> list[SegmentSubject]:
    return [SegmentSubject("received_message", "Text message", received_operators)]


def received_operators() -> dict[str, Operator]:
    """Received: a provider took a text of that message to the contact."""

    def test(operand: Operand) -> Clause:
        return exists().where(
            Delivery.contact_id == Contact.id,
            Delivery.message_id.in_(message_ids(operand)),
            Delivery.status.in_(WITH_PROVIDER),
        )

    return {**both("is", "is_not", test), **both("received", "not_received", test)}
