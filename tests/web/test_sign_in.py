"""Signing in, being locked out, and sessions that end when they are told to."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from heliograph.audit import read_audit
from heliograph.installation import settings_of
from heliograph.login_failures import FAILURES_OF_EMAIL
from heliograph.setup_token import setup_token
from heliograph.users import create_user, edit_user, list_users
from heliograph.web.security import POLICY
from tests.visitor import PASSWORD, Visitor, sign_in

COOKIE = "__Secure-heliograph_session"


def test_the_first_user_is_made_once_and_is_an_admin(app: Flask) -> None:
    visitor, late = Visitor(app), Visitor(app)
    assert visitor.get("/").location.endswith("/welcome")
    late.token()
    form = {"email": "Ann@Example.com", "setup_token": setup_token(settings_of(app))}
    weak = visitor.post("/welcome", form | {"password": "short"})
    assert weak.status_code == 400
    assert "too short" in weak.text
    assert 'value="Ann@Example.com"' in weak.text
    assert visitor.post("/welcome", form | {"password": PASSWORD}).status_code == 303
    assert visitor.get("/").status_code == 200
    again = late.post("/welcome", form | {"email": "eve@example.com", "password": PASSWORD})
    assert again.status_code == 409
    assert [(user.email, user.role) for user in list_users()] == [("ann@example.com", "admin")]
    assert late.get("/welcome").location.endswith("/login")


def test_wrong_passwords_lock_an_email_until_an_admin_unlocks_it(app: Flask) -> None:
    admin = sign_in(app)
    marc = create_user("marc@example.com", PASSWORD, role="marketer")
    visitor = Visitor(app)
    for _ in range(FAILURES_OF_EMAIL):
        answer = visitor.sign_in("marc@example.com", "wrong password")
        assert answer.status_code == 401
        assert "do not belong together" in answer.text
    assert visitor.sign_in("marc@example.com").status_code == 429
    assert visitor.sign_in("admin@example.com").status_code == 303  # others are not locked out
    assert "Locked" in admin.get("/admin/users/").text
    assert admin.post(f"/admin/users/{marc.id}/unlock").status_code == 303
    assert Visitor(app).sign_in("marc@example.com").status_code == 303


def test_an_unknown_email_is_answered_like_a_wrong_password(app: Flask) -> None:
    create_user("ann@example.com", PASSWORD)
    visitor = Visitor(app)
    for email in ("ann@example.com", "nobody@example.com"):
        answer = visitor.sign_in(email, "wrong password")
        assert (answer.status_code, "do not belong together" in answer.text) == (401, True)
    for _ in range(FAILURES_OF_EMAIL):
        visitor.sign_in("nobody@example.com", "wrong password")
    assert visitor.sign_in("nobody@example.com").status_code == 429


def test_sessions_end_one_by_one_all_at_once_and_with_the_user(app: Flask) -> None:
    here = sign_in(app)
    there = Visitor(app)
    there.sign_in("admin@example.com")
    page = here.get("/account").text
    (ended,) = re.findall(r"/account/sessions/(\d+)/end", page)
    assert here.post(f"/account/sessions/{ended}/end").status_code == 303
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200

    there = Visitor(app)
    there.sign_in("admin@example.com")
    changed = here.post(
        "/account/password", {"old_password": PASSWORD, "password": "another four words"}
    )
    assert changed.status_code == 303
    assert (there.get("/").status_code, here.get("/").status_code) == (302, 200)

    rita = sign_in(app, "reader")
    person = next(user for user in list_users() if user.role == "reader")
    here.post(f"/admin/users/{person.id}", {"role": "reader"})
    assert rita.get("/").status_code == 302
    assert Visitor(app).sign_in("reader@example.com").status_code == 401


def test_logging_out_ends_the_session_for_a_copied_cookie_too(app: Flask) -> None:
    visitor = sign_in(app)
    cookie = visitor.client.get_cookie(COOKIE, path="/mautic")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.secure
    visitor.post("/logout")
    visitor.client.set_cookie(COOKIE, cookie.value, path="/mautic")
    assert visitor.get("/").status_code == 302


def test_the_last_admin_cannot_be_lost(app: Flask) -> None:
    admin = sign_in(app)
    me = list_users()[0]
    for form in ({"role": "reader", "active": "1"}, {"role": "admin"}):
        answer = admin.post(f"/admin/users/{me.id}", form)
        assert answer.status_code == 409
    edit_user(me.id, role="admin")
    assert admin.get("/admin/users/").status_code == 200


def test_where_a_sign_in_leads_to_is_ours(app: Flask) -> None:
    create_user("ann@example.com", PASSWORD)
    for place in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"):
        visitor = Visitor(app)
        form = {"email": "ann@example.com", "password": PASSWORD, "next": place}
        assert visitor.post("/login", form).location == "/mautic/"
    visitor = Visitor(app)
    asked = visitor.get("/contacts/?q=ann")
    assert asked.location == "/mautic/login?next=/contacts/?q%3Dann"
    form |= {"next": "/contacts/?q=ann"}
    assert visitor.post("/login", form).location == "/mautic/contacts/?q=ann"


def test_every_page_has_the_strict_policy(app: Flask) -> None:
    visitor = sign_in(app)
    for path in ("/", "/contacts/", "/login", "/no-such-page"):
        headers = visitor.get(path).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in POLICY
    page = visitor.get("/messages/new").text
    assert not re.search(r"<[^>]+ (style|on\w+)=", page)
    assert not re.search(r"<script(?! (src|type=\"application/json\"))", page)
    assert "//cdn" not in page


def test_each_change_leaves_an_entry_without_secrets(app: Flask) -> None:
    visitor = sign_in(app)
    visitor.post("/contacts/new", {"first_name": "Ada", "mobile": "+33612345678"})
    visitor.post("/admin/plugins/twilio", {"auth_token": "a" * 32, "account_sid": "AC" + "1" * 32})
    visitor.post("/segments/preview", {"filters": ""})
    visitor.post("/contacts/new", {"mobile": "nonsense"})
    entries = read_audit()
    actions = [entry.action for entry in entries]
    assert actions == ["admin_plugins.configure", "contacts.create", "accounts.enter"]
    assert entries[1].subject == "Ada"
    assert {entry.email for entry in entries} == {"admin@example.com"}
    assert "a" * 32 not in str([entry.changes for entry in entries])
    page = visitor.get("/admin/audit/").text
    assert "contacts: create" in page


@pytest.mark.parametrize("path", ["/", "/contacts/", "/broadcasts/"])
def test_an_htmx_call_without_a_session_says_so_in_words(app: Flask, path: str) -> None:
    create_user("ann@example.com", PASSWORD)
    answer = Visitor(app).get(path, **{"HX-Request": "true"})
    assert (answer.status_code, "signed out" in answer.text) == (401, True)
