"""The audit log, for admins."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from heliograph.audit import PAGE, read_audit
from heliograph.users import list_users
from heliograph.web.forms import page_number

bp = Blueprint("admin_audit", __name__, url_prefix="/admin/audit")


@bp.get("/")
def index() -> str:
    user_id, before = page_number("user"), page_number("before")
    entries = read_audit(before_id=before, user_id=user_id, limit=PAGE + 1)
    shown = entries[:PAGE]
    more = len(entries) > PAGE
    older = url_for("admin_audit.index", before=shown[-1].id, user=user_id) if more else None
    newest = url_for("admin_audit.index", user=user_id) if before else None
    return render_template(
        "admin/audit.html",
        entries=shown,
        people=list_users(),
        chosen=user_id,
        older=older,
        newer=newest,
        words=words_of,
        asked=bool(request.args),
    )


def words_of(action: str) -> str:
    """`contacts.edit` as `contacts: edit`."""
    area, _, verb = action.rpartition(".")
    plain = area.removeprefix("admin_").replace("_", " ")
    return f"{plain}: {verb.replace('_', ' ')}"
