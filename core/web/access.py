"""Who may do what: decided here, before any view runs.

A reader looks, a marketer also changes, an admin also runs the installation.
Pages of plugins follow the same rule; providers' callbacks need no sign-in.
"""

from __future__ import annotations

from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response as AnyResponse

from heliograph.host.contributions import Pages
from heliograph.host.extensions import NEEDED
from heliograph.logins import find_session, is_fresh
from heliograph.users import ADMIN, MARKETER, READER, ROLES, User, user_count
from heliograph.web.kept import kept_fields

OWNERS = "heliograph_blueprint_owners"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
PUBLIC = frozenset(
    {"static", "health.healthz", "health.readyz", "links.go"}
    | {"metrics.show"}  # this one has a token
    | {"accounts.login", "accounts.enter", "welcome.first", "welcome.begin"}
)
OF_ADMINS = frozenset(
    {"admin_plugins", "admin_settings", "admin_users", "admin_jobs", "admin_audit"}
)
# what any user may change: only what is their own
OF_EVERYBODY = frozenset({"accounts", "confirmation"})


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """The user of this request, for Flask-Login: its id is the session's token.

    `fresh` says whether the password was entered in this session a moment ago.
    """

    def __init__(self, user: User, token: str, *, fresh: bool) -> None:
        self.user, self.token, self.fresh = user, token, fresh

    def get_id(self) -> str:
        return self.token


def init_access(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # sessions are rows of ours: see heliograph.logins
    manager.user_loader(load_user)
    app.before_request(guard)
    app.context_processor(abilities)


def load_user(token: str) -> SignedIn | None:
    found = find_session(token)
    if found is None:
        return None
    return SignedIn(found.user, token, fresh=is_fresh(found.password_at))


def person() -> User | None:
    """The user that is signed in, or None."""
    return current_user.user if current_user and current_user.is_authenticated else None


def actor() -> User:
    """The user that is signed in; for views, which `guard` lets nobody else into."""
    found = person()
    if found is None:
        abort(401)
    return found


def abilities() -> dict[str, Any]:
    """For templates: who is here and what may be offered."""
    user = person()
    role = user.role if user else ""
    return {
        "user": user,
        "can_write": role in (ADMIN, MARKETER),
        "is_admin": role == ADMIN,
    }


def reads_only(view: Any) -> Any:
    """Marks a POST view that changes nothing, such as a preview: readers may call it."""
    view.reads_only = True
    return view


def asks_password(view: Any) -> Any:
    """Marks a view that touches users or secrets, or exports: the password is asked again.

    Not for forms with files: they would have to be chosen again.
    """
    view.asks_password = True
    return view


def is_callback() -> bool:
    """Whether a provider calls a plugin, and not a browser a page."""
    owner = current_app.extensions[OWNERS].get(request.blueprint)
    return owner is not None and owner[1]


def changes_nothing() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method in SAFE_METHODS or getattr(view, "reads_only", False)


def needed_role(blueprint: str | None, *, changing: bool) -> str:
    """The least role that may do it, by the kind of request."""
    if blueprint in OF_ADMINS:
        return ADMIN
    if blueprint in OF_EVERYBODY or not changing:
        return READER
    return MARKETER


def declared_role() -> str:
    """The least role that the view or its blueprint names."""
    view = current_app.view_functions.get(request.endpoint or "")
    page = current_app.blueprints.get(request.blueprint or "")
    return stricter(getattr(view, NEEDED, READER), page.role if isinstance(page, Pages) else READER)


def stricter(one: str, other: str) -> str:
    return min(one, other, key=ROLES.index)


def guard() -> AnyResponse | None:
    """Let the request through, ask to sign in, or refuse it."""
    if request.endpoint is None or request.endpoint in PUBLIC:
        return None
    user = person()
    if user is None:
        return ask_to_sign_in()
    usual = needed_role(request.blueprint, changing=not changes_nothing())
    needed = stricter(usual, declared_role())
    if ROLES.index(user.role) > ROLES.index(needed):
        abort(403, f"Your role is {user.role}: this needs {needed}. Ask an admin.")
    return None


def ask_to_sign_in() -> AnyResponse:
    if request.headers.get("HX-Request"):
        return Response("You are signed out. Sign in again in another tab.", 401)
    wants = request.accept_mimetypes.best_match(["text/html", "application/json"])
    if wants == "application/json":
        abort(401, "Sign in first.")
    if not user_count():
        return redirect(url_for("welcome.first"))
    if request.method in SAFE_METHODS:
        path = request.full_path.rstrip("?")
        return redirect(url_for("accounts.login", next=None if path == "/" else path))
    g.keeps_form = True
    page = render_template("accounts/login.html", next=request.path, kept=kept_fields(), error=None)
    return make_response(page, 401)
