"""Writing, changing and finding text messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from heliograph.broadcasts.models import DRAFT, SCHEDULED, Broadcast
from heliograph.contacts.fields import contact_fields
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import db, refuse_changed, transaction, utcnow
from heliograph.errors import BadInput, Conflict, NotFound
from heliograph.installation import current_zone
from heliograph.messages.filtering import finish_sample, sample_words
from heliograph.messages.models import SEGMENT, TEMPLATE, TextMessage
from heliograph.messages.parts import MAX_CHARACTERS, Measure, measure
from heliograph.messages.tokens import check_text, compile_text, keep_placeholders
from heliograph.messages.values import values_of
from heliograph.nfc import nfc
from heliograph.segments.models import Segment
from heliograph.text_filters import Words
from heliograph.users import User

MAX_NAME = 120
LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*")
FROZEN = ("text", "segments", "track_links")


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as one contact would get it."""

    text: str
    measure: Measure


def create_message(
    *,
    name: str,
    text: str,
    segments: Sequence[int] = (),
    language: str = "en",
    category: str = "",
    publish_up: datetime | None = None,
    publish_down: datetime | None = None,
    published: bool = True,
    track_links: bool = True,
    keep: bool = False,
    copied: bool = False,
) -> TextMessage:
    """Store a message: of type segment when *segments* (ids) are given, else template.

    A segment message has its broadcast from the start, scheduled when
    *publish_up* is given. With *keep* other tools' placeholders in the text are meant to be
    sent as they are; without it they are refused, unless the text is *copied* from one that
    is stored. Raises BadInput naming field, value and mend.
    """
    text = kept(text) if keep else text
    facts = checked(
        is_new=not copied,
        name=name,
        text=text,
        language=language,
        category=category,
        publish_up=publish_up,
        publish_down=publish_down,
    )
    chosen = chosen_segments(segments)
    kind = SEGMENT if chosen else TEMPLATE
    message = TextMessage(
        **facts, published=published, track_links=track_links, type=kind, segments=[]
    )
    with transaction() as session:
        hold_named(message.text, chosen)
        message.segments = [session.get_one(Segment, segment) for segment in chosen]
        session.add(message)
        session.flush()
        if chosen:
            status = SCHEDULED if publish_up else DRAFT
            session.add(Broadcast(id=message.id, status=status, status_at=utcnow()))
    return message


def edit_message(
    message_id: int, *, seen: datetime | None = None, keep: bool = False, **changes: Any
) -> TextMessage:
    """Change fields as in `create_message`; `segments` are ids.

    Raises Conflict when what a begun broadcast has frozen would change, and
    Changed when it is no longer as it was with `updated_at` *seen*.
    """
    message = get_message(message_id)
    if keep:
        changes["text"] = kept(changes.get("text", message.text))
    if "text" in changes:
        changes["text"] = same_or_new(message.text, changes["text"])
    frozen = [name for name in FROZEN if name in changes and differs(message, name, changes)]
    now = {name: getattr(message, name) for name in CHECKED}
    given = {name: changes[name] for name in changes if name in CHECKED}
    facts = checked(is_new=changes.get("text", message.text) != message.text, **(now | given))
    chosen = chosen_segments(changes["segments"]) if "segments" in changes else None
    with transaction() as session:
        hold_named(facts["text"], chosen or ())
        message = session.get_one(
            TextMessage, message_id, populate_existing=True, with_for_update=True
        )
        refuse_changed(seen, message.updated_at)
        # locked: a broadcast that begins now and one that is not scheduled any more are two
        waiting = session.get(Broadcast, message_id, populate_existing=True, with_for_update=True)
        if waiting is not None and waiting.started_at is not None and frozen:
            raise Conflict(
                f"Message {message_id} has been sent: its {' and '.join(frozen)} cannot change. "
                "Clone it instead."
            )
        message.updated_at = utcnow()
        for key, value in facts.items():
            setattr(message, key, value)
        message.published = changes.get("published", message.published)
        message.track_links = changes.get("track_links", message.track_links)
        if chosen is not None and message.type == SEGMENT:
            message.segments = [session.get_one(Segment, segment) for segment in chosen]
        if waiting is not None and waiting.status in (DRAFT, SCHEDULED):
            waiting.status = SCHEDULED if message.publish_up else DRAFT
            waiting.status_at = utcnow()
    return message


def differs(message: TextMessage, name: str, changes: dict[str, Any]) -> bool:
    now = [item.id for item in message.segments] if name == "segments" else getattr(message, name)
    new = sorted(changes[name]) if name == "segments" else changes[name]
    return bool(now != new)


def clone_message(message_id: int) -> TextMessage:
    """A copy that is not scheduled, to be sent again."""
    source = get_message(message_id)
    return create_message(
        name=f"{source.name[: MAX_NAME - 7]} (copy)",
        text=source.text,
        segments=[segment.id for segment in source.segments],
        language=source.language,
        category=source.category,
        track_links=source.track_links,
        copied=True,
    )


def get_message(message_id: int) -> TextMessage:
    """The message; raises NotFound."""
    known = 0 < message_id <= LARGEST_ID
    message = db.session.get(TextMessage, message_id, populate_existing=True) if known else None
    if message is None:
        raise NotFound(f"There is no text message {message_id}. Run: heliograph messages list")
    return message


def list_messages() -> Sequence[TextMessage]:
    return db.session.scalars(select(TextMessage).order_by(TextMessage.id)).all()


def newest_messages(*, before_id: int | None = None, limit: int = 50) -> Sequence[TextMessage]:
    """A page of messages, the newest first; give the last id to read on."""
    page = select(TextMessage).order_by(TextMessage.id.desc()).limit(limit)
    if before_id is not None:
        page = page.where(TextMessage.id < before_id)
    return db.session.scalars(page).all()


def preview(text: str, contact: Contact, *, track: bool = True) -> Preview:
    """*text* as *contact* would get it; raises BadInput on bad tokens.

    Its links are short ones where the installation and the message (*track*) have it so.
    """
    text = nfc(text)
    owner = db.session.get(User, contact.owner_id) if contact.owner_id else None
    values = values_of(contact, owner, zone=current_zone())
    compiled = compile_text(text, contact_fields())  # as written: errors name the place there
    rendered = compiled.render(values)
    filtered = sample_words(Words(text, track_links=track))
    if filtered is not None:
        filled = compile_text(filtered.text, contact_fields()).render(values)
        rendered = nfc(finish_sample(filtered, filled, rendered))
    return Preview(rendered, measure(rendered))


CHECKED = ("name", "text", "language", "category", "publish_up", "publish_down")


def kept(text: str) -> str:
    return keep_placeholders(text, contact_fields())


def same_or_new(stands: str, text: str) -> str:
    """What is typed, as it stands when it differs in nothing but how its characters are made."""
    return stands if nfc(text) == nfc(stands) else text


def checked(*, is_new: bool, **facts: Any) -> dict[str, Any]:
    """The facts, cleaned; raises BadInput. Text *is_new* when it was not stored before."""
    name, text = nfc(str(facts["name"]).strip()), str(facts["text"])
    text = nfc(text) if is_new else text
    if not name:
        raise BadInput("name", "is empty", mend="Enter a name for yourself.")
    if len(name) > MAX_NAME:
        raise BadInput("name", f"has {len(name)} characters", mend=f"{MAX_NAME} is the most.")
    if not text.strip():
        raise BadInput("text", "is empty", mend="Write what is to be sent.")
    if "\x00" in text:
        raise BadInput("text", "has a NUL character", mend="Take it out.")
    if len(text) > MAX_CHARACTERS:
        raise BadInput("text", f"has {len(text)} characters", mend=f"{MAX_CHARACTERS} is the most.")
    category = nfc(facts["category"])
    if len(category) > 60:
        raise BadInput("category", "is too long", value=category, mend="Use up to 60.")
    if not LANGUAGE.fullmatch(facts["language"]) or len(facts["language"]) > 16:
        raise BadInput(
            "language", "is no language", value=facts["language"], mend="Use en, fr or pt-BR."
        )
    up, down = facts["publish_up"], facts["publish_down"]
    if up and down and down <= up:
        raise BadInput(
            "publish_down", "is not after publish_up", value=down, mend="Choose a later time."
        )
    if is_new:
        check_text(text, contact_fields())
    else:
        compile_text(text, contact_fields())
    return facts | {"name": name, "text": text, "category": category}


def hold_named(text: str, segments: Sequence[int]) -> None:
    """Have what the message names stay there until it is stored; raises BadInput."""
    from heliograph.uses import while_naming  # noqa: PLC0415

    while_naming()
    chosen_segments(segments)
    compile_text(text, contact_fields())


def chosen_segments(ids: Sequence[int]) -> list[int]:
    """The ids, each once; raises BadInput for one that is not there."""
    wanted = list(dict.fromkeys(ids))
    known = set(db.session.scalars(select(Segment.id).where(Segment.id.in_(wanted))))
    for segment_id in wanted:
        if segment_id not in known:
            raise BadInput(
                "segments", "is no segment", value=segment_id, mend="Run: heliograph segments list"
            )
    return wanted


def delete_message(message_id: int) -> None:
    """Delete a message that was never sent.

    Raises Conflict once its broadcast began, and while a campaign or a segment names it.
    """
    # here, not above: what names messages is built on them
    from heliograph.uses import MESSAGES, Thing, refuse_used, while_deleting  # noqa: PLC0415

    with transaction() as session:
        while_deleting()
        name = get_message(message_id).name
        refuse_used(Thing(MESSAGES, message_id), f"The text message {name!r}")
        broadcast = session.get(Broadcast, message_id, with_for_update=True)
        if broadcast is not None and broadcast.started_at is not None:
            raise Conflict(
                f"Message {message_id} has been sent: its history needs it. Unpublish it."
            )
        if broadcast is not None:
            session.delete(broadcast)
            session.flush()
        session.delete(session.get_one(TextMessage, message_id))
