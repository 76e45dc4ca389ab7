"""Actions that put contacts on do-not-contact, or take them off."""

from __future__ import annotations

from pydantic import Field
from sqlalchemy import select

from core.actions import Action, ActionBatch
from core.contacts.models import Contact
from core.db import db
from core.dnc import MANUAL, UNSUBSCRIBED, add_many, lift_many
from core.events import Batch, EventConfig
from core.lookups import one_of


class AddDnc(EventConfig):
    comment: str = Field(
        default="",
        title="Comment",
        description="Why, for whoever looks at the contact",
        max_length=500,
    )


class RemoveDnc(EventConfig):
    opted_out_too: bool = Field(
        default=False,
        title="Also who opted out",
        description="Only when the contact has agreed anew: a STOP binds you by law",
    )
    comment: str = Field(default="", title="Comment", description="Why", max_length=500)


def numbers_of(batch: Batch) -> list[str]:
    """The numbers of the contacts, each once and in order."""
    query = select(Contact.mobile).where(one_of(Contact.id, batch.contact_ids))
    return sorted({number for number in db.session.scalars(query) if number})


def add_dnc(batch: ActionBatch) -> None:
    source = f"campaign {batch.campaign_id}"
    add_many(numbers_of(batch), reason=MANUAL, comment=batch.config.comment, source=source)


def remove_dnc(batch: ActionBatch) -> None:
    source = f"campaign {batch.campaign_id}"
    spared = () if batch.config.opted_out_too else (UNSUBSCRIBED,)
    lift_many(numbers_of(batch), spared=spared, comment=batch.config.comment, source=source)


ADD_DNC = Action(
    key="core.add_dnc",
    label="Add to do-not-contact",
    config_model=AddDnc,
    run_many=add_dnc,
    help="Puts the contact's number on do-not-contact: no text goes to it any more.",
    icon="slash-circle",
    group="Do-not-contact",
)
REMOVE_DNC = Action(
    key="core.remove_dnc",
    label="Remove from do-not-contact",
    config_model=RemoveDnc,
    run_many=remove_dnc,
    help="Takes the contact's number off do-not-contact, unless the contact opted out.",
    icon="check-circle",
    group="Do-not-contact",
)
