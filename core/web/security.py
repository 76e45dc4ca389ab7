"""What protects every page: CSRF tokens, a strict Content-Security-Policy, headers."""

from __future__ import annotations

from datetime import timedelta

from flask import (
    Flask,
    Response,
    flash,
    jsonify,
    make_response,
    render_template,
    request,
)
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.wrappers import Response as AnyResponse

from heliograph.installation import settings_of
from heliograph.logins import LONGEST
from heliograph.settings import Settings
from heliograph.web.access import is_callback, person
from heliograph.web.kept import kept_fields, own_path, read_kept

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NUL = "\x00"
LARGEST_BODY = 101 * 1024 * 1024
YEAR = timedelta(days=365)
# for this host alone: others of the same domain are not ours to bind
HSTS = f"max-age={YEAR.days * 86400}"
COOKIE = "heliograph_session"


def cookie_settings(settings: Settings) -> dict[str, object]:
    """Of the session cookie: ours alone, under our prefix, kept as long as a session lives."""
    return {
        "SESSION_COOKIE_NAME": cookie_name(settings),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_PATH": settings.prefix or "/",
        "PERMANENT_SESSION_LIFETIME": LONGEST,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "SEND_FILE_MAX_AGE_DEFAULT": YEAR,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "WTF_CSRF_SSL_STRICT": False,  # is_own_page and SameSite do this behind proxies too
    }


def cookie_name(settings: Settings) -> str:
    """Under https a name that browsers take from nobody else: no other host, no plain http.

    `__Host-` demands the path `/`, so it is `__Secure-` below a path prefix. A cookie of the
    plain name counts no more then: whoever had one signs in again.
    """
    if not settings.is_https:
        return COOKIE
    return f"__Secure-{COOKIE}" if settings.prefix else f"__Host-{COOKIE}"


def init_security(app: Flask) -> CSRFProtect:
    app.before_request(drop_nul)
    app.after_request(add_headers)
    if settings_of(app).is_https:
        app.after_request(demand_https)
    app.register_error_handler(CSRFError, refuse_forged)
    return CSRFProtect(app)


def drop_nul() -> None:
    """Leave NUL out of what a browser sends: nobody types it, and PostgreSQL takes it in no text.

    Callbacks stay as they came, because their signature counts each character.
    """
    if request.endpoint is None or is_callback():
        return
    request.args, request.form = without_nul(request.args), without_nul(request.form)
    request.view_args = {
        name: value.replace(NUL, "") if isinstance(value, str) else value
        for name, value in (request.view_args or {}).items()
    }


def without_nul(fields: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    pairs = fields.items(multi=True)
    return ImmutableMultiDict(
        [(name.replace(NUL, ""), text.replace(NUL, "")) for name, text in pairs]
    )


def add_headers(response: AnyResponse) -> AnyResponse:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.add("Vary", "Cookie")
    return response


def demand_https(response: AnyResponse) -> AnyResponse:
    response.headers.setdefault("Strict-Transport-Security", HSTS)
    return response


def refuse_forged(error: CSRFError) -> Response | tuple[Response | str, int]:
    """A form without our token. One of our own that is too old can be sent again."""
    fields = read_kept(kept_fields()) if person() else []
    if fields:
        flash(_("This form was older than your sign-in. Look at it and send it again."), "warning")
        page = render_template("accounts/resume.html", action=own_path(request.path), fields=fields)
        return make_response(page, 400)
    message = _("This form did not come from Heliograph, or is too old. Open the page again.")
    if request.is_json:
        answer = jsonify(error=message)
        answer.headers["X-Token-Refused"] = "1"
        return answer, 400
    return render_template("error.html", message=message, status=400), 400
