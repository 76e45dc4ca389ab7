"""Contacts: the list, a profile, its form, tags, do-not-contact, custom fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from heliograph.contacts import (
    Contact,
    add_contact,
    contacts_with_number,
    delete_contact,
    edit_contact,
    find_contacts,
    get_contact,
    list_tags,
    merge_contacts,
    newest_contacts,
    tag_contact,
    tag_contacts,
    untag_contact,
)
from heliograph.contacts.segments_of import segments_of
from heliograph.dnc import MANUAL, find_beneath, find_dnc
from heliograph.errors import BadInput, Changed, HeliographError, NotFound
from heliograph.installation import current_settings
from heliograph.segments import add_members, find_segment, list_segments, remove_members
from heliograph.timeline import KINDS, timeline
from heliograph.users import list_users
from heliograph.web.contact_form import form_inputs, labels, shown_values, stands, typed_values
from heliograph.web.dnc_forms import put_on_list, take_off_list
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

bp = Blueprint("contacts", __name__, url_prefix="/contacts")

PAGE, ENTRIES = 50, 25


@bp.get("/")
def index() -> str:
    query, segment_id = request.args.get("q", "").strip()[:200], page_number("segment")
    before, after = page_number("before"), page_number("after")
    found = newest_contacts(
        query, segment_id=segment_id, before_id=before, after_id=after, limit=PAGE + 1
    )
    more = len(found) > PAGE
    page = (found[1:] if after else found[:PAGE]) if more else found
    args: dict[str, Any] = {"q": query or None, "segment": segment_id}
    older = more or after
    newer = before or (after and more)
    return render_template(
        "contacts/index.html",
        contacts=page,
        query=query,
        segment_id=segment_id,
        segments=list_segments(),
        tags=list_tags(),
        older=url_for("contacts.index", before=page[-1].id, **args) if older and page else None,
        newer=url_for("contacts.index", after=page[0].id, **args) if newer and page else None,
        filtered=bool(query or segment_id),
    )


@bp.post("/selected")
def change_selected() -> Page:
    """One change to all ticked contacts."""
    ids, what = form_ids("contact"), request.form.get("do", "")
    if not ids:
        flash(_("Tick the contacts first."), "warning")
        return redirect(url_for("contacts.index"), 303)

    def save() -> str:
        done = do_selected(what, ids)
        note(f"{len(ids)} contacts", do=what, ids=ids[:50])
        flash(done)
        return url_for("contacts.index")

    def again(error: HeliographError) -> str:
        flash(error.message, "error")
        return index()

    return submit(save, again)


def do_selected(what: str, ids: list[int]) -> str:
    count = len(ids)
    words: str = ngettext("%(num)s contact is changed.", "%(num)s contacts are changed.", count)
    if what == "tag":
        tag_contacts(ids, [request.form.get("tag", "")])
    elif what == "segment":
        add_members(find_segment(request.form.get("segment", "")).id, ids)
    elif what == "delete":
        for contact_id in ids:
            delete_contact(contact_id)
        words = ngettext("%(num)s contact is deleted.", "%(num)s contacts are deleted.", count)
    else:
        raise BadInput("do", "is not known", value=what, mend="Choose tag, segment or delete.")
    return words


@bp.get("/new")
def new() -> str:
    return form_page(None, None)


@bp.post("/new")
def create() -> Page:
    def save() -> str:
        made = add_contact(typed_values(), region=current_settings().region)
        note(made.name or str(made.mobile), id=made.id)
        flash(_("The contact is added."))
        return url_for("contacts.show", contact_id=made.id)

    return submit(save, lambda error: form_page(None, error))


def form_page(contact: Contact | None, error: HeliographError | None) -> str:
    typed = request.form if error else None
    changed = isinstance(error, Changed) and contact is not None
    return render_template(
        "contacts/form.html",
        contact=contact,
        inputs=form_inputs(contact, typed),
        owners=[("", "–")] + [(str(user.id), user.name) for user in list_users()],
        owner=typed.get("owner_id", "") if typed else str((contact and contact.owner_id) or ""),
        errors=errors_of(error),
        theirs=differences(request.form, stands(contact), labels()) if changed and contact else [],
        version=contact.updated_at.isoformat() if contact else "",
    )


@bp.get("/<int:contact_id>")
def show(contact_id: int) -> str:
    contact = get_contact(contact_id)
    sharing = contacts_with_number(contact.mobile) if contact.mobile else []
    return render_template(
        "contacts/show.html",
        contact=contact,
        facts=shown_values(contact),
        labels=labels(),
        owner=next((user for user in list_users() if user.id == contact.owner_id), None),
        dnc=find_dnc(contact.mobile),
        beneath=find_beneath([contact.mobile or ""]).get(contact.mobile or "", []),
        segments=segments_of(contact_id),
        all_segments=list_segments(),
        tags=list_tags(),
        sharing=[other for other in sharing if other.id != contact.id],
        **history(contact),
    )


@bp.get("/<int:contact_id>/timeline")
def entries(contact_id: int) -> str:
    """A piece of the timeline, for filters and for reading on."""
    contact = get_contact(contact_id)
    return render_template("contacts/timeline.html", contact=contact, **history(contact))


def history(contact: Contact) -> dict[str, object]:
    kinds = [kind for kind in request.args.getlist("kind") if kind]
    before = moment_of(request.args.get("before", ""))
    found = timeline(contact, before=before, limit=ENTRIES + 1, kinds=kinds or None)
    more = len(found) > ENTRIES
    shown = found[:ENTRIES] if more and found[ENTRIES - 1].at != found[ENTRIES].at else found
    return {
        "entries": shown,
        "kinds": kinds,
        "all_kinds": KINDS,
        "reading_on": before is not None,
        "older": shown[-1].at.isoformat() if more else None,
    }


def moment_of(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


@bp.get("/<int:contact_id>/edit")
def edit(contact_id: int) -> str:
    return form_page(get_contact(contact_id), None)


@bp.post("/<int:contact_id>/edit")
def store(contact_id: int) -> Page:
    contact = get_contact(contact_id)

    def save() -> str:
        region = current_settings().region
        values = typed_values(contact)
        changed = edit_contact(contact_id, values, region=region, seen=seen_version())
        note(changed.name or str(changed.mobile), id=contact_id)
        flash(_("Saved."))
        return url_for("contacts.show", contact_id=contact_id)

    return submit(save, lambda error: form_page(get_contact(contact.id), error))


@bp.post("/<int:contact_id>/delete")
def delete(contact_id: int) -> Page:
    contact = get_contact(contact_id)
    note(contact.name or str(contact.mobile), id=contact_id)
    delete_contact(contact_id)
    flash(_("The contact is deleted. Its texts stay in the ledger, its opt-out holds."))
    return redirect(url_for("contacts.index"), 303)


def back(contact_id: int) -> Page:
    return redirect(url_for("contacts.show", contact_id=contact_id), 303)


@bp.post("/<int:contact_id>/tags")
def tag(contact_id: int) -> Page:
    contact = get_contact(contact_id)
    names = [name for name in request.form.get("tag", "").split(",") if name.strip()]
    removed = request.form.get("remove")
    try:
        if removed:
            untag_contact(contact, [removed])
        else:
            tag_contact(contact, names)
    except BadInput as error:
        flash(error.message, "error")
    note(contact.name, added=", ".join(names), removed=removed or "")
    return back(contact_id)


@bp.post("/<int:contact_id>/segments")
def segment(contact_id: int) -> Page:
    contact = get_contact(contact_id)
    leave = request.form.get("remove")
    chosen = find_segment(leave or request.form.get("segment", ""))
    (remove_members if leave else add_members)(chosen.id, [contact_id])
    note(contact.name, segment=chosen.name, left=bool(leave))
    return back(contact_id)


@bp.post("/<int:contact_id>/dnc")
def block(contact_id: int) -> Page:
    contact = get_contact(contact_id)
    if not contact.mobile:
        raise NotFound(_("This contact has no mobile number."))
    comment = request.form.get("comment", "")
    if request.form.get("lift"):
        take_off_list(contact.mobile, comment)
    else:
        put_on_list(contact.mobile, request.form.get("reason", MANUAL), comment)
    note(contact.name or contact.mobile, lifted=bool(request.form.get("lift")), comment=comment)
    return back(contact_id)


@bp.post("/<int:contact_id>/merge")
def merge(contact_id: int) -> Page:
    """Merge the contact that was typed (number, e-mail or id) into this one."""
    contact = get_contact(contact_id)
    typed = request.form.get("other", "").strip()
    if typed.isascii() and typed.isdecimal() and len(typed) < 10:
        found = [get_contact(int(typed))]
    else:
        found = [one for one in find_contacts(typed, limit=3) if one.id != contact_id]
    if not typed or len(found) != 1:
        flash(
            _("%(count)s contacts fit %(typed)s: give an id.", count=len(found), typed=typed),
            "error",
        )
        return back(contact_id)
    try:
        merge_contacts(contact_id, found[0].id)
        note(contact.name or str(contact.mobile), merged=found[0].id)
        flash(_("The contacts are one now."))
    except BadInput as error:
        flash(error.message, "error")
    return back(contact_id)
