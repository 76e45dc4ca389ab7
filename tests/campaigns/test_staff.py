"""Texts to staff: sent about the contact, and beside the campaign."""

from __future__ import annotations

import pytest

from heliograph.dnc import MANUAL, add_dnc
from heliograph.host import current_host
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import Stage, mobile, replies, run, step, steps, tags, text


def test_staff_is_texted_about_the_contact(stage: Stage) -> None:
    current_host().enable("recorder", default=True)
    config = {
        "number": "+33699999999",
        "text": "Call {contactfield=firstname} {contactfield=mobile}",
    }
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"),
        event("tell", "core.text_staff", "hello", config=config),
        replies("ask", "tell"),
        tag("told", "ask", path="yes"),
        source=source,
    )
    stage.turn()
    assert stage.texts[1][1:] == ("+33699999999", f"Call Ann0 {mobile(ann)}")
    assert steps(ann) == {"hello": "done", "tell": "done", "ask": "open"}
    # the reply is to the text that the contact got, not to the one that staff got
    stage.leap(minutes=1)
    stage.reply(ann, "yes")
    stage.turn()
    assert tags(ann) == ["told"]


def test_staff_on_do_not_contact_is_not_texted(stage: Stage) -> None:
    add_dnc("+33699999999", reason=MANUAL)
    config = {"number": "+33699999999", "text": "Call"}
    (ann,) = run(
        stage, event("tell", "core.text_staff", config=config), tag("lost", "tell", path="failed")
    )
    assert tags(ann) == ["lost"]
    assert step(ann, "tell").reason == "dnc"


def test_staff_is_texted_later_when_no_provider_is_there(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    config = {"number": "+33699999999", "text": "Call"}
    stage.play(event("tell", "core.text_staff", config=config), source=source)
    current_host().disable("recorder")
    for _ in range(10):
        stage.turn()
        stage.leap(days=1)
    assert steps(ann) == {"tell": "waiting"}
    current_host().enable("recorder")
    stage.turn()
    assert steps(ann) == {"tell": "done"}


@pytest.mark.parametrize("queued", [True, False])
def test_staff_is_told_however_late_a_hold_made_it(stage: Stage, queued: bool) -> None:
    source, (ann,) = stage.cast(1)
    config = {"number": "+33699999999", "text": "Call"}
    campaign = stage.play(
        event("tell", "core.text_staff", config=config, timing=after(1)), source=source
    )
    stage.turn()
    stage.outage = queued
    if queued:
        stage.leap(days=1)
        stage.turn()
        assert steps(ann) == {"tell": "sending"}
    stage.hold(campaign, days=5)
    stage.outage = False
    stage.turn()
    assert [number for _, number, _ in stage.texts] == ["+33699999999"]
    assert steps(ann) == {"tell": "done"}
