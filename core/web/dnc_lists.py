"""Whole lists of numbers: put on do-not-contact in two steps, and exported."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, flash, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from heliograph.dnc import BOUNCED, ELSEWHERE, MANUAL
from heliograph.dnc_export import list_as_csv
from heliograph.dnc_file import NumberList, decoded, read_list
from heliograph.dnc_kept import forget_list, keep_list, kept_list
from heliograph.dnc_many import count_list, store_list
from heliograph.errors import BadInput, HeliographError
from heliograph.host.extensions import needs_role
from heliograph.web.access import asks_password
from heliograph.web.dnc_forms import source
from heliograph.web.forms import Page, errors_of, submit
from heliograph.web.trail import note

bp = Blueprint("dnc_lists", __name__, url_prefix="/contacts/dnc")

CHOICES = (ELSEWHERE, MANUAL, BOUNCED)
FAULTS = 200
LONGEST_ORIGIN = 200


@bp.get("/list")
def form() -> str:
    return form_page(None)


def form_page(error: HeliographError | None) -> str:
    typed = request.form
    errors = errors_of(error)
    return render_template(
        "contacts/dnc_list.html", reasons=CHOICES, form=typed, errors=errors, longest=LONGEST_ORIGIN
    )


@bp.post("/list")
def check() -> Page:
    """What would be stored, before it is."""
    try:
        raw = given()
        found = read_given(raw)
        if not found.entries:
            raise nothing_readable(found)
        token = keep_list(raw)
    except HeliographError as error:
        return form_page(error), error.status
    note(f"{len(found.entries)} numbers", checked=True)
    return render_template(
        "contacts/dnc_checked.html",
        found=found,
        counts=count_list(found.entries),
        faults=found.faults[:FAULTS],
        token=token,
        reason=request.form.get("reason", ""),
        origin=request.form.get("origin", ""),
    )


def nothing_readable(found: NumberList) -> BadInput:
    fault = found.faults[0]
    field = "file" if request.files.get("file") else "numbers"
    return BadInput(
        field,
        f"has no number that can be read; the first is in line {fault.line}",
        value=fault.text[:60],
        mend=fault.reason,
    )


def given() -> bytes:
    """The uploaded file, else what was pasted."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read()
    return request.form.get("numbers", "").encode()


def read_given(raw: bytes) -> NumberList:
    reason, origin = request.form.get("reason", ""), request.form.get("origin", "").strip()
    if reason not in CHOICES:
        raise BadInput("reason", "is missing", value=reason, mend=_("Choose one."))
    if not origin:
        mend = _("Name the system, or who told you, in a few words.")
        raise BadInput("origin", "is missing", mend=mend)
    text = decoded(raw)
    return read_list(text, reason=reason, comment=origin[:LONGEST_ORIGIN], source=source())


@bp.post("/list/store")
def store() -> Page:
    token = request.form.get("token", "")

    def save() -> str:
        found = read_given(kept_list(token))
        added = store_list(found.entries)
        forget_list(token)
        origin, reason = request.form.get("origin", ""), request.form.get("reason", "")
        note(f"{len(found.entries)} numbers", added=added, reason=reason, origin=origin)
        flash(
            ngettext(
                "%(num)s number is new on do-not-contact.",
                "%(num)s numbers are new on do-not-contact.",
                added,
            )
        )
        return url_for("contact_fields.dnc")

    return submit(save, form_page)


@bp.get("/export.csv")
@asks_password
@needs_role("marketer")
def export() -> Response:
    """The whole list; it leaves an audit entry."""
    note("do-not-contact")
    name = f"do-not-contact-{datetime.now(UTC):%Y-%m-%d}.csv"
    answer = Response(stream_with_context(list_as_csv()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
