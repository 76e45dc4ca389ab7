"""The first account of a server that others can reach needs what was printed at its start."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from heliograph.cli.serve import first_account
from heliograph.db import db
from heliograph.installation import settings_of
from heliograph.settings import Settings
from heliograph.setup_token import needs_token, setup_token
from heliograph.users import list_users
from tests.visitor import PASSWORD, Visitor

FORM = {"email": "ann@example.com", "password": PASSWORD}


@pytest.mark.parametrize(
    ("listens_on", "public_url", "needed"),
    [
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("::1", "", False),
        ("127.0.0.1", "http://localhost:8000/sms", False),
        ("127.0.0.1", "https://sms.example.com", True),
        ("0.0.0.0", "", True),
        ("::", "", True),
        ("192.0.2.1", "http://localhost", True),
        ("sms.example.com", "", True),
        ("", "", True),
    ],
)
def test_who_can_reach_the_server_decides(listens_on: str, public_url: str, needed: bool) -> None:
    assert needs_token(Settings(public_url=public_url), listens_on) == needed


@pytest.mark.parametrize("token", ["", "aaaa-bbbb-cccc-dddd", "é", "\x00"])
def test_a_stranger_makes_no_account(app: Flask, token: str) -> None:
    answer = Visitor(app).post("/welcome", FORM | {"setup_token": token})
    assert answer.status_code == 400
    assert 'id="setup_token-error"' in answer.text
    assert 'value="ann@example.com"' in answer.text
    assert list_users() == []


def test_the_address_that_is_printed_leads_to_the_first_account(app: Flask) -> None:
    told = first_account(app, "127.0.0.1")
    _, _, address = told.partition("https://sms.example.com/mautic")
    visitor = Visitor(app)
    page = visitor.get(address).text
    token = setup_token(settings_of(app))
    assert f'name="setup_token" type="text" value="{token}"' in page
    assert visitor.post("/welcome", FORM | {"setup_token": f" {token.upper()} "}).status_code == 303
    db.session.rollback()
    assert first_account(app, "0.0.0.0") == ""


def test_on_the_machine_itself_nothing_is_asked(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    visitor = Visitor(app)
    assert "setup_token" not in visitor.get("/welcome").text
    with app.app_context():
        assert first_account(app, "127.0.0.1") == ""
    outside = Visitor(app)
    outside.client.environ_base["SERVER_NAME"] = "0.0.0.0"
    outside.token()
    with app.app_context():
        answer = outside.client.post(
            "/welcome",
            data=FORM | {"csrf_token": outside.token()},
            environ_overrides={"SERVER_NAME": "0.0.0.0"},
        )
    assert answer.status_code == 400
    assert visitor.post("/welcome", FORM).status_code == 303


def test_each_installation_has_its_own() -> None:
    made = {setup_token(Settings(secret_key=key)) for key in ("one key", "another key")}
    assert len(made) == 2
    assert setup_token(Settings(secret_key="new,old")) == setup_token(Settings(secret_key="new"))
