"""All on the timeline that is no text of ours: replies, DNC, imports, changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from heliograph.contacts.models import Contact, ContactEvent
from heliograph.dnc import BOUNCED, ELSEWHERE, MANUAL, OFF, UNSUBSCRIBED, DncChange
from heliograph.imports.models import Import, ImportContact
from heliograph.links.models import PERSON, TEST, Click, Link
from heliograph.replies.models import Reply
from heliograph.sentences import Sentence
from heliograph.timeline.entry import TimelineEntry, facts, read_page

REPLIES = {
    "out": Sentence("Reply: opted out"),
    "in": Sentence("Reply: opted in"),
    "help": Sentence("Reply: asked for help"),
}
CLICKS = {
    PERSON: Sentence("Link was clicked"),
    TEST: Sentence("Link of a test text was clicked"),
}
CHANGES = {
    "added": Sentence("Contact was added"),
    "edited": Sentence("Contact was edited"),
    "merged": Sentence("Contacts were merged"),
    "tagged": Sentence("Tags were added"),
    "untagged": Sentence("Tags were removed"),
}
DNC_TITLES = {
    "on": Sentence("Do not contact: %(reason)s"),
    "off": Sentence("Taken off do-not-contact: %(reason)s"),
}
OPT_OUT_LIFTED = Sentence("Opt-out was taken back")
DNC_REASONS = {
    UNSUBSCRIBED: Sentence("unsubscribed"),
    ELSEWHERE: Sentence("unsubscribed elsewhere"),
    BOUNCED: Sentence("bounced"),
    MANUAL: Sentence("manual"),
}
IMPORTS = {
    "created": Sentence("Contact was created by an import"),
    "updated": Sentence("Contact was updated by an import"),
}


def reply_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    query = select(Reply).where(Reply.contact_id == contact.id)
    rows = read_page(query, Reply.received_at, before, limit, Reply.id.desc())
    return [reply_entry(reply) for (reply,) in rows]


def reply_entry(reply: Reply) -> TimelineEntry:
    known = facts(number=reply.number, to=reply.to, provider=reply.provider, reply=reply.id)
    known |= facts(answers_delivery=reply.delivery_id)
    for place, item in enumerate(reply.media, start=1):
        known[f"Media {place}"] = f"{item.get('url', '')} {item.get('type', '')}".strip()
    title = REPLIES.get(reply.opt, Sentence("Reply"))
    return TimelineEntry(reply.received_at, "reply", title, reply.text, "reply", known)


def click_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """What the contact clicked; machines that looked at its links are left out."""
    query = (
        select(Click, Link.url)
        .join(Link, Link.id == Click.link_id)
        .where(Click.contact_id == contact.id, Click.kind.in_((PERSON, TEST)))
    )
    rows = read_page(query, Click.at, before, limit, Click.id.desc())
    return [
        TimelineEntry(
            click.at,
            "click",
            CLICKS[click.kind],
            url,
            "link",
            facts(device=click.device, delivery=click.delivery_id),
        )
        for click, url in rows
    ]


def dnc_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """Changes of do-not-contact of the number that the contact has now."""
    if not contact.mobile:
        return []
    query = select(DncChange).where(DncChange.number == contact.mobile)
    rows = read_page(query, DncChange.at, before, limit, DncChange.id.desc())
    return [
        TimelineEntry(
            change.at,
            "dnc",
            dnc_title(change),
            change.comment,
            "ban" if change.change == "on" else "allow",
            facts(number=change.number, channel=change.channel, source=change.source),
        )
        for (change,) in rows
    ]


def dnc_title(change: DncChange) -> str:
    if change.change == OFF and change.reason == UNSUBSCRIBED:
        return OPT_OUT_LIFTED
    title = DNC_TITLES[change.change]
    return title.filled(reason=DNC_REASONS.get(change.reason, change.reason))


def import_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    at = func.coalesce(Import.finished_at, Import.created_at)
    changed = select(ImportContact.import_id).where(ImportContact.contact_id == contact.id)
    made = select(Contact.import_id).where(Contact.id == contact.id)
    touched = (ImportContact.import_id == Import.id) & (ImportContact.contact_id == contact.id)
    query = (
        select(Import, func.coalesce(ImportContact.outcome, "created"), at)
        .outerjoin(ImportContact, touched)
        .where(Import.id.in_(changed.union_all(made)))
    )
    rows = read_page(query, at, before, limit, Import.id.desc())
    return [
        TimelineEntry(
            moment,
            "import",
            IMPORTS[outcome],
            item.filename,
            "import",
            facts(**{"import": item.id}),
        )
        for item, outcome, moment in rows
    ]


def change_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    query = select(ContactEvent).where(ContactEvent.contact_id == contact.id)
    rows = read_page(query, ContactEvent.at, before, limit, ContactEvent.id.desc())
    return [
        TimelineEntry(event.at, "change", CHANGES.get(event.kind, event.kind), event.text, "edit")
        for (event,) in rows
    ]
