"""Custom fields, and the list of numbers that must not be contacted."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.contacts import add_custom_field, contact_fields
from heliograph.contacts.fields import CUSTOM_KINDS
from heliograph.dnc import MANUAL, REASONS
from heliograph.dnc_list import PAGE, read_dnc, typed_number
from heliograph.errors import HeliographError
from heliograph.web.dnc_forms import put_on_list, take_off_list
from heliograph.web.forms import Page, errors_of, submit
from heliograph.web.trail import note

bp = Blueprint("contact_fields", __name__, url_prefix="/contacts")


@bp.get("/fields")
def index() -> str:
    return shown(None)


def shown(error: HeliographError | None) -> str:
    return render_template(
        "contacts/fields.html",
        fields=contact_fields().values(),
        kinds=CUSTOM_KINDS,
        errors=errors_of(error),
        form=request.form,
    )


@bp.post("/fields")
def create() -> Page:
    def save() -> str:
        form = request.form
        choices = [line for line in form.get("choices", "").splitlines() if line.strip()]
        made = add_custom_field(
            form.get("alias", ""), form.get("label", ""), form.get("kind", ""), choices
        )
        note(made.alias, kind=made.kind)
        flash(_("The field is there. Texts use it as {contactfield=%(alias)s}.", alias=made.alias))
        return url_for("contact_fields.index")

    return submit(save, shown)


@bp.get("/dnc")
def dnc() -> str:
    return dnc_page(None)


def dnc_page(error: HeliographError | None) -> str:
    number = request.args.get("number", "")
    entries, older = read_dnc(request.args.get("before", ""), number=number)
    return render_template(
        "contacts/dnc.html",
        entries=entries,
        number=number,
        older=url_for("contact_fields.dnc", before=older) if older else None,
        newer=url_for("contact_fields.dnc") if request.args.get("before") else None,
        page=PAGE,
        reasons=REASONS,
        errors=errors_of(error),
        form=request.form,
    )


@bp.post("/dnc")
def block() -> Page:
    def save() -> str:
        form = request.form
        number, reason = typed_number(form.get("number", "")), form.get("reason", MANUAL)
        put_on_list(number, reason, form.get("comment", ""))
        note(number, reason=reason)
        return url_for("contact_fields.dnc")

    return submit(save, dnc_page)


@bp.post("/dnc/lift")
def lift() -> Page:
    number = request.form.get("number", "")
    take_off_list(number)
    note(number)
    return redirect(url_for("contact_fields.dnc"), 303)
