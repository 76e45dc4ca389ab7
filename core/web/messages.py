"""Text messages: the list and the editor with its live preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from heliograph.broadcasts.counts import kept_counts
from heliograph.broadcasts.models import Broadcast
from heliograph.contacts import Contact, contact_fields, find_contacts
from heliograph.db import db
from heliograph.deliveries.direct import queue_text
from heliograph.errors import BadInput, Changed, HeliographError
from heliograph.installation import current_settings
from heliograph.links.counts import link_counts
from heliograph.links.tracking import link_base, sample_link
from heliograph.messages import (
    MAX_CHARACTERS,
    NotOurs,
    check_text,
    clone_message,
    create_message,
    delete_message,
    edit_message,
    get_message,
    list_messages,
    measure,
    newest_messages,
    preview,
)
from heliograph.messages.engine import MAX_TEMPLATE
from heliograph.messages.filtering import sample_text
from heliograph.messages.models import SEGMENT, TextMessage
from heliograph.messages.values import OWNER_FIELDS
from heliograph.phone import parse_number
from heliograph.providers import default_provider, open_provider
from heliograph.segments import list_segments
from heliograph.web.access import reads_only
from heliograph.web.builder_choices import message_choice
from heliograph.web.forms import (
    Page,
    differences,
    errors_of,
    form_ids,
    page_number,
    seen_version,
    submit,
)
from heliograph.web.trail import note
from heliograph.web.zones import input_time, typed_time

bp = Blueprint("messages", __name__, url_prefix="/messages")

LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pl", "pt", "pt-BR", "sv", "tr", "ar")
PAGE = 50


@bp.get("/")
def index() -> str:
    before = page_number("before")
    found = newest_messages(before_id=before, limit=PAGE + 1)
    page = found[:PAGE]
    ids = [message.id for message in page]
    runs = db.session.scalars(select(Broadcast).where(Broadcast.id.in_(ids)))
    broadcasts = {one.id: one for one in runs}
    rows = []
    for message in page:
        broadcast = broadcasts.get(message.id)
        counts = kept_counts(broadcast) if broadcast else None
        text = sample_text(message.text, track=message.track_links)
        rows.append((message, measure(text), broadcast, counts))
    more = len(found) > PAGE
    return render_template(
        "messages/index.html",
        rows=rows,
        older=url_for("messages.index", before=ids[-1]) if more else None,
        newer=url_for("messages.index") if before else None,
    )


@bp.get("/new")
def new() -> str:
    return form_page(None, None)


def form_page(message: TextMessage | None, error: HeliographError | None) -> str:
    typed = request.form if error else None
    values = typed.to_dict() if typed else stands(message)
    chosen = {segment.id for segment in message.segments} if message else set()
    if typed:
        chosen = {int(text) for text in typed.getlist("segments") if text.isdecimal()}
    elif page_number("segment"):
        chosen = {page_number("segment") or 0}
    broadcast = db.session.get(Broadcast, message.id) if message else None
    tracked = message is None or message.track_links
    if typed:
        tracked = bool(typed.get("track_links"))
    errors = {
        ("text" if name.startswith("text") else name): words
        for name, words in errors_of(error).items()
    }
    if isinstance(error, NotOurs):
        errors["text"] = f"{error.value!r} {error.problem}. {error.mend}"
    return render_template(
        "messages/form.html",
        message=message,
        frame="messages/panel.html" if in_panel() else "layout.html",
        panel=in_panel(),
        values=values,
        chosen=chosen,
        kind=values.get("kind", "segment" if chosen or message is None else message.type),
        published=bool(typed.get("published")) if typed else (message is None or message.published),
        begun=broadcast is not None and broadcast.started_at is not None,
        broadcast=broadcast,
        segments=list_segments(),
        languages_offered=LANGUAGES,
        categories=sorted({one.category for one in list_messages() if one.category}),
        fields=contact_fields().values(),
        owner_fields=OWNER_FIELDS,
        most=MAX_CHARACTERS,
        errors=errors,
        may_keep=isinstance(error, NotOurs),
        theirs=theirs(message) if isinstance(error, Changed) and message else [],
        version=message.updated_at.isoformat() if message else "",
        shown=preview_facts(values.get("text", ""), "", track=tracked),
        track_links=tracked,
        tracking_help=tracking_help(),
        links=link_counts(message.id) if message else [],
    )


def tracking_help() -> str:
    """What the switch of a message does, or why it does nothing here."""
    words: str = _("It does nothing until HELIOGRAPH_PUBLIC_URL is set.")
    if link_base():
        words = _("Each link in the text is sent as %(link)s.", link=sample_link())
    elif current_settings().link_tracking != "on":
        words = _("Switched off for all of Heliograph by HELIOGRAPH_LINK_TRACKING.")
    return words


def in_panel() -> bool:
    """Whether the form stands in a dialog of another page, such as the campaign builder."""
    return "panel" in request.args


def stands(message: TextMessage | None) -> dict[str, str]:
    if message is None:
        return {"language": "en"}
    return {
        "name": message.name,
        "text": message.text,
        "language": message.language,
        "category": message.category,
        "publish_up": input_time(message.publish_up),
        "publish_down": input_time(message.publish_down),
    }


def theirs(message: TextMessage) -> list[tuple[str, str]]:
    labels = {
        "name": _("Internal name"),
        "text": _("Text"),
        "language": _("Language"),
        "category": _("Category"),
        "publish_up": _("Publish up"),
        "publish_down": _("Publish down"),
    }
    return differences(request.form, stands(message), labels)


def typed_facts(message: TextMessage | None) -> dict[str, Any]:
    up, down = (message.publish_up, message.publish_down) if message else (None, None)
    form = request.form
    text = form.get("text", "").replace("\r\n", "\n")
    return {
        "name": form.get("name", ""),
        "text": text,
        "language": form.get("language", "en"),
        "category": form.get("category", "").strip(),
        "publish_up": typed_time("publish_up", stands=up),
        "publish_down": typed_time("publish_down", stands=down),
        "published": bool(form.get("published")),
        "track_links": bool(form.get("track_links")),
    }


@bp.post("/new")
def create() -> Page:
    def save() -> str:
        segments = form_ids("segments") if request.form.get("kind") == SEGMENT else []
        if request.form.get("kind") == SEGMENT and not segments:
            mend = _("Tick at least one, or choose a template.")
            raise BadInput("segments", "are missing", mend=mend)
        facts = typed_facts(None)
        at = wants_review(None, facts) if segments else None
        made = create_message(segments=segments, keep=keeps(), **facts)
        note(made.name, id=made.id)
        return gone_on(made, at)

    return submit(save, lambda error: form_page(None, error))


def keeps() -> bool:
    """Whether what other tools would fill is to be sent as it stands."""
    return bool(request.form.get("keep"))


def wants_review(message: TextMessage | None, facts: dict[str, Any]) -> datetime | None:
    """The time at which a broadcast would go by this form: it is taken out of *facts*.

    Saving a text neither schedules nor sends it: the review page does, which says to how
    many. What is scheduled already stays so.
    """
    broadcast = db.session.get(Broadcast, message.id) if message else None
    at: datetime | None = facts["publish_up"]
    if at is None or not facts["published"] or (broadcast and broadcast.started_at):
        return None
    if message is not None and message.published and message.publish_up == at:
        return None
    facts["publish_up"] = None
    return at


def gone_on(message: TextMessage, at: datetime | None) -> str:
    """Where a saved form leads: to the review when it is to be sent *at* a time."""
    if in_panel():
        return url_for("messages.saved", message_id=message.id)
    if at is not None:
        flash(_("Saved, and not scheduled yet: look at who gets it, then schedule it."), "info")
        return url_for("broadcasts.show", broadcast_id=message.id, at=input_time(at))
    if request.form.get("then") == "review":
        return url_for("broadcasts.show", broadcast_id=message.id)
    flash(_("Saved."))
    return url_for("messages.show", message_id=message.id)


@bp.get("/<int:message_id>/saved")
def saved(message_id: int) -> Response:
    """What a form in a dialog gets back: the message as it can be chosen."""
    return jsonify(message_choice(get_message(message_id)))


@bp.get("/<int:message_id>")
def show(message_id: int) -> str:
    return form_page(get_message(message_id), None)


@bp.post("/<int:message_id>")
def store(message_id: int) -> Page:
    message = get_message(message_id)

    def save() -> str:
        changes, at = typed_facts(message), None
        if message.type == SEGMENT:
            changes["segments"] = form_ids("segments")
            at = wants_review(message, changes)
        changed = edit_message(message_id, seen=seen_version(), keep=keeps(), **changes)
        note(changed.name, id=message_id)
        return gone_on(changed, at)

    return submit(save, lambda error: form_page(get_message(message.id), error))


@bp.post("/preview")
@reads_only
def show_preview() -> str:
    """A piece of the editor: the phone, the counter, what makes it dear."""
    text = request.form.get("text", "").replace("\r\n", "\n")
    track = bool(request.form.get("track_links"))
    return render_template(
        "messages/preview.html",
        shown=preview_facts(text, request.form.get("as", ""), track=track),
        most=MAX_CHARACTERS,
    )


def preview_facts(text: str, who: str, *, track: bool) -> dict[str, object]:
    contact, missing = chosen_contact(who)
    facts: dict[str, object] = {"contact": contact, "missing": missing, "error": "", "text": text}
    written = measure(sample_text(text, track=track) if len(text) <= MAX_TEMPLATE else text)
    facts["offenders"] = [(one.character, one.replacement) for one in written.offenders]
    try:
        check_text(text, contact_fields())
        found = preview(text, contact or Contact(custom={}), track=track)
        facts |= {"text": found.text, "measure": found.measure}
    except BadInput as error:
        facts |= {"error": error.message, "measure": written}
    return facts


def chosen_contact(who: str) -> tuple[Contact | None, bool]:
    """The contact to preview as, and whether one was asked for that is not there."""
    found = find_contacts(who.strip()[:200], limit=1)
    if not found and who.strip():
        return None, True
    return (found[0] if found else None), False


@bp.post("/<int:message_id>/test")
def test(message_id: int) -> Page:
    """Queue one text to a number; its page shows what becomes of it."""
    message = get_message(message_id)

    def save() -> str:
        typed = request.form.get("number", "")
        number = parse_number(typed, region=current_settings().region).e164
        same = select(Contact).where(Contact.mobile == number).order_by(Contact.id).limit(1)
        contact = db.session.scalar(same)
        provider = default_provider()
        open_provider(provider)
        delivery = queue_text(
            message_id, number=number, contact=contact, provider=provider, source="test"
        )
        note(message.name, number=number)
        return url_for("broadcasts.delivery", delivery_id=delivery.id)

    def again(error: HeliographError) -> str:
        flash(
            _("The test was not sent. %(why)s", why=error.message.partition(" Run: ")[0]), "error"
        )
        return form_page(get_message(message.id), None)

    return submit(save, again)


@bp.post("/<int:message_id>/clone")
def clone(message_id: int) -> Page:
    made = clone_message(message_id)
    note(made.name, of=message_id)
    flash(_("This is a copy; it is not scheduled."))
    return redirect(url_for("messages.show", message_id=made.id), 303)


@bp.post("/<int:message_id>/delete")
def delete(message_id: int) -> Page:
    message = get_message(message_id)
    try:
        delete_message(message_id)
    except HeliographError as error:
        flash(error.message, "error")
        return redirect(url_for("messages.show", message_id=message_id), 303)
    note(message.name)
    flash(_("The message %(name)s is deleted.", name=message.name))
    return redirect(url_for("messages.index"), 303)
