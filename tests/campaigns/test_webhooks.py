"""Webhooks: what another system is told, and what its answers do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import current_app

from heliograph import clock
from heliograph.contacts.fields import add_custom_field
from heliograph.installation import current_settings, settings_of
from heliograph.stored_settings import change_settings, forget_stored
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.receiver import Receiver, receiver
from tests.campaigns.stage import MONDAY, Stage, mobile, step, steps, tags


@pytest.fixture
def hook(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of another system, on this machine; the setting allows it."""
    allowed = replace(current_settings(), webhook_private="1")
    monkeypatch.setitem(current_app.extensions, "heliograph_settings", allowed)
    with receiver() as address:
        yield f"{address}/hook?a=1"


def allow(names: str) -> None:
    """Have an admin allow these variables."""
    change_settings(settings_of(current_app), {"webhook_env": names})
    forget_stored()


def hooked(url: str, **more: Any) -> list[dict[str, Any]]:
    return [
        event("call", "core.webhook", config={"url": url} | more),
        tag("told", "call"),
        tag("lost", "call", path="failed"),
    ]


def test_a_webhook_tells_of_the_contact(
    stage: Stage, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_KEY", "s3cret")
    allow("CRM_KEY, OTHER_KEY")
    add_custom_field("my_size", "Size", "number")
    source, (ann,) = stage.cast(1, custom={"my_size": 4}, city="Paris")
    given = {
        "fields": ["mobile", "my_size"],
        "data": ["greeting: Hi {contactfield=firstname}", "town: {contactfield=city}"],
        "headers": ["Authorization: $env:CRM_KEY"],
    }
    campaign = stage.play(*hooked(hook, **given), source=source)
    stage.turn()
    ((headers, body),) = Receiver.took
    assert body == {
        "contact": {"id": ann, "mobile": mobile(ann), "my_size": 4},
        "campaign": {"id": campaign, "name": "Welcome"},
        "event": {"key": "call", "name": ""},
        "step": step(ann, "call").id,
        "data": {"greeting": "Hi Ann0", "town": "Paris"},
        "at": "2026-11-23T12:00:00+00:00",
    }
    assert headers["authorization"] == "s3cret"
    assert headers["idempotency-key"] == f"heliograph-{step(ann, 'call').id}"
    assert tags(ann) == ["told"]


def test_a_webhook_is_tried_again_with_longer_and_longer_waits(stage: Stage, hook: str) -> None:
    source, (ann,) = stage.cast(1)
    Receiver.answers = [500, 429, 503]
    stage.play(*hooked(hook), source=source)
    stage.turn()
    assert steps(ann) == {"call": "waiting"}
    assert step(ann, "call").due_at == MONDAY + timedelta(minutes=1)
    assert "Answered 500: so it is" in step(ann, "call").detail
    for minutes in (1, 4, 16):
        stage.leap(minutes=minutes)
        stage.turn()
    assert len(Receiver.took) == 4
    assert tags(ann) == ["told"]
    keys = {headers["idempotency-key"] for headers, _ in Receiver.took}
    assert len(keys) == 1


def test_a_webhook_is_tried_again_within_the_hours_of_its_event(stage: Stage, hook: str) -> None:
    source, (ann,) = stage.cast(1, timezone="UTC")
    Receiver.answers = [500, 500]
    (call, *others) = hooked(hook)
    call["timing"] = after(0, "minutes", begin="09:00", end="12:03")
    stage.play(call, *others, source=source)
    for minutes in (0, 1, 4):  # the third time is out of them
        stage.leap(minutes=minutes)
        stage.turn()
    assert len(Receiver.took) == 2
    assert step(ann, "call").due_at == MONDAY + timedelta(hours=21)
    stage.leap(hours=21)
    stage.turn()
    assert tags(ann) == ["told"]


def test_a_webhook_that_never_answers_fails_in_the_end(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    allowed = replace(current_settings(), webhook_private="1")
    current_app.extensions["heliograph_settings"] = allowed
    stage.play(*hooked("http://127.0.0.1:1/"), source=source)
    for _ in range(12):
        stage.turn()
        stage.leap(hours=6)
    assert tags(ann) == ["lost"]
    assert step(ann, "call").attempts == 7


def test_a_refusal_is_not_tried_again_and_a_redirect_not_followed(stage: Stage, hook: str) -> None:
    source, people = stage.cast(2)
    Receiver.answers = [404, 302]
    stage.play(*hooked(hook), source=source)
    stage.turn()
    assert [tags(one) for one in people] == [["lost"], ["lost"]]
    assert {step(one, "call").reason for one in people} == {"http_404", "http_302"}
    assert len(Receiver.took) == 2


def test_a_webhook_that_was_cut_off_by_a_crash_is_run_again(stage: Stage, hook: str) -> None:
    from heliograph.campaigns.batches import Work  # noqa: PLC0415
    from heliograph.campaigns.bounds import EVERYBODY  # noqa: PLC0415
    from heliograph.campaigns.builtin.webhook import WEBHOOK, Webhook  # noqa: PLC0415
    from heliograph.campaigns.course import load_course  # noqa: PLC0415
    from heliograph.campaigns.engine import KICKOFF, Engine, Scope  # noqa: PLC0415
    from heliograph.campaigns.membership import rebuild  # noqa: PLC0415
    from heliograph.campaigns.outside import claim, record, run_all  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    campaign = stage.play(*hooked(hook), source=source)
    with clock.at(stage.now):
        rebuild(campaign)
        Engine(Scope(phases=frozenset({KICKOFF}))).run()
        course = load_course(campaign)
        work = Work(course, course.roots[0], WEBHOOK, Webhook(url=hook))
        rows, _ = claim(work, 10, EVERYBODY, "dead")
        late = run_all(work, rows)
    assert steps(ann) == {"call": "running"}
    stage.turn()
    assert steps(ann) == {"call": "running"}
    stage.leap(minutes=6)
    stage.turn()
    assert tags(ann) == ["told"]
    assert len(Receiver.took) == 2
    # what the dead one still has to say counts for nothing
    with clock.at(stage.now):
        record(work, "dead", late)
    assert steps(ann) == {"call": "done", "told": "done"}
