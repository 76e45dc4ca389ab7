"""The import wizard: upload, look, map, try, run, and undo."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from core.contacts import contact_fields
from core.db import db
from core.errors import BadInput, HeliographError
from core.imports import Import, cancel_import, dry_run, get_import
from core.imports.mapping import IGNORE, TAGS
from core.imports.models import PENDING, RUNNING, UNDOING, UPLOADED
from core.imports.undo import begin_undo, last_undoable
from core.imports.upload import (
    MOST_MEGABYTES,
    UploadView,
    discard,
    keep_upload,
    start_upload,
    view_upload,
)
from core.installation import current_settings
from core.segments import list_segments
from core.segments.models import Segment
from core.web.access import asks_password
from core.web.contact_form import country_options
from core.web.forms import Page, errors_of, submit
from core.web.sentence_words import told
from core.web.trail import note

bp = Blueprint("imports", __name__, url_prefix="/imports")

SHOWN = 30


@bp.get("/")
def index() -> str:
    return shown(None)


def shown(error: HeliographError | None) -> str:
    newest = select(Import).order_by(Import.id.desc()).limit(SHOWN)
    return render_template(
        "imports/index.html",
        imports=db.session.scalars(newest).all(),
        undoable=last_undoable(),
        megabytes=MOST_MEGABYTES,
        errors=errors_of(error),
    )


@bp.post("/")
def upload() -> Page:
    file = request.files.get("file")

    def save() -> str:
        if file is None or not file.filename:
            raise BadInput("file", "is missing", mend="Choose a CSV file.")
        kept = keep_upload(file.stream, file.filename)
        note(kept.filename, bytes=kept.bytes_total)
        return url_for("imports.show", import_id=kept.id)

    return submit(save, shown)


@bp.get("/<int:import_id>")
def show(import_id: int) -> str:
    job = get_import(import_id)
    if job.status == UPLOADED:
        return mapping_page(job, None)
    return render_template("imports/show.html", **facts(job))


def facts(job: Import) -> dict[str, object]:
    newest = last_undoable()
    errors = Path(job.error_path)
    return {
        "job": job,
        "segment": db.session.get(Segment, job.segment_id) if job.segment_id else None,
        "working": job.status in (PENDING, RUNNING, UNDOING),
        "undoable": newest is not None and newest.id == job.id,
        "has_errors": job.rejected > 0 and errors.is_file(),
    }


def mapping_page(job: Import, error: HeliographError | None) -> str:
    view = view_upload(job)
    typed = request.form
    chosen = {
        column: typed.get(f"column-{at}", view.guessed[column])
        for at, column in enumerate(view.source.columns)
    }
    problem = errors_of(error)
    if error is not None and "region" not in problem:
        problem = {"": error.message.removeprefix("file: ").removeprefix("--map: ")}
    return render_template(
        "imports/mapping.html",
        job=job,
        view=view,
        chosen=chosen,
        fields=[(IGNORE, _("– leave out –"))]
        + [(field.alias, told(field.label)) for field in contact_fields().values()]
        + [(TAGS, _("Tags"))],
        countries=country_options(),
        region=typed.get("region", current_settings().region),
        segment=typed.get("segment", ""),
        segments=list_segments(),
        errors=problem,
    )


def mapping_of(view: UploadView) -> dict[str, str]:
    columns = enumerate(view.source.columns)
    return {column: request.form.get(f"column-{at}") or IGNORE for at, column in columns}


@bp.post("/<int:import_id>/try")
def attempt(import_id: int) -> Page:
    """Dry run: a piece of the page that says what would happen."""
    job = get_import(import_id)
    try:
        mapping = mapping_of(view_upload(job))
        region = request.form.get("region", "")
        result = dry_run(Path(job.path), region=region, mapping=mapping)
    except HeliographError as error:
        return render_template("imports/tried.html", error=error.message, result=None)
    return render_template("imports/tried.html", error=None, result=result)


@bp.post("/<int:import_id>/start")
def start(import_id: int) -> Page:
    job = get_import(import_id)

    def save() -> str:
        form = request.form
        mapping = mapping_of(view_upload(job))
        segment = form.get("segment", "")
        start_upload(import_id, mapping, region=form.get("region", ""), segment=segment)
        note(job.filename, segment=segment)
        return url_for("imports.show", import_id=import_id)

    def again(error: HeliographError) -> str:
        if get_import(import_id).status != UPLOADED:
            return render_template("imports/show.html", **facts(get_import(import_id)))
        return mapping_page(job, error)

    return submit(save, again)


@bp.get("/<int:import_id>/progress")
def progress(import_id: int) -> str:
    return render_template("imports/progress.html", **facts(get_import(import_id)))


@bp.get("/<int:import_id>/errors.csv")
@asks_password
def errors(import_id: int) -> Page:
    job = get_import(import_id)
    if not Path(job.error_path).is_file():
        abort(404, _("This import has no error file."))
    name = f"{Path(job.filename).stem}-errors.csv"
    return send_file(job.error_path, "text/csv", as_attachment=True, download_name=name, max_age=0)


@bp.post("/<int:import_id>/discard")
def throw_away(import_id: int) -> Page:
    discard(get_import(import_id).id)
    flash(_("The file is thrown away; nothing was imported."))
    return redirect(url_for("imports.index"), 303)


@bp.post("/<int:import_id>/cancel")
def cancel(import_id: int) -> Page:
    note(get_import(import_id).filename)
    cancel_import(import_id)
    flash(_("The import stops. What is in stays in; undo it to take it back."))
    return redirect(url_for("imports.show", import_id=import_id), 303)


@bp.post("/<int:import_id>/undo")
def undo(import_id: int) -> Page:
    job = get_import(import_id)

    def save() -> str:
        begin_undo(import_id)
        note(job.filename)
        return url_for("imports.show", import_id=import_id)

    def again(error: HeliographError) -> str:
        flash(error.message, "error")
        return shown(None)

    return submit(save, again)
