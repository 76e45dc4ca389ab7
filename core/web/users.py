"""People who use Heliograph, for admins."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.db import db
from heliograph.errors import Conflict, HeliographError, NotFound
from heliograph.login_failures import locked_emails, unlock
from heliograph.logins import end_sessions
from heliograph.users import ROLES, User, create_user, edit_user, list_users
from heliograph.web.access import actor, asks_password
from heliograph.web.forms import Page, errors_of, submit
from heliograph.web.trail import note

bp = Blueprint("admin_users", __name__, url_prefix="/admin/users")


def find_user(user_id: int) -> User:
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return user


@bp.get("/")
def index() -> str:
    return shown(None)


def shown(error: HeliographError | None) -> str:
    return render_template(
        "admin/users.html",
        users=list_users(),
        locked=locked_emails(),
        roles=ROLES,
        errors=errors_of(error),
        form=request.form,
    )


@bp.post("/")
@asks_password
def create() -> Page:
    def save() -> str:
        form = request.form
        made = create_user(
            form.get("email", ""),
            form.get("password", ""),
            role=form.get("role", ""),
            first_name=form.get("first_name", ""),
            last_name=form.get("last_name", ""),
        )
        note(made.email, role=made.role)
        flash(_("%(email)s can sign in now.", email=made.email))
        return url_for("admin_users.index")

    return submit(save, shown)


@bp.get("/<int:user_id>")
def show(user_id: int) -> str:
    return one(find_user(user_id), None)


def one(user: User, error: HeliographError | None) -> str:
    return render_template(
        "admin/user.html",
        person=user,
        roles=ROLES,
        errors=errors_of(error),
        locked=user.email in locked_emails(),
    )


@bp.post("/<int:user_id>")
@asks_password
def edit(user_id: int) -> Page:
    person = find_user(user_id)

    def save() -> str:
        active = bool(request.form.get("active"))
        if person.id == actor().id and not active:
            raise Conflict(_("You cannot switch yourself off."))
        edit_user(user_id, role=request.form.get("role", ""), active=active, by=actor().id)
        if not active:
            end_sessions(user_id)
        note(person.email, role=request.form.get("role"), active=active)
        flash(_("Saved."))
        return url_for("admin_users.index")

    return submit(save, lambda error: one(find_user(user_id), error))


@bp.post("/<int:user_id>/password")
@asks_password
def reset(user_id: int) -> Page:
    person = find_user(user_id)

    def save() -> str:
        edit_user(user_id, password=request.form.get("password", ""), by=actor().id)
        end_sessions(user_id)
        unlock(person.email)
        note(person.email)
        flash(_("%(email)s has a new password; all sessions have ended.", email=person.email))
        return url_for("admin_users.index")

    return submit(save, lambda error: one(find_user(user_id), error))


@bp.post("/<int:user_id>/unlock")
@asks_password
def let_in(user_id: int) -> Page:
    person = find_user(user_id)
    unlock(person.email)
    note(person.email)
    flash(_("%(email)s may try again.", email=person.email))
    return redirect(url_for("admin_users.index"), 303)
