"""Callbacks pass the hooks of their own blueprint, and none that are made for pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from heliograph.db import db
from heliograph.host import current_host
from heliograph.meters import current_meters, read_meters
from tests.plugins.sources import HEAD, put
from tests.visitor import sign_in

SOURCE = (
    HEAD
    + """
from flask import after_this_request, g, request, session
calls = Callbacks("calls", __name__)
pages = Pages("pages", __name__, menu="Bells")

@calls.before_request
def first():
    g.seen = ["before"]
    if request.args.get("stop"):
        return "stopped", 418

@calls.after_request
def last(response):
    response.headers["X-Seen"] = ",".join(g.get("seen", []))
    return response

@calls.post("/ring")
def ring():
    g.seen.append("view")
    after_this_request(lambda response: g.seen.append("once") or response)
    if request.args.get("remember"):
        session["bell"] = "rung"
    if request.args.get("fall"):
        raise BadInput("bell", "is broken")
    if request.args.get("crash"):
        raise ValueError("it crashed")
    return "ding"

@pages.get("/")
def index():
    return "a page"

@pages.post("/hit")
def hit():
    return "hit"

@hookimpl
def register_blueprints():
    return [calls, pages]
"""
)


@pytest.fixture
def bell(heliograph: Callable[..., Flask], folder: Path) -> FlaskClient:
    put(folder, "bell", SOURCE)
    return heliograph(plugin_dirs=str(folder)).test_client()


def test_its_own_hooks_run_and_no_header_or_token_is_of_pages(bell: FlaskClient) -> None:
    answer = bell.post("/under/sms/bell/ring")
    assert (answer.status_code, answer.text) == (200, "ding")
    assert answer.headers["X-Seen"] == "before,view,once"
    assert "Content-Security-Policy" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    stopped = bell.post("/under/sms/bell/ring?stop=1")
    assert (stopped.status_code, stopped.headers["X-Seen"]) == (418, "before")


def test_a_session_that_it_fills_is_kept(bell: FlaskClient) -> None:
    assert "Set-Cookie" in bell.post("/under/sms/bell/ring?remember=1").headers


@pytest.mark.parametrize("signed_in", [False, True])
def test_an_error_of_one_is_no_page(bell: FlaskClient, *, signed_in: bool) -> None:
    client = sign_in(bell.application).client if signed_in else bell
    for query, status in (("?fall=1", 400), ("?crash=1", 500)):
        answer = client.post(f"/under/sms/bell/ring{query}", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.mimetype) == (status, "text/plain")
        assert "Set-Cookie" not in answer.headers
    missing = client.get("/under/sms/bell/ring", headers={"Accept": "text/html"})
    assert (missing.status_code, missing.mimetype) == (405, "text/html")
    assert "Content-Security-Policy" in missing.headers


def test_pages_of_the_same_plugin_have_every_hook(bell: FlaskClient) -> None:
    current_host().enable("bell")
    assert bell.get("/under/plugins/bell/").status_code == 302
    visitor = sign_in(bell.application)
    page = visitor.get("/plugins/bell/")
    assert page.text == "a page"
    assert "Content-Security-Policy" in page.headers
    with visitor.app.app_context():
        assert visitor.client.post("/under/plugins/bell/hit").status_code == 400  # no token
    assert visitor.post("/plugins/bell/hit").text == "hit"


def test_each_is_counted_by_its_answer(bell: FlaskClient) -> None:
    for query in ("", "", "?stop=1", "?fall=1"):
        bell.post(f"/under/sms/bell/ring{query}")
    current_meters().store()
    db.session.rollback()
    assert {one.label: one.value for one in read_meters() if one.provider == "bell"} == {
        "200": 2,
        "400": 1,
        "418": 1,
    }


def test_a_broken_plugin_has_none(bell: FlaskClient) -> None:
    current_host().get("bell").fault = "it fell"
    assert bell.post("/under/sms/bell/ring").status_code == 404
    assert bell.post("/under/sms/bell/nothing").status_code == 404
    current_host().get("bell").fault = ""
    current_host().enable("bell")
    current_host().get("bell").fault = "it fell"
    assert bell.post("/under/sms/bell/ring").status_code == 503
