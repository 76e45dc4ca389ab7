"""The password is asked again before users, secrets and exports are touched.

The page that asks carries what was entered along, encrypted, and sends it to where it
was meant to go. So nothing has to be typed twice, and no secret stands in the page.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from heliograph.encryption import Cipher
from heliograph.errors import BadInput, HeliographError, SecretUnreadable
from heliograph.logins import check_own_password, confirm_session
from heliograph.web.access import SAFE_METHODS, actor
from heliograph.web.forms import Page, errors_of
from heliograph.web.kept import is_own_page, own_path

bp = Blueprint("confirmation", __name__)

TYPED, SEALED = "current_password", "sealed_form"


def init_confirmation(app: Flask) -> None:
    app.before_request(ask_again)


def ask_again() -> Response | None:
    """Before a view that `asks_password`: let the request through, or ask first."""
    view = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, "asks_password", False):
        return None
    sealed = request.form.get(SEALED)
    if not current_user.fresh:
        refuse_programs()
        refusal = ask_for_page() or check_typed()
        if refusal is not None:
            return refusal
    if sealed is not None:
        restore(sealed)
    return None


def refuse_programs() -> None:
    """A script of a page cannot show the page that asks."""
    if request.headers.get("HX-Request") or request.is_json:
        abort(403, _("Enter your password again: reload the page and send it once more."))


def ask_for_page() -> Response | None:
    if request.method not in SAFE_METHODS:
        return None
    came_from = urlsplit(request.referrer or "").path if is_own_page() else ""
    back = came_from.removeprefix(request.script_root) or None
    here = request.full_path.rstrip("?")
    return redirect(url_for("confirmation.show", next=here, back=back))


def check_typed() -> Response | None:
    """The page that asks, unless the right password came with the form."""
    typed = request.form.get(TYPED)
    if typed is None:
        return asking(request.form.get(SEALED) or seal(), None)
    try:
        confirm(typed)
    except HeliographError as error:
        return asking(request.form.get(SEALED, ""), error)
    return None


def confirm(typed: str) -> None:
    """Remember the right password for a while; raises BadInput or LoginThrottled."""
    check_own_password(actor(), typed, field=TYPED, address=request.remote_addr or "")
    confirm_session(current_user.token)


def asking(sealed: str, error: HeliographError | None) -> Response:
    page = render_template(
        "accounts/confirm.html",
        action=request.script_root + request.full_path.rstrip("?"),
        hidden={SEALED: sealed},
        errors=errors_of(error),
    )
    answer = make_response(page, error.status if error else 403)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# -- what was entered ---------------------------------------------------------


def cipher() -> Cipher:
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return Cipher(keys)


def seal() -> str:
    """The form of this request, readable by this server alone."""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    facts = {"user": actor().id, "path": request.path, "fields": fields}
    return cipher().encrypt(json.dumps(facts))


def restore(sealed: str) -> None:
    """Go on with the form that was sealed; raises BadInput when it is not this one's."""
    facts = unsealed(sealed)
    if (facts.get("user"), facts.get("path")) != (actor().id, request.path):
        raise BadInput(SEALED, "belongs to another form", mend="Open the page again.")
    request.form = ImmutableMultiDict([(name, value) for name, value in facts["fields"]])


def unsealed(sealed: str) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(cipher().decrypt(sealed, what=SEALED))
    except SecretUnreadable:
        raise BadInput(SEALED, "cannot be read any more", mend="Open the page again.") from None
    return facts


# -- before an export ---------------------------------------------------------


@bp.get("/account/confirm")
def show() -> str:
    return shown(None)


def shown(error: HeliographError | None) -> str:
    given = request.values
    return render_template(
        "accounts/confirm.html",
        action=url_for("confirmation.enter"),
        hidden={"next": given.get("next", ""), "back": given.get("back", "")},
        errors=errors_of(error),
    )


@bp.post("/account/confirm")
def enter() -> Page:
    try:
        confirm(request.form.get(TYPED, ""))
    except HeliographError as error:
        return shown(error), error.status
    file, back = (own_path(request.form.get(name) or "/") for name in ("next", "back"))
    return render_template("accounts/confirmed.html", file=file, back=back)
