"""The editor and what other tools would fill: refused, or kept by one press."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask

from heliograph.campaigns import get_campaign
from heliograph.campaigns.checks import check_canvas
from heliograph.db import db, transaction
from heliograph.messages import get_message, list_messages
from heliograph.messages.models import TextMessage
from heliograph.segments import create_segment
from tests.campaigns.drawing import drafted, drawn, event
from tests.visitor import Visitor, sign_in
from tests.web.test_campaign_builder import put

WRITTEN = "Hi [firstname], use {SAVE20}"
KEPT = r"Hi \[firstname], use \{SAVE20}"


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


def form(text: str, **more: str) -> dict[str, str]:
    return {"name": "Sale", "text": text, "language": "en", "kind": "template"} | more


def stored_text(message_id: int) -> str:
    db.session.rollback()
    return get_message(message_id).text


def test_a_press_keeps_what_another_tool_would_fill(marc: Visitor) -> None:
    refused = marc.post("/messages/new", form(WRITTEN))
    assert refused.status_code == 400
    assert "&#39;[firstname]&#39; is how another tool writes a field" in refused.text
    assert "{contactfield=first_name}" in refused.text
    assert WRITTEN in refused.text  # what was typed stays
    assert 'name="keep" value="1"' in refused.text
    assert list(list_messages()) == []
    assert marc.post("/messages/new", form(WRITTEN, keep="1")).status_code == 303
    db.session.rollback()
    (message,) = list_messages()
    assert message.text == KEPT
    page = marc.get(f"/messages/{message.id}")
    assert "Hi [firstname], use {SAVE20}</div>" in page.text  # as people get it
    assert 'name="keep"' not in page.text
    # it is not asked again for what stands, and asked for what is new
    assert marc.post(f"/messages/{message.id}", form(f"{KEPT}!")).status_code == 303
    assert marc.post(f"/messages/{message.id}", form(f"{KEPT} %CITY%")).status_code == 400
    assert stored_text(message.id) == f"{KEPT}!"
    assert marc.post(f"/messages/{message.id}", form(f"{KEPT} %CITY%", keep="1")).status_code == 303
    assert stored_text(message.id) == f"{KEPT} \\%CITY%"
    assert marc.post(f"/messages/{message.id}/clone").status_code == 303


def test_other_errors_offer_no_such_press(marc: Visitor) -> None:
    refused = marc.post("/messages/new", form("Hi {contactfield=fristname}", keep="1"))
    assert refused.status_code == 400
    assert "Did you mean first_name" in refused.text
    assert 'name="keep"' not in refused.text


def test_the_preview_warns_while_one_types(marc: Visitor) -> None:
    page = marc.post("/messages/preview", {"text": "Hi *|FNAME|*"}).text
    assert "is how another tool writes a field" in page
    assert "{contactfield=first_name}" in page


def old_broadcast(text: str) -> TextMessage:
    """One whose text was stored before anybody looked for placeholders."""
    from heliograph.messages import create_message  # noqa: PLC0415

    message = create_message(name="Old", text="Hi", segments=[create_segment("all").id])
    with transaction():
        message.text = text
    return message


def test_a_broadcast_with_an_older_text_is_not_sent_before_somebody_looked(marc: Visitor) -> None:
    message = old_broadcast("Hi [firstname]")
    place = f"/broadcasts/{message.id}"
    page = marc.get(place).text
    assert "is how another tool writes a field" in page
    for step in ("confirm", "send"):
        answer = marc.post(f"{place}/{step}", {"when": "now", "at": ""})
        assert answer.status_code in (400, 409), step
    db.session.rollback()
    assert get_message(message.id).publish_up is None
    assert marc.post(f"/messages/{message.id}/clone").status_code == 303


def test_a_staff_text_is_kept_by_the_press_beside_its_finding(marc: Visitor) -> None:
    config = {"number": "+33612345678", "text": WRITTEN}
    canvas: Any = {"sources": [], "events": [event("a", "core.text_staff", config=config)]}
    campaign = drafted(event("a", "core.text_staff", config=config))
    answer = put(marc, campaign, canvas)
    (finding,) = [one for one in answer.json["findings"] if "another tool" in one["words"]]
    assert finding["kept"] == {"text": KEPT}
    canvas["events"][0]["config"] |= finding["kept"]
    answer = put(marc, campaign, canvas, 2)
    assert not [one for one in answer.json["findings"] if "text" in one["words"]]
    assert get_campaign(campaign).draft["events"][0]["config"]["text"] == KEPT


def test_data_of_a_webhook_is_looked_at_too(app: Flask) -> None:
    config = {"url": "https://example.com/", "data": ["a: x", "greeting: Hi %FIRSTNAME%"]}
    found = check_canvas(drawn(event("a", "core.webhook", config=config)))
    (finding,) = [one for one in found if "another tool" in one.words]
    assert finding.kept == {"data": ["a: x", "greeting: Hi \\%FIRSTNAME%"]}


def test_a_template_is_looked_at_before_a_campaign_that_sends_it_is_published(
    sending: Flask,
) -> None:
    from heliograph.messages import create_message  # noqa: PLC0415

    message = create_message(name="Old", text="Hi")
    with transaction():
        message.text = "Hi ((name))"
    config = {"message_id": message.id}
    found = check_canvas(drawn(event("a", "recorder.send_text", config=config)))
    (finding,) = [one for one in found if "another tool" in one.words]
    assert "sends 'Old', where '((name))' is how another tool writes a field" in finding.words


TEXTS = {
    "braces": "{" * 4000,
    "outputs": "{{" * 2000,
    "tags": "{%" * 2000,
    "both": "{{{%" * 1000,
    "closed once": "{" * 3998 + "}}",
    "many outputs": "{{ contact.city }}" * 222,
    "blanks": "{{" + " " * 3990 + "}}",
    "parentheses": "{% if " + "(" * 3900 + " %}",
    "a link": "http://a.example/" + "{{" * 1990,
    "too long": "http://a.example/" + "{{" * 200_000,
    "accents": "a" + "\u0316\u0301" * 20_000,
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_text_keeps_the_preview_busy(marc: Visitor, kind: str) -> None:
    """8 s for 4,000 braces, before: the engine takes time by the square of what is not closed."""
    begun = time.process_time()
    answer = marc.post("/messages/preview", {"text": TEXTS[kind], "track_links": "1"})
    assert answer.status_code == 200
    assert "alert-danger" in answer.text or "text-danger" in answer.text
    assert marc.post("/messages/new", form(TEXTS[kind], keep="1")).status_code == 400
    assert time.process_time() - begun < 2.5
