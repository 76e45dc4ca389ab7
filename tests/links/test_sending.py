"""Links of texts on their way out: short, the same for good, and counted as they are sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from heliograph.broadcasts.counts import count_broadcast
from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.broadcasts.resend import resend_failed
from heliograph.broadcasts.review import review
from heliograph.campaigns.actions import run_action
from heliograph.channel import Failure, FailureKind
from heliograph.contacts import add_contact, add_custom_field
from heliograph.contacts.models import Contact, CustomField
from heliograph.db import db, transaction
from heliograph.deliveries.claim import Scope, claim_texts
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.rendering import Unrenderable
from heliograph.errors import BadInput, Conflict
from heliograph.host import current_host
from heliograph.links.models import Link
from heliograph.links.tracking import link_codes
from heliograph.messages import clone_message, create_message, edit_message, preview
from heliograph.messages.filtering import sample_text
from heliograph.settings import Settings
from tests.fixtures import SAMPLES
from tests.links.conftest import SHORT, URL, code_in, texts_of

Crowd = Callable[..., tuple[Any, list[int]]]
Send = Callable[..., list[Any]]


def test_each_text_has_a_short_link_of_its_own(crowd: Crowd, desk: Any, send: Send) -> None:
    message, _ = crowd(5, text=f"Hello {{contactfield=firstname}}: {URL}. Bye")
    send()
    codes = set()
    for text in texts_of(message.id):
        code = code_in(text.text)
        link = db.session.get_one(Link, (link_codes().decode(code) or (0, 0))[1])
        assert (link_codes().decode(code) or (0, 0))[0] == text.id
        assert (link.url, link.message_id) == (URL, message.id)
        assert f"https://sms.example.com/mautic/l/{code}. Bye" in (text.text or "")
        codes.add(code)
    assert len(codes) == 5
    assert {text.text for text in desk.texts} == {row.text for row in texts_of(message.id)}
    assert db.session.scalar(select(func.count()).select_from(Link)) == 1


def test_a_link_that_stands_twice_is_one_and_others_are_others(
    crowd: Crowd, desk: Any, send: Send
) -> None:
    _message, _ = crowd(1, text="https://a.example/x https://b.example https://a.example/x")
    send()
    first, second, third = SHORT.findall(desk.texts[0].text)
    assert first == third != second
    assert set(db.session.scalars(select(Link.url))) == {"https://a.example/x", "https://b.example"}


def test_what_was_counted_before_is_what_is_sent(crowd: Crowd, desk: Any, send: Send) -> None:
    long = "https://shop.example/" + "x" * 250
    message, _ = crowd(2, text=f"{'a' * 110} {long}", publish_up=None)
    seen = review(message.id)
    assert (seen.parts, seen.parts_each) == (2, 1.0)
    edit_message(message.id, publish_up=message.created_at)
    send()
    assert count_broadcast(message.id).parts == 2
    shown = preview(message.text, Contact(custom={}))
    assert shown.measure.characters == len(desk.texts[0].text)
    assert (shown.measure.parts, shown.measure.encoding) == (1, "gsm7")
    assert len(sample_text(message.text, track=True)) == shown.measure.characters
    assert sample_text(message.text, track=False) == message.text


def test_letters_outside_of_gsm_in_an_address_cost_nothing(crowd: Crowd, desk: Any) -> None:
    text = "Look: https://müller.example/größe?ж=1"
    assert preview(text, Contact(custom={})).measure.encoding == "gsm7"
    assert preview(text, Contact(custom={}), track=False).measure.encoding == "ucs2"


@pytest.mark.parametrize(
    "settings", [{"link_tracking": "off"}, {"public_url": ""}, {}], ids=["off", "no url", "message"]
)
def test_addresses_stay_where_links_are_not_tracked(
    make_app: Callable[..., Flask], settings: dict[str, str]
) -> None:
    given = {"public_url": "https://sms.example.com/mautic", "plugin_dirs": str(SAMPLES)} | settings
    with make_app(**given).app_context():
        current_host().configure("recorder", {"required": "yes"})
        current_host().enable("recorder")
        track = bool(settings)
        message = create_message(name="Sale", text=f"Sale: {URL}", track_links=track)
        contact = add_contact({"mobile": "+33612345678"}, region="FR")
        queued = queue_text(
            message.id, number="+33612345678", contact=contact, provider="recorder", source="test"
        )
        assert queued.text == f"Sale: {URL}"
        assert preview(message.text, contact, track=track).text == f"Sale: {URL}"
        assert sample_text(message.text, track=track) == message.text
        assert db.session.scalar(select(func.count()).select_from(Link)) == 0


def test_tests_and_campaigns_are_tracked_too_and_once(sending: Flask, desk: Any) -> None:
    message = create_message(name="Sale", text=f"{{contactfield=firstname}}: {URL}")
    contact = add_contact({"mobile": "+33612345678", "first_name": "Ann"}, region="FR")
    key, values = "recorder.send_text", {"message_id": message.id}
    first = run_action(key, contact, values, source_id=7)
    again = run_action(key, contact, values, source_id=7)
    assert first.delivery_id == again.delivery_id
    kept = db.session.get_one(Delivery, first.delivery_id, populate_existing=True)
    assert (kept.text or "").startswith("Ann: https://sms.example.com/mautic/l/")
    assert (kept.encoding, kept.parts) == ("gsm7", 1)
    test = queue_text(
        message.id, number="+33612345678", contact=contact, provider="recorder", source="test"
    )
    assert link_codes().decode(code_in(test.text)) == (
        test.id,
        db.session.scalars(select(Link.id)).one(),
    )
    edit_message(message.id, text="Now https://new.example/")
    db.session.rollback()
    assert db.session.get_one(Delivery, kept.id, populate_existing=True).text == kept.text


def test_a_text_that_cannot_be_made_leaves_no_row(sending: Flask) -> None:
    message = create_message(name="Empty", text="{contactfield=firstname}")
    contact = add_contact({"mobile": "+33612345678"}, region="FR")
    with transaction(), pytest.raises(Unrenderable):
        queue_text(
            message.id,
            number="+33612345678",
            contact=contact,
            provider="recorder",
            source="campaign",
            source_id=7,
        )
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_retries_and_new_waves_send_the_very_same_text(crowd: Crowd, desk: Any, send: Send) -> None:
    message, _ = crowd(2, text=f"Sale: {URL}")
    desk.failures = [
        Failure(FailureKind.UNREACHABLE, "Off."),
        Failure(FailureKind.UNREACHABLE, "Off."),
    ]
    send()
    kept = [text.text for text in texts_of(message.id)]
    resend_failed(message.id, ["unreachable"])
    send()
    assert sorted(text.text for text in desk.texts) == sorted(str(text) for text in kept)
    assert [text.text for text in texts_of(message.id)] == kept
    assert db.session.scalar(select(func.count()).select_from(Link)) == 1


def test_the_switch_is_frozen_with_the_text(crowd: Crowd, desk: Any, send: Send) -> None:
    message, _ = crowd(2, text=f"Sale: {URL}")
    send(limit=1)
    with pytest.raises(Conflict, match="track_links"):
        edit_message(message.id, track_links=False)
    draft = create_message(name="Off", text=URL, track_links=False)
    assert not clone_message(draft.id).track_links
    assert edit_message(draft.id, track_links=True).track_links


def test_tokens_in_an_address_are_checked_and_not_read_at_sending(
    crowd: Crowd, desk: Any, send: Send
) -> None:
    add_custom_field("code", "Code", "text")
    with pytest.raises(BadInput, match="unknown field"):
        create_message(name="Bad", text="https://a.example/?c={contactfield=cod}")
    _message, _ = crowd(
        2, text="Hi https://a.example/?c={contactfield=code}&f={contactfield=firstname}"
    )
    send()
    assert {text.text[:3] for text in desk.texts} == {"Hi "}
    assert all(SHORT.search(text.text) for text in desk.texts)
    assert db.session.scalars(select(Link.url)).one().endswith("f={contactfield=firstname}")
    other, _ = crowd(1, text="Hi https://a.example/?c={contactfield=code}")
    with transaction() as session:
        session.delete(session.scalars(select(CustomField)).one())
    send()
    assert [text.reason for text in texts_of(other.id)] == ["bad_token"]


def test_a_text_without_links_asks_nothing_more_of_the_database(crowd: Crowd, desk: Any) -> None:
    counts = []
    for text in ("Hello there, the shop is open", f"Hello there, see {URL}"):
        message, _ = crowd(3, text=text)
        plan_broadcast(begin(message.id).id)
        db.session.rollback()
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)  # noqa: B023

        event.listen(db.engine, "before_cursor_execute", note)
        claims = claim_texts(Scope("recorder", broadcast_id=message.id), 10)
        event.remove(db.engine, "before_cursor_execute", note)
        assert len(claims.texts) == 3
        counts.append(sum("links.url" in one or "link_keys" in one for one in statements))
        with transaction() as session:
            for row in session.scalars(select(Delivery)):
                session.delete(row)
    assert counts[0] == 0
    assert counts[1] >= 2


@pytest.mark.parametrize("value", ["yes", "0"])
def test_a_bad_setting_is_named(value: str) -> None:
    with pytest.raises(BadInput, match="HELIOGRAPH_LINK_TRACKING"):
        Settings.from_environment({"HELIOGRAPH_LINK_TRACKING": value})
