"""The send action that plugins supply, called as the campaign engine will."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from heliograph.actions import Result
from heliograph.campaigns import list_actions, run_action
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.claim import Scope
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.dnc import MANUAL, add_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.host import current_host
from heliograph.messages import create_message
from tests.fixtures import add_people

KEY = "recorder.send_text"


def ann() -> Contact:
    (contact_id,) = add_people(1)
    return db.session.get_one(Contact, contact_id)


def template() -> int:
    return create_message(name="Welcome", text="Hi {contactfield=firstname}").id


def test_the_action_queues_and_the_loop_sends(sending: Flask, desk: Any) -> None:
    outcome = run_action(KEY, ann(), {"message_id": template()})
    assert outcome.result is Result.DONE
    loop = DeliveryLoop(sending)
    tally = loop.send(Scope("recorder")).result(timeout=20)
    loop.stop()
    assert tally.accepted == 1
    assert [text.text for text in desk.texts] == ["Hi Ann0"]
    db.session.rollback()
    assert db.session.get_one(Delivery, outcome.delivery_id).source == "campaign"


def test_one_step_of_a_campaign_queues_one_text(sending: Flask, desk: Any) -> None:
    contact, message = ann(), template()
    first = run_action(KEY, contact, {"message_id": message}, source_id=7)
    again = run_action(KEY, contact, {"message_id": message}, source_id=7)
    other = run_action(KEY, contact, {"message_id": message}, source_id=8)
    assert first.delivery_id == again.delivery_id != other.delivery_id


def test_it_is_there_only_while_its_plugin_is(sending: Flask, desk: Any) -> None:
    assert KEY in [action.key for action in list_actions()]
    contact = ann()
    current_host().disable("recorder")
    assert KEY not in [action.key for action in list_actions()]
    with pytest.raises(NotFound, match="no action"):
        run_action(KEY, contact, {"message_id": 1})


def test_bad_config_and_faults_are_told_in_words(sending: Flask, desk: Any) -> None:
    contact = ann()
    with pytest.raises(BadInput, match="message_id"):
        run_action(KEY, contact, {"message_id": "soon"})
    assert "no text message 99" in run_action(KEY, contact, {"message_id": 99}).text
    add_dnc("+33612000000", reason=MANUAL)
    outcome = run_action(KEY, contact, {"message_id": template()})
    assert outcome.result is Result.FAILED
    assert "do-not-contact" in outcome.text
