"""Writing the texts of campaign steps to the ledger: queued, or skipped from the start.

A text that is skipped has its row too. It is what decisions below ask about, and what
the contact's timeline tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, update

from heliograph.campaigns.models import SENDING, CampaignStep
from heliograph.contacts.models import Contact
from heliograph.db import change_rows, db, insert_selected, table_of
from heliograph.deliveries.models import QUEUED, SKIPPED, Delivery
from heliograph.errors import HeliographError
from heliograph.lookups import one_of
from heliograph.messages.models import TextMessage
from heliograph.providers import open_provider


def queue_texts(
    campaign_id: int, step_ids: Sequence[int], message_id: int, provider: str, now: datetime
) -> None:
    """One delivery for each step; its text is made when it is sent."""
    if not step_ids:
        return
    given: dict[str, Any] = {
        "status": QUEUED,
        "noted_status": QUEUED,
        "sender": open_provider(provider).sender,
    }
    given |= {"message_id": message_id, "provider": provider, "created_at": now}
    write_texts(campaign_id, step_ids, given)
    await_texts(step_ids, now)


def skip_texts(
    campaign_id: int,
    step_ids: Sequence[int],
    message_id: int,
    provider: str,
    now: datetime,
    *,
    reason: str,
    detail: str,
) -> None:
    """One delivery for each step that is skipped at once; the caller ends the steps."""
    if not step_ids:
        return
    given: dict[str, Any] = {"status": SKIPPED, "noted_status": SKIPPED}
    given |= {"reason": reason[:24], "detail": detail, "created_at": now, "final_at": now}
    given |= {"provider": provider, "sender": sender_of(provider)}
    if db.session.get(TextMessage, message_id) is not None:
        given["message_id"] = message_id
    write_texts(campaign_id, step_ids, given)
    know_texts(step_ids)


def sender_of(provider: str) -> str:
    """Its sender; "" when the provider cannot send now."""
    try:
        return open_provider(provider).sender
    except HeliographError:
        return ""


def write_texts(campaign_id: int, step_ids: Sequence[int], given: dict[str, Any]) -> None:
    steps, contacts, texts = table_of(CampaignStep), table_of(Contact), table_of(Delivery)
    usual: dict[str, Any] = {"source": "campaign", "campaign_id": campaign_id}
    usual |= dict.fromkeys(("encoding", "reason", "detail", "error_code", "currency"), "")
    usual |= {"parts": 0, "attempts": 0}
    values: dict[str, Any] = {
        name: literal(value, texts.c[name].type) for name, value in (usual | given).items()
    }
    values |= {
        "source_id": steps.c.id,
        "recipient_id": contacts.c.id,
        "contact_id": contacts.c.id,
        "number": func.coalesce(contacts.c.mobile, ""),
    }
    query = (
        select(*values.values())
        .select_from(steps.join(contacts, contacts.c.id == steps.c.contact_id))
        .where(one_of(steps.c.id, step_ids))
        .order_by(steps.c.id)
    )
    insert_selected(Delivery, list(values), query)


def await_texts(step_ids: Sequence[int], now: datetime, *, to_contact: bool = True) -> None:
    """Mark the steps as sending; decisions below ask about a text that is to the contact."""
    sending = update(CampaignStep).where(one_of(CampaignStep.id, step_ids))
    waits: dict[str, Any] = {"status": SENDING, "begun_at": now, "reason": "", "detail": ""}
    if to_contact:
        waits["delivery_id"] = own_text()
    change_rows(sending.values(**waits, claim=None))


def know_texts(step_ids: Sequence[int]) -> None:
    """Point each step at its own text, if it has one: decisions below ask about that."""
    own = own_text()
    steps = update(CampaignStep).where(one_of(CampaignStep.id, step_ids))
    change_rows(steps.values(delivery_id=func.coalesce(own, CampaignStep.delivery_id)))


def own_text() -> Any:
    """SQL: the id of the delivery of a step."""
    own = select(Delivery.id).where(
        Delivery.source == "campaign", Delivery.source_id == CampaignStep.id
    )
    return own.scalar_subquery()
