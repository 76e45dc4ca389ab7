"""The Plugins pages say which provider texts go through, before and after it changes."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from heliograph.audit import read_audit
from heliograph.db import db
from heliograph.host import current_host
from heliograph.host.state import forget_states
from heliograph.providers import default_provider
from tests.visitor import Visitor, sign_in


def words(page: str) -> str:
    """What a reader sees, and the questions before a press."""
    asked = " ".join(re.findall(r'data-confirm="([^"]+)"', page))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page) + asked).split())


def in_use() -> str:
    db.session.rollback()
    forget_states()
    return default_provider()


def press(visitor: Visitor, name: str, what: str) -> str:
    """Press a button of the plugin; gives the words of the page that follows."""
    answer = visitor.post(f"/admin/plugins/{name}/{what}")
    assert answer.status_code == 303
    return words(visitor.get(answer.location.partition("/mautic")[2] or answer.location).text)


@pytest.fixture
def admin(app: Flask) -> Visitor:
    current_host().enable("simulator")
    return sign_in(app)


def test_enabling_an_empty_twilio_leaves_the_simulator_in_use(admin: Visitor) -> None:
    after = press(admin, "twilio", "enable")
    assert "Twilio is enabled. Texts go through Simulator, as before." in after
    assert in_use() == "simulator"
    page = admin.get("/admin/plugins/").text
    assert page.count("Texts go through it") == 1
    assert "/admin/plugins/twilio?check=1#check" in page  # the offer comes after a passed test
    assert "/admin/plugins/twilio/default" not in page
    assert read_audit(limit=1)[0].changes == {"texts_go_through": "simulator"}


def test_the_first_one_that_is_enabled_is_used(app: Flask) -> None:
    admin = sign_in(app)
    assert "Texts go through Twilio from now on." in press(admin, "twilio", "enable")
    assert in_use() == "twilio"


def test_after_a_passed_test_the_page_offers_to_send_through_it(app: Flask, admin: Visitor) -> None:
    current_host().enable("twilio", default=True)
    before = admin.get("/admin/plugins/simulator").text
    assert "Texts go through Twilio." in words(before)
    assert "/admin/plugins/simulator/default" not in before
    passed = admin.post("/admin/plugins/simulator/check").text
    assert "/admin/plugins/simulator/default" in passed
    assert "Send through Simulator from now on" in passed
    assert "Broadcasts that run, and campaigns, keep their provider." in words(passed)
    after = press(admin, "simulator", "default")
    assert "Texts go through Simulator from now on." in after
    assert in_use() == "simulator"
    assert "from now on" not in admin.post("/admin/plugins/simulator/check").text


def test_after_a_failed_test_it_is_not_offered(admin: Visitor) -> None:
    failed = admin.post("/admin/plugins/twilio/check").text
    assert "incomplete" in failed
    assert "/admin/plugins/twilio/default" not in failed


def test_it_is_said_who_takes_over_before_the_default_is_disabled(admin: Visitor) -> None:
    current_host().enable("twilio", default=True)
    page = words(admin.get("/admin/plugins/twilio").text)
    assert "Broadcasts that run through it wait until it is enabled again." in page
    assert "Other texts go through Simulator, which reaches no real phone." in page
    assert "Other texts go through" not in words(admin.get("/admin/plugins/simulator").text)
    after = press(admin, "twilio", "disable")
    assert "Twilio is disabled. Texts go through Simulator from now on." in after
    assert "nothing can be sent until one is" in words(admin.get("/admin/plugins/simulator").text)
    after = press(admin, "simulator", "disable")
    assert "No provider is enabled now, so nothing can be sent." in after


def test_disabling_another_one_moves_nothing(admin: Visitor) -> None:
    current_host().enable("twilio")
    after = press(admin, "twilio", "disable")
    assert "Twilio is disabled. Texts go through Simulator, as before." in after
