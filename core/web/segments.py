"""Segments: the list, the filter builder with its live count, the members."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.contacts import find_contacts, get_contact, newest_contacts
from heliograph.errors import BadInput, Changed, HeliographError
from heliograph.segments import (
    Segment,
    add_members,
    check_filters,
    create_segment,
    delete_segment,
    edit_segment,
    find_segment,
    list_segments,
    preview,
    refresh_segment,
    remove_members,
    version_of,
)
from heliograph.uses import SEGMENTS, Thing, uses_of
from heliograph.web.access import reads_only
from heliograph.web.beside import run_beside
from heliograph.web.filter_catalog import catalog
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

bp = Blueprint("segments", __name__, url_prefix="/segments")

PAGE = 25


@bp.get("/")
def index() -> str:
    return render_template("segments/index.html", segments=list_segments())


@bp.get("/new")
def new() -> str:
    return form_page(None, None)


def form_page(segment: Segment | None, error: HeliographError | None) -> str:
    stored = json.dumps(segment.filters, ensure_ascii=False) if segment and segment.filters else ""
    typed = request.form if error else None
    theirs = []
    if isinstance(error, Changed) and segment is not None:
        stands = {"name": segment.name, "filters": stored}
        labels = {"name": _("Name"), "filters": _("Filters")}
        theirs = differences(request.form, stands, labels)
    return render_template(
        "segments/form.html",
        segment=segment,
        name=typed.get("name", "") if typed else (segment.name if segment else ""),
        filters=typed.get("filters", "") if typed else stored,
        catalog=catalog(),
        errors=errors_of(error),
        version=version_of(segment).isoformat() if segment else "",
        theirs=theirs,
        uses=uses_of(Thing(SEGMENTS, segment.id, segment.name)) if segment else [],
        **(members_of(segment) if segment else {}),
    )


def typed_filters() -> dict[str, Any] | None:
    text = request.form.get("filters", "").strip()
    if not text:
        return None
    try:
        filters = json.loads(text)
    except ValueError:
        raise BadInput("filters", "are no valid JSON", mend="Build them anew.") from None
    if not isinstance(filters, dict):
        raise BadInput("filters", "are no group", mend="Build them anew.")
    return filters


@bp.post("/preview")
@reads_only
def sample() -> str:
    """A piece of the page: how many contacts fit, and ten of them."""
    try:
        filters = typed_filters()
        count, contacts = preview(filters) if filters else (0, [])
    except HeliographError as error:
        place = error.field if isinstance(error, BadInput) else ""
        return render_template("segments/sample.html", error=error.message, place=place)
    return render_template(
        "segments/sample.html", error=None, count=count, contacts=contacts, filters=filters
    )


@bp.post("/new")
def create() -> Page:
    def save() -> str:
        made = create_segment(request.form.get("name", ""), typed_filters())
        note(made.name)
        refresh_beside(made)
        return url_for("segments.show", segment_id=made.id)

    return submit(save, lambda error: form_page(None, error))


def refresh_beside(segment: Segment) -> None:
    if not segment.filters:
        flash(_("Saved."))
        return
    number = segment.id
    if run_beside(lambda: refresh_segment(number)):
        flash(_("Saved; its members are up to date."))
    else:
        flash(_("Saved; its members are being brought up to date."))


@bp.get("/<int:segment_id>")
def show(segment_id: int) -> str:
    return form_page(find_segment(segment_id), None)


def members_of(segment: Segment) -> dict[str, object]:
    before, after = page_number("before"), page_number("after")
    found = newest_contacts(segment_id=segment.id, before_id=before, after_id=after, limit=PAGE + 1)
    more = len(found) > PAGE
    page = (found[1:] if after else found[:PAGE]) if more else found
    older, newer = more or after, before or (after and more)

    def link(**mark: Any) -> str:
        return url_for("segments.show", segment_id=segment.id, **mark) + "#members"

    return {
        "members": page,
        "older": link(before=page[-1].id) if older and page else None,
        "newer": link(after=page[0].id) if newer and page else None,
    }


@bp.post("/<int:segment_id>")
def store(segment_id: int) -> Page:
    segment = find_segment(segment_id)

    def save() -> str:
        filters = typed_filters()
        if filters is not None:
            filters = check_filters(filters)
        name = request.form.get("name", "")
        changed = edit_segment(segment_id, seen=seen_version(), name=name, filters=filters)
        note(changed.name, filters=json.dumps(filters, ensure_ascii=False))
        refresh_beside(changed)
        return url_for("segments.show", segment_id=segment_id)

    return submit(save, lambda error: form_page(find_segment(segment.id), error))


@bp.post("/<int:segment_id>/refresh")
def refresh(segment_id: int) -> Page:
    segment = find_segment(segment_id)
    note(segment.name)
    refresh_beside(segment)
    return redirect(url_for("segments.show", segment_id=segment_id), 303)


@bp.post("/<int:segment_id>/members")
def pick(segment_id: int) -> Page:
    """Hand-pick whoever was typed, or take the ticked ones out."""
    segment = find_segment(segment_id)
    gone = form_ids("remove")
    if gone:
        removed = remove_members(segment_id, gone)
        note(segment.name, removed=gone)
        flash(_("%(count)s taken out, for good.", count=removed))
    else:
        add_typed(segment, request.form.get("who", "").strip())
    return redirect(url_for("segments.show", segment_id=segment_id) + "#members", 303)


def add_typed(segment: Segment, who: str) -> None:
    if who.isascii() and who.isdecimal() and len(who) < 7:
        found = [get_contact(int(who))]
    else:
        found = find_contacts(who, limit=2) if who else []
    if len(found) != 1:
        flash(_("%(who)s is not exactly one contact: use a number or e-mail.", who=who), "error")
        return
    add_members(segment.id, [found[0].id])
    note(segment.name, added=found[0].id)
    flash(_("%(name)s is a member now.", name=found[0].name or found[0].mobile))


@bp.post("/<int:segment_id>/delete")
def delete(segment_id: int) -> Page:
    segment = find_segment(segment_id)
    try:
        delete_segment(segment_id)
    except HeliographError as error:
        flash(error.message, "error")
        return redirect(url_for("segments.show", segment_id=segment_id), 303)
    note(segment.name)
    flash(_("The segment %(name)s is deleted; its contacts stay.", name=segment.name))
    return redirect(url_for("segments.index"), 303)
