"""The import wizard: upload, look, map, try, run, and undo."""

from __future__ import annotations

from pathlib import Path

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from heliograph.db import db
from heliograph.errors import BadInput, HeliographError
from heliograph.imports import Import, cancel_import, dry_run, get_import
from heliograph.imports.models import UPLOADED
from heliograph.imports.reasons import REJECTED, REMARK
from heliograph.imports.refusals import lift_refusals
from heliograph.imports.report import read_report
from heliograph.imports.undo import begin_undo, last_undoable
from heliograph.imports.upload import (
    MOST_MEGABYTES,
    choose_header,
    discard,
    header_of,
    keep_upload,
    map_again,
    start_upload,
    view_upload,
)
from heliograph.web.access import asks_password
from heliograph.web.dnc_forms import source
from heliograph.web.forms import Page, errors_of, submit
from heliograph.web.import_pages import mapping_of, mapping_or_result, mapping_page, result_facts
from heliograph.web.import_words import (
    plan_lines,
    reason_lines,
    shown_status,
)
from heliograph.web.sentence_words import told
from heliograph.web.trail import note

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
        shown_status=shown_status,
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
    return render_template("imports/show.html", **result_facts(job))


@bp.post("/<int:import_id>/header")
def header(import_id: int) -> Page:
    """Take the names of the columns from another line."""
    job = get_import(import_id)
    line = request.form.get("header_line", "")

    def save() -> str:
        if not line.isascii() or not line.isdigit() or len(line) > 9:
            mend = "Choose one of the lines."
            raise BadInput("header_line", "is no line of the file", value=line, mend=mend)
        choose_header(import_id, int(line))
        note(job.filename, header_line=int(line))
        return url_for("imports.show", import_id=import_id)

    return submit(save, lambda error: mapping_or_result(import_id, error))


@bp.post("/<int:import_id>/try")
def attempt(import_id: int) -> Page:
    """Dry run: a piece of the page that says what would happen."""
    job = get_import(import_id)
    try:
        trial = dry_run(
            Path(job.path),
            mapping=mapping_of(view_upload(job)),
            region=request.form.get("region", ""),
            header_line=header_of(job),
            date_order=request.form.get("date_order", ""),
            all_refuse="all_refuse" in request.form,
        )
    except HeliographError as error:
        return render_template("imports/tried.html", error=error.message, trial=None)
    return render_template(
        "imports/tried.html",
        error=None,
        trial=trial,
        unread=[] if trial.plan.facts.all_refuse else trial.plan.facts.unread_consent,
        rejections=reason_lines(trial.reasons, REJECTED),
        remarks=reason_lines(trial.reasons, REMARK),
        first_errors=[told(one) for one in trial.first_errors],
        notes=plan_lines(trial.plan),
    )


@bp.post("/<int:import_id>/start")
def start(import_id: int) -> Page:
    job = get_import(import_id)

    def save() -> str:
        form = request.form
        mapping = mapping_of(view_upload(job))
        segment = form.get("segment", "")
        start_upload(
            import_id,
            mapping,
            region=form.get("region", ""),
            segment=segment,
            date_order=form.get("date_order", ""),
            all_refuse="all_refuse" in form,
            without_consent="without_consent" in form,
        )
        note(job.filename, segment=segment, without_consent="without_consent" in form)
        return url_for("imports.show", import_id=import_id)

    return submit(save, lambda error: mapping_or_result(import_id, error))


@bp.get("/<int:import_id>/progress")
def progress(import_id: int) -> str:
    return render_template("imports/progress.html", **result_facts(get_import(import_id)))


@bp.get("/<int:import_id>/errors.csv")
@asks_password
def errors(import_id: int) -> Page:
    """Rejected rows and those with a remark, or only one of both, with reasons in words."""
    job = get_import(import_id)
    if not Path(job.error_path).is_file():
        abort(404, _("This import has no error file."))
    only = request.args.get("only", "")
    note(job.filename, only=only)
    pieces = read_report(
        Path(job.error_path), result=only if only in (REJECTED, REMARK) else "", words=told
    )
    answer = Response(stream_with_context(pieces), mimetype="text/csv")
    answer.headers.set(
        "Content-Disposition", "attachment", filename=f"{Path(job.filename).stem}-errors.csv"
    )
    return answer


@bp.post("/<int:import_id>/again")
def again(import_id: int) -> Page:
    """The same file once more, to be mapped otherwise."""
    job = get_import(import_id)

    def save() -> str:
        made = map_again(import_id)
        note(job.filename, again=made.id)
        return url_for("imports.show", import_id=made.id)

    def refused(error: HeliographError) -> str:
        flash(error.message, "error")
        return shown(None)

    return submit(save, refused)


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


@bp.post("/<int:import_id>/lift")
def lift(import_id: int) -> Page:
    """Take off do-not-contact what this import alone put there."""
    job = get_import(import_id)
    lifted = lift_refusals(import_id, by=source())
    note(job.filename, lifted=lifted)
    flash(ngettext("%(num)s number is off the list.", "%(num)s numbers are off the list.", lifted))
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
