"""The two pages of one import: which column is what, and what came of it."""

from __future__ import annotations

from pathlib import Path

from flask import render_template, request
from flask_babel import gettext as _

from heliograph.db import db
from heliograph.errors import HeliographError
from heliograph.imports import Import, get_import
from heliograph.imports.consent import is_of_unsubscribed, left_out
from heliograph.imports.dates import BY_PERSON
from heliograph.imports.models import PENDING, RUNNING, UNDOING, UNDONE, UPLOADED
from heliograph.imports.reasons import REJECTED, REMARK
from heliograph.imports.refusals import count_refusals
from heliograph.imports.targets import IGNORE
from heliograph.imports.undo import count_made, last_undoable
from heliograph.imports.upload import ENDED, UploadView, is_kept, view_upload
from heliograph.segments import list_segments
from heliograph.segments.models import Segment
from heliograph.web.contact_form import country_options
from heliograph.web.forms import errors_of
from heliograph.web.import_words import (
    date_options,
    field_options,
    header_options,
    mapped_columns,
    note_lines,
    reason_lines,
    shown_status,
    upload_lines,
)

# errors that are shown below their field
ON_FIELDS = {"region", "date_order", "header_line", "consent"}


def result_facts(job: Import) -> dict[str, object]:
    newest = last_undoable()
    has_report = Path(job.error_path).is_file()
    return {
        "job": job,
        "shown_status": shown_status(job),
        "segment": db.session.get(Segment, job.segment_id) if job.segment_id else None,
        "working": job.status in (PENDING, RUNNING, UNDOING),
        "undoable": newest is not None and newest.id == job.id,
        "has_errors": job.rejected > 0 and has_report,
        "has_remarks": job.remarked > 0 and has_report,
        "rejections": reason_lines(job.reasons, REJECTED),
        "remarks": reason_lines(job.reasons, REMARK),
        "columns": mapped_columns(job),
        "notes": note_lines(job),
        "file_is_gone": job.status in ENDED and not is_kept(job),
        "can_map_again": job.status in ENDED and is_kept(job),
        "lifts": count_refusals(job.id) if job.opted_out else 0,
        "stayed": count_made(job) if job.status == UNDONE else 0,
    }


def mapping_page(job: Import, error: HeliographError | None) -> str:
    view = view_upload(job)
    typed = request.form
    chosen = {
        column: typed.get(f"column-{at}", view.guessed[column])
        for at, column in enumerate(view.source.columns)
    }
    problem = errors_of(error)
    if error is not None and not problem.keys() & ON_FIELDS:
        problem = {"": error.message.removeprefix("file: ").removeprefix("--map: ")}
    if "date_order" in problem:
        problem["date_order"] = _("Choose whether the day or the month comes first.")
    mapped = {column: key for column, key in chosen.items() if key not in ("", IGNORE)}
    all_refuse = "all_refuse" in typed if typed else view.facts.all_refuse
    unread = [] if all_refuse else left_out(view.consent, mapped)
    region = typed.get("region", job.region)
    kept = view.facts.date_order if view.facts.date_by == BY_PERSON else ""
    dates_open = (view.dates.open and not view.dates.settled) or "date_order" in problem
    segment = db.session.get(Segment, job.segment_id) if job.segment_id else None
    return render_template(
        "imports/mapping.html",
        job=job,
        view=view,
        chosen=chosen,
        left_out=[column for column in chosen if column not in mapped and column not in unread],
        all_refuse=all_refuse,
        named_so=is_of_unsubscribed(job.filename),
        unread=unread,
        without_consent="without_consent" in typed,
        notes=upload_lines(view, region, chosen),
        fields=field_options(),
        headers=header_options(view.source),
        dates=date_options(open_=dates_open) if any(view.dates) or dates_open else [],
        dates_open=dates_open,
        date_order=typed.get("date_order", kept),
        countries=country_options(),
        region=region,
        segment=typed.get("segment", segment.name if segment else ""),
        segments=list_segments(),
        errors=problem,
    )


def mapping_of(view: UploadView) -> dict[str, str]:
    columns = enumerate(view.source.columns)
    return {column: request.form.get(f"column-{at}") or IGNORE for at, column in columns}


def mapping_or_result(import_id: int, error: HeliographError) -> str:
    """The page of an upload with the error; of one that was started meanwhile, how it goes."""
    job = get_import(import_id)
    if job.status != UPLOADED:
        return render_template("imports/show.html", **result_facts(job))
    return mapping_page(job, error)
