"""The password is asked again before users, secrets and exports are touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.host import current_host
from heliograph.login_failures import FAILURES_OF_EMAIL, LoginFailure, unlock
from heliograph.logins import FRESH, LoginSession
from heliograph.stored_settings import stored_values
from heliograph.users import list_users
from tests.visitor import PASSWORD, Visitor, sign_in
from tests.web.forms import Form, forms_of
from tests.web.test_settings_page import version_of

NEW = {"email": "new@example.com", "password": "x7Gq2pLw9z", "role": "reader", "first_name": "É"}
ERRORS = "/imports/1/errors.csv"


@pytest.fixture
def admin(app: Flask) -> Visitor:
    """An admin who signed in a while ago."""
    visitor = sign_in(app)
    visitor.token()
    passwords_entered(FRESH + timedelta(seconds=1))
    return visitor


def passwords_entered(ago: timedelta | None) -> None:
    with transaction():
        then = utcnow() - ago if ago else None
        change_rows(update(LoginSession).values(password_at=then))


def asking(answer: TestResponse) -> Form:
    """The form that asks for the password."""
    (form,) = [one for one in forms_of(answer.text) if "current_password" in one.filled()]
    return form


def send(visitor: Visitor, form: Form, password: str = PASSWORD) -> TestResponse:
    target = form.action.removeprefix(visitor.prefix)
    return visitor.post(target, form.filled() | {"current_password": password})


def emails() -> list[str]:
    db.session.rollback()
    return [user.email for user in list_users()]


def test_what_was_entered_goes_on_after_the_password(admin: Visitor) -> None:
    asked = admin.post("/admin/users/", NEW)
    assert asked.status_code == 403
    assert asked.headers["Cache-Control"] == "no-store"
    assert emails() == ["admin@example.com"]
    assert NEW["password"] not in asked.text
    assert send(admin, asking(asked)).status_code == 303
    assert emails() == ["admin@example.com", "new@example.com"]
    assert list_users()[1].first_name == "É"
    assert Visitor(admin.app).sign_in(NEW["email"], NEW["password"]).status_code == 303
    user = list_users()[1]  # and it is not asked again for a while
    assert admin.post(f"/admin/users/{user.id}", {"role": "marketer"}).status_code == 303


def test_it_is_asked_before_webhooks_may_read_a_variable(admin: Visitor) -> None:
    form = {"webhook_env": "CRM_KEY", "version": version_of(admin.get("/admin/settings/").text)}
    asked = admin.post("/admin/settings/", form)
    assert (asked.status_code, stored_values()) == (403, {})
    assert send(admin, asking(asked)).status_code == 303
    assert stored_values() == {"webhook_env": "CRM_KEY"}


def test_a_wrong_password_keeps_what_was_entered(admin: Visitor) -> None:
    form = asking(admin.post("/admin/users/", NEW))
    for _ in range(FAILURES_OF_EMAIL):
        wrong = send(admin, form, "not the password")
        assert (wrong.status_code, "Is wrong" in wrong.text) == (400, True)
        form = asking(wrong)
    throttled = send(admin, form)
    assert (throttled.status_code, "Too many" in throttled.text) == (429, True)
    assert emails() == ["admin@example.com"]
    assert Visitor(admin.app).sign_in("admin@example.com").status_code == 303  # no lock-out
    unlock("admin@example.com")
    assert send(admin, asking(throttled)).status_code == 303
    assert "new@example.com" in emails()


def test_a_secret_is_not_in_the_page_that_asks(admin: Visitor) -> None:
    token = "0123456789abcdef" * 2
    asked = admin.post("/admin/plugins/twilio", {"auth_token": token, "parts_per_second": "3"})
    assert (asked.status_code, token in asked.text) == (403, False)
    assert send(admin, asking(asked)).status_code == 303
    with admin.app.app_context():
        shown = current_host().shown_config("twilio")
    assert (shown["auth_token"], shown["parts_per_second"]) == ("set", "3")


def test_an_export_begins_after_the_password(ann: Visitor) -> None:
    assert ann.get(ERRORS).status_code == 200
    with ann.app.app_context():
        passwords_entered(FRESH + timedelta(seconds=1))
    own = {"Sec-Fetch-Site": "same-origin", "Referer": "http://sms.example.com/mautic/imports/1"}
    asked = ann.get(ERRORS, **own)
    assert asked.location == f"/mautic/account/confirm?next={ERRORS}&back=/imports/1"
    form = asking(ann.get(asked.location.removeprefix(ann.prefix)))
    wrong = send(ann, form, "not the password")
    assert wrong.status_code == 400
    begun = send(ann, asking(wrong))
    assert f'content="0; url=/mautic{ERRORS}"' in begun.text
    assert 'href="/mautic/imports/1"' in begun.text
    assert ann.get(ERRORS).mimetype == "text/csv"


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_it_leads_nowhere_else(admin: Visitor, place: str) -> None:
    form = {"next": place, "back": place, "current_password": PASSWORD}
    answer = admin.post("/account/confirm", form)
    assert (answer.status_code, "evil" in answer.text, "javascript:" in answer.text) == (
        200,
        False,
        False,
    )


def test_a_session_from_before_is_asked_once(admin: Visitor) -> None:
    passwords_entered(None)
    assert send(admin, asking(admin.post("/admin/users/", NEW))).status_code == 303
    more = NEW | {"email": "more@example.com"}
    assert admin.post("/admin/users/", more).status_code == 303


def test_what_was_entered_survives_the_end_of_the_session_too(admin: Visitor) -> None:
    form = asking(admin.post("/admin/users/", NEW))
    with transaction():
        change_rows(update(LoginSession).values(seen_at=utcnow() - timedelta(days=30)))
    ended = send(admin, form)
    (entry,) = [one for one in forms_of(ended.text) if "kept" in one.filled()]
    admin._token = ""
    mine = {"email": "admin@example.com", "password": PASSWORD}
    resumed = admin.post("/login", entry.filled() | mine)
    (again,) = [one for one in forms_of(resumed.text) if one.action.endswith("/admin/users/")]
    assert NEW["password"] not in resumed.text
    admin._token = ""
    assert admin.post("/admin/users/", again.filled()).status_code == 303
    assert "new@example.com" in emails()


def test_a_sealed_form_is_for_one_person_and_one_place(app: Flask, admin: Visitor) -> None:
    sealed = asking(admin.post("/admin/users/", NEW)).filled()
    del sealed["csrf_token"]
    bob = sign_in(app, email="bob@example.com")
    for visitor, place in ((bob, "/admin/users/"), (admin, "/admin/plugins/twilio")):
        answer = visitor.post(place, sealed | {"current_password": PASSWORD})
        assert (answer.status_code, "another form" in answer.text) == (400, True)
    broken = sealed | {"sealed_form": sealed["sealed_form"][:-9] + "x" * 9}
    answer = admin.post("/admin/users/", broken | {"current_password": PASSWORD})
    assert (answer.status_code, "Open the page again" in answer.text) == (400, True)
    assert "new@example.com" not in emails()


def test_a_script_is_told_in_words(admin: Visitor) -> None:
    answer = admin.post("/admin/users/", NEW, **{"HX-Request": "true"})
    assert (answer.status_code, "password again" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("path", "form"),
    [("/contacts/new", {"first_name": "Ada"}), ("/account", {"theme": "dark"})],
)
def test_nothing_else_asks(admin: Visitor, path: str, form: dict[str, Any]) -> None:
    assert admin.post(path, form).status_code == 303


def test_guesses_at_the_old_password_are_throttled(admin: Visitor) -> None:
    form = {"old_password": "not the password", "password": "another four words"}
    for _ in range(FAILURES_OF_EMAIL):
        assert admin.post("/account/password", form).status_code == 400
    right = form | {"old_password": PASSWORD}
    assert admin.post("/account/password", right).status_code == 429
    with transaction():
        change_rows(update(LoginFailure).values(at=utcnow() - timedelta(minutes=16)))
    assert admin.post("/account/password", right).status_code == 303
    assert admin.post("/admin/users/", NEW).status_code == 303  # it was just entered


def test_strangers_do_not_lock_out_who_is_signed_in(app: Flask, admin: Visitor) -> None:
    for _ in range(FAILURES_OF_EMAIL):
        Visitor(app).sign_in("admin@example.com", "wrong password")
    assert Visitor(app).sign_in("admin@example.com").status_code == 429
    assert send(admin, asking(admin.post("/admin/users/", NEW))).status_code == 303
