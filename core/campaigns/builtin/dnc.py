"""Actions that put contacts on do-not-contact, or take them off."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator
from sqlalchemy import select

from heliograph.actions import Action, ActionBatch
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.dnc import MANUAL
from heliograph.dnc_many import add_many, lift_many
from heliograph.events import Batch, EventConfig
from heliograph.lookups import one_of

RETIRED = "opted_out_too"


class AddDnc(EventConfig):
    comment: str = Field(
        default="",
        title="Comment",
        description="Why, for whoever looks at the contact",
        max_length=500,
    )


class RemoveDnc(EventConfig):
    """Campaigns drawn before may still ask to lift opt-outs, which nothing does any more."""

    @model_validator(mode="before")
    @classmethod
    def without_opt_outs(cls, given: object) -> object:
        if isinstance(given, Mapping):
            return {name: value for name, value in given.items() if name != RETIRED}
        return given

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
    lift_many(numbers_of(batch), comment=batch.config.comment, source=source)


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
    help="Takes the contact's number off do-not-contact. A STOP stays, which only a START lifts, "
    "and so does who unsubscribed elsewhere.",
    icon="check-circle",
    group="Do-not-contact",
)
