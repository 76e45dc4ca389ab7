"""The action that texts a number of your own about a contact."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import select

from heliograph.actions import Action, ActionBatch, Outcome, Outcomes, Result
from heliograph.bulk import InsertNew
from heliograph.campaigns.queueing import await_texts
from heliograph.contacts.fields import contact_fields
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.models import QUEUED, Delivery
from heliograph.deliveries.rendering import Renderer, Unrenderable
from heliograph.dnc import find_dnc
from heliograph.errors import BadInput, HeliographError
from heliograph.events import FAILED, THEN, EventConfig
from heliograph.installation import current_settings, current_zone
from heliograph.lookups import one_of
from heliograph.messages import MAX_CHARACTERS, check_text
from heliograph.phone import parse_number
from heliograph.providers import default_provider, open_provider
from heliograph.sentences import Sentence

SHARED = (
    *("source", "campaign_id", "number", "provider", "sender", "status", "noted_status"),
    *("reason", "detail", "error_code", "attempts", "currency", "created_at"),
)
QUEUE = InsertNew(
    Delivery, ("source_id", "text", "encoding", "parts"), shared=SHARED, returning=("source_id",)
)


class TextStaff(EventConfig):
    number: str = Field(
        title="Number", description="Of your own, such as +33612345678", min_length=1, max_length=40
    )
    text: str = Field(
        title="Text",
        description="Tokens tell of the contact: {contactfield=firstname} asks to be called",
        min_length=1,
        max_length=MAX_CHARACTERS,
    )


def check_staff(config: TextStaff) -> None:
    parse_number(config.number, region=current_settings().region)
    try:
        check_text(config.text, contact_fields())
    except BadInput as error:
        raise type(error)("text", error.problem, value=error.value, mend=error.mend) from None


def why_not_yet(_config: TextStaff) -> str:
    try:
        open_provider(default_provider())
    except HeliographError as error:
        return error.message
    return ""


def text_staff(batch: ActionBatch) -> Outcomes:
    config: TextStaff = batch.config
    number = parse_number(config.number, region=current_settings().region).e164
    if find_dnc(number) is not None:
        words = Sentence("%(number)s is on do-not-contact.", number=number)
        return Outcomes(Outcome(Result.FAILED, words, reason="dnc"))
    rows, others = rendered(batch, config.text)
    provider = default_provider()
    facts: dict[str, Any] = {
        "source": "campaign",
        "campaign_id": batch.campaign_id,
        "number": number,
        "provider": provider,
        "sender": open_provider(provider).sender,
        "status": QUEUED,
        "noted_status": QUEUED,
        "created_at": batch.now,
    }
    blank = dict.fromkeys(("reason", "detail", "error_code", "currency"), "")
    QUEUE.run(rows, **facts, **blank, attempts=0)
    await_texts([row["source_id"] for row in rows], batch.now, to_contact=False)
    return Outcomes(Outcome(Result.SENDING), others)


def rendered(batch: ActionBatch, text: str) -> tuple[list[dict[str, Any]], dict[int, Outcome]]:
    """A row for each step, and what failed by contact id."""
    renderer = Renderer(text, current_zone())
    query = select(Contact).where(one_of(Contact.id, batch.contact_ids))
    contacts = {contact.id: contact for contact in db.session.scalars(query)}
    rows, others = [], {}
    for place in batch.places:
        try:
            words, encoding, parts = renderer.render(0, None, contacts.get(place.contact_id))
        except Unrenderable as error:
            others[place.contact_id] = Outcome(Result.FAILED, error.words, reason=error.reason)
            continue
        row = {"source_id": place.step_id, "text": words, "encoding": encoding, "parts": parts}
        rows.append(row)
    return rows, others


TEXT_STAFF = Action(
    key="core.text_staff",
    label="Text your own staff",
    config_model=TextStaff,
    run_many=text_staff,
    ready=why_not_yet,
    check=check_staff,
    help="Sends a text about the contact to a number of your own, by the default provider.",
    icon="person-badge",
    group="Texts",
    paths=(THEN, FAILED),
)
