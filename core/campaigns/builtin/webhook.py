"""The action that tells another system: a POST of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import select

from heliograph.actions import Action, ActionContext, Outcome, Result
from heliograph.campaigns.builtin.calls import NoAnswer, Refused, post, read_url, refuse_private
from heliograph.campaigns.builtin.variables import ENV, NotAllowed, header_value, refuse_variable
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignStep
from heliograph.contacts.fields import contact_fields
from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.errors import BadInput, HeliographError
from heliograph.events import FAILED, THEN, EventConfig
from heliograph.installation import current_settings, current_zone
from heliograph.messages import check_text, compile_text, values_of
from heliograph.sentences import Sentence
from heliograph.users import User
from heliograph.version import __version__

HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}):\s*([\x20-\x7e]{0,2000})")
LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,59}):\s*(.{0,2000})", re.DOTALL)
OURS = ("content-type", "content-length", "host", "transfer-encoding", "connection")
AGAIN = (408, 425, 429)
ANSWERED = Sentence("Answered %(status)s.")
TOLD = Sentence("Answered %(status)s: %(words)s")


class Webhook(EventConfig):
    url: str = Field(
        title="Address",
        description="Where it is posted, such as https://example.com/hook",
        min_length=1,
        max_length=2000,
    )
    fields: list[str] = Field(
        default_factory=lambda: ["mobile", "first_name", "last_name", "email"],
        title="Fields",
        description="Which fields of the contact are told, beside its id",
        json_schema_extra={"choices_from": "fields"},
    )
    data: list[str] = Field(
        default_factory=list,
        title="Data",
        description="More to be told, as name: value; tokens such as {contactfield=city} work",
        max_length=50,
    )
    headers: list[str] = Field(
        default_factory=list,
        title="Headers",
        description="As Name: value; $env:NAME is read from the server's environment, "
        "where an admin has allowed that name",
        max_length=20,
    )
    timeout: int = Field(
        default=10, title="Time-out", description="Seconds until it is tried again", ge=1, le=30
    )


def check_webhook(config: Webhook) -> None:
    parts = read_url(config.url)
    if not is_private_allowed():
        try:
            refuse_private(parts.hostname or "")
        except HeliographError as error:
            mend = "Use an address on the internet, or set HELIOGRAPH_WEBHOOK_PRIVATE=1."
            raise BadInput("url", error.message.rstrip("."), value=config.url, mend=mend) from None
    for _, given in read_lines("headers", config.headers, HEADER):
        check_header(given)
    for name, text in read_lines("data", config.data, LINE):
        try:
            check_text(text, contact_fields())
        except BadInput as error:
            problem = f"{error.value} {error.problem}" if error.value else error.problem
            raise type(error)("data", problem, value=name, mend=error.mend) from None


def check_header(given: str) -> None:
    if not given.startswith(ENV):
        return
    try:
        refuse_variable(given.removeprefix(ENV).strip())
    except NotAllowed as error:
        problem, _, mend = error.message.partition(". ")
        raise BadInput("headers", problem.rstrip("."), mend=mend) from None


def why_not_yet(config: Webhook) -> str:
    """Contacts wait while a header cannot be sent, so that none of them fails for it."""
    try:
        for _, given in read_lines("headers", config.headers, HEADER):
            header_value(given)
    except NotAllowed as error:
        return error.message
    return ""


def is_private_allowed() -> bool:
    return current_settings().webhook_private == "1"


def read_lines(field: str, lines: Sequence[str], form: re.Pattern[str]) -> list[tuple[str, str]]:
    """`Name: value` of each line; raises BadInput."""
    found = []
    for line in lines:
        match = form.fullmatch(line.strip())
        if match is None or (field == "headers" and match[1].lower() in OURS):
            mend = "Write each as Name: value."
            raise BadInput(field, "cannot be used", value=line, mend=mend)
        found.append((match[1], match[2]))
    return found


def call(context: ActionContext) -> Outcome:
    config: Any = context.config
    contact = db.session.get(Contact, context.contact_id)
    if contact is None:
        return Outcome(
            Result.FAILED, Sentence("The contact was deleted."), reason="contact_deleted"
        )
    body = json.dumps(payload(config, contact, context.source_id), ensure_ascii=False).encode()
    try:
        headers = made_headers(config, context.source_id)
    except NotAllowed as error:
        return Outcome(Result.FAILED, error.message, reason="refused")
    db.session.rollback()  # nothing is held while it is called
    private = is_private_allowed()
    try:
        answer = post(config.url, body, headers, seconds=config.timeout, private=private)
    except Refused as error:
        return Outcome(Result.FAILED, error.message, reason="refused")
    if 200 <= answer.status < 300:
        return Outcome(Result.DONE, ANSWERED.filled(status=answer.status))
    words = TOLD.filled(status=answer.status, words=answer.text[:200]).strip()
    if answer.status >= 500 or answer.status in AGAIN:
        raise NoAnswer(words)
    return Outcome(Result.FAILED, words, reason=f"http_{answer.status}")


def made_headers(config: Webhook, step_id: int | None) -> dict[str, str]:
    given = {
        name: header_value(value) for name, value in read_lines("headers", config.headers, HEADER)
    }
    ours = {"Content-Type": "application/json", "User-Agent": f"Heliograph/{__version__}"}
    if step_id is not None:  # it may come twice: then with the same key
        ours["Idempotency-Key"] = f"heliograph-{step_id}"
    return ours | given


def payload(config: Webhook, contact: Contact, step_id: int | None) -> dict[str, Any]:
    """What is told: contact, campaign, event, and the data of the form."""
    known = contact_fields()
    fields = {
        name: value_of(contact, known[name].custom, name) for name in config.fields if name in known
    }
    return {
        "contact": {"id": contact.id} | fields,
        **place_of(step_id),
        "data": filled(config, contact),
        "at": utcnow().isoformat(timespec="seconds"),
    }


def value_of(contact: Contact, custom: bool, name: str) -> Any:  # noqa: FBT001  one of two kinds
    return contact.custom.get(name) if custom else getattr(contact, name)


def filled(config: Webhook, contact: Contact) -> dict[str, str]:
    owner = db.session.get(User, contact.owner_id) if contact.owner_id else None
    values, fields = values_of(contact, owner, zone=current_zone()), contact_fields()
    lines = read_lines("data", config.data, LINE)
    return {name: compile_text(text, fields).render(values) for name, text in lines}


def place_of(step_id: int | None) -> dict[str, Any]:
    """The campaign and the event of a step; nothing when there is none."""
    query = (
        select(Campaign.id, Campaign.name, CampaignEvent.key, CampaignEvent.name.label("event"))
        .join(CampaignStep, CampaignStep.campaign_id == Campaign.id)
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .where(CampaignStep.id == step_id)
    )
    row = db.session.execute(query).one_or_none() if step_id is not None else None
    if row is None:
        return {}
    return {
        "campaign": {"id": row.id, "name": row.name},
        "event": {"key": row.key, "name": row.event},
        "step": step_id,
    }


WEBHOOK = Action(
    key="core.webhook",
    label="Call a webhook",
    config_model=Webhook,
    run=call,
    ready=why_not_yet,
    check=check_webhook,
    help="Posts the contact as JSON to an address, and tries again when no answer comes.",
    icon="broadcast",
    group="Other systems",
    paths=(THEN, FAILED),
)
