"""A STOP that comes while a text waits in the process: it is not handed over any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from heliograph.app import SETTINGS
from heliograph.broadcasts.lifecycle import begin, pause
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.campaigns.models import Campaign, CampaignLeaver, CampaignMember, CampaignStep
from heliograph.channel import Failure, FailureKind
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries import courier as courier_module
from heliograph.deliveries.calls import CallOutcome, ClaimedText, Released, Result, Skipped
from heliograph.deliveries.claim import Scope, claim_texts
from heliograph.deliveries.models import SENDING, Delivery
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.recheck import recheck
from heliograph.dnc import add_dnc
from heliograph.host import current_host
from heliograph.installation import settings_of
from heliograph.jobs.clock import Clock
from tests.fixtures import a_number, state_of, statuses, text_to
from tests.test_end_to_end import wait_until

Crowd = Callable[..., Any]


def stop(number: str) -> None:
    add_dnc(number, reason="unsubscribed", comment="Replied 'STOP'", source="reply 1")


def waiting(begun: list[str]) -> list[str]:
    """Numbers of texts that are claimed and whose call has not begun."""
    db.session.rollback()
    claimed = db.session.scalars(
        db.select(Delivery.number).where(Delivery.status == SENDING).order_by(Delivery.id)
    ).all()
    db.session.rollback()
    return [number for number in claimed if number not in begun]


def begun_calls(desk: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers that calls have begun for, as they come."""
    provider = current_host().get("recorder").contributions.providers[0]
    numbers: list[str] = []
    send = provider.send

    async def noted(self: Any, text: Any) -> Any:
        numbers.append(text.to)
        return await send(self, text)

    monkeypatch.setattr(provider, "send", noted)
    return numbers


def assert_skipped(number: str, calls: list[str]) -> None:
    db.session.rollback()
    row = db.session.scalars(db.select(Delivery).where(Delivery.number == number)).one()
    assert (row.status, row.reason, row.claim, row.attempts) == ("skipped", "dnc", None, 0)
    assert row.final_at is not None
    assert row.detail == "The number is on do-not-contact."
    assert number not in calls


def test_behind_a_slow_provider(
    desk: Any, crowd: Crowd, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = begun_calls(desk, monkeypatch)
    desk.delay = 1.5
    message, _ = crowd(50)
    wait_until(lambda: len(calls) == 20 and len(waiting(calls)) >= 8, 30)
    stopped = waiting(calls)[2:7]
    for number in stopped:
        stop(number)
    wait_until(lambda: state_of(message.id) == "finished", 60)
    assert statuses(message.id) == {"accepted": 45, "skipped": 5}
    for number in stopped:
        assert_skipped(number, calls)


def test_of_a_throttled_sender(
    desk: Any, crowd: Crowd, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = begun_calls(desk, monkeypatch)
    desk.delay = 0.3
    desk.failures = [Failure(FailureKind.THROTTLED, "Slow down.", retry_after=8.0)] * 20
    message, _ = crowd(40)
    wait_until(lambda: len(calls) == 20 and not desk.in_flight, 30)
    held = waiting(calls)[:3]
    assert held
    stopped = {*held, a_number(39)}
    for number in stopped:
        stop(number)
    wait_until(lambda: state_of(message.id) == "finished", 60)
    assert statuses(message.id) == {"accepted": 40 - len(stopped), "skipped": len(stopped)}
    for number in stopped:
        assert_skipped(number, calls)


def test_before_the_slot_of_a_paced_sender(
    desk: Any, crowd: Crowd, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = begun_calls(desk, monkeypatch)
    current_host().configure("recorder", {"pace": "2"})
    message, _ = crowd(6)
    wait_until(lambda: len(calls) >= 1 and len(waiting(calls)) >= 2, 30)
    number = waiting(calls)[-1]
    stop(number)
    wait_until(lambda: state_of(message.id) == "finished", 60)
    assert statuses(message.id) == {"accepted": 5, "skipped": 1}
    assert_skipped(number, calls)


def test_of_single_texts_as_well(
    desk: Any, crowd: Crowd, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = begun_calls(desk, monkeypatch)
    desk.delay = 1.5
    _, ids = crowd(40, publish_up=None)
    given = {"source": "api", "provider": "recorder", "sender": "+15005550006", "text": "Hi"}
    with transaction() as session:
        for person, contact_id in enumerate(ids):
            about = {"number": a_number(person), "contact_id": contact_id}
            session.add(Delivery(**given, **about, recipient_id=contact_id))
    wait_until(lambda: len(calls) == 20 and len(waiting(calls)) >= 5, 30)
    stopped = waiting(calls)[:3]
    for number in stopped:
        stop(number)
    wait_until(lambda: len(desk.texts) == 37, 60)
    for number in stopped:
        assert_skipped(number, calls)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_while_the_database_is_away_nothing_goes_that_nobody_could_ask_about(
    desk: Any,
    crowd: Crowd,
    ticking: Clock,
    monkeypatch: pytest.MonkeyPatch,
    postgres: Any,
) -> None:
    calls = begun_calls(desk, monkeypatch)
    desk.delay = 1.5
    message_id = crowd(50)[0].id
    wait_until(lambda: len(calls) == 20 and len(waiting(calls)) >= 8, 30)
    name = db.engine.url.database
    db.session.remove()
    postgres.allow(name, False)
    time.sleep(1)  # what was known to be allowed may still go
    before = len(calls)
    time.sleep(3)
    after = len(calls)
    postgres.allow(name, True)
    assert after == before < 50
    wait_until(lambda: state_of(message_id) == "finished", 90)
    assert statuses(message_id) == {"accepted": 50}
    assert sorted(calls) == sorted(a_number(person) for person in range(50))


def test_a_quick_provider_is_not_asked_about_each_text(
    desk: Any, crowd: Crowd, send: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    ask = courier_module.recheck

    def counted(scope: Scope, texts: Any) -> Any:
        asked.append(len(texts))
        return ask(scope, texts)

    monkeypatch.setattr(courier_module, "recheck", counted)
    crowd(2000)
    send()
    assert len(desk.texts) == 2000
    assert len(asked) <= 2000 / 50


# -- what came between, by itself -----------------------------------------


@pytest.fixture
def scope(crowd: Crowd) -> Scope:
    """A planned broadcast of two texts."""
    message, _ = crowd(2)
    broadcast = begin(message.id)
    plan_broadcast(message.id)
    db.session.rollback()
    return Scope("recorder", broadcast.sender or "", broadcast_id=message.id)


def asked_again(scope: Scope, texts: list[ClaimedText]) -> list[Result | None]:
    """What the recheck says of each text; None lets it go."""
    found = recheck(scope, texts)
    db.session.rollback()
    assert found.open
    results = [found.stopped.get((one.delivery_id, one.claim)) for one in texts]
    outcomes = [
        CallOutcome(one.delivery_id, one.claim, result)
        for one, result in zip(texts, results, strict=True)
        if result is not None
    ]
    record_outcomes(scope.provider, outcomes)
    return results


def test_only_the_number_of_the_stop_is_left_out(scope: Scope) -> None:
    texts = claim_texts(scope, 2).texts
    assert asked_again(scope, texts) == [None, None]
    stop(a_number(1))
    first, second = asked_again(scope, texts)
    assert first is None
    assert isinstance(second, Skipped)
    assert (text_to(0).status, text_to(0).claim) == ("sending", texts[0].claim)
    assert_skipped(a_number(1), [])


def delete(contact: Contact) -> None:
    db.session.delete(contact)


def change_number(contact: Contact) -> None:
    contact.mobile = "+33699999999"


def mark_invalid(contact: Contact) -> None:
    contact.number_status = NUMBER_INVALID


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (delete, "contact_deleted"),
        (change_number, "number_changed"),
        (mark_invalid, "invalid_number"),
    ],
)
def test_what_happens_to_its_contact_stops_a_claimed_text(
    scope: Scope, change: Callable[[Contact], None], reason: str
) -> None:
    texts = claim_texts(scope, 2).texts
    with transaction() as session:
        change(session.scalars(db.select(Contact).where(Contact.mobile == a_number(0))).one())
    first, second = asked_again(scope, texts)
    assert isinstance(first, Released)
    assert second is None
    assert claim_texts(scope, 2).texts == []
    assert (text_to(0).status, text_to(0).reason) == ("skipped", reason)


def test_a_paused_broadcast_lets_nothing_go_that_waits(scope: Scope) -> None:
    texts = claim_texts(scope, 2).texts
    pause(scope.broadcast_id or 0)
    assert not recheck(scope, texts).open


def test_who_lost_the_claim_may_not_call(scope: Scope) -> None:
    texts = claim_texts(scope, 2).texts
    with transaction() as session:
        session.get_one(Delivery, texts[0].delivery_id).claim = "another's"
    first, second = asked_again(scope, texts)
    assert isinstance(first, Released)
    assert second is None
    assert (text_to(0).status, text_to(0).claim) == ("sending", "another's")


def claimed_of_campaign(contact_id: int, **campaign: Any) -> tuple[Scope, ClaimedText]:
    with transaction() as session:
        made = Campaign(name="Welcome", published=True, **campaign)
        session.add(made)
        session.flush()
        step = CampaignStep(
            campaign_id=made.id, event_id=1, contact_id=contact_id, rotation=1, status="sending"
        )
        session.add(step)
        session.flush()
        text = Delivery(
            source="campaign",
            source_id=step.id,
            campaign_id=made.id,
            recipient_id=contact_id,
            contact_id=contact_id,
            number=a_number(0),
            provider="recorder",
            text="Hi",
        )
        session.add(text)
    scope = Scope("recorder")
    (claimed,) = claim_texts(scope, 1).texts
    return scope, claimed


def test_a_campaign_that_is_held_takes_its_claimed_texts_back(sending: Any, crowd: Crowd) -> None:
    _, (contact_id,) = crowd(1)
    scope, claimed = claimed_of_campaign(contact_id)
    assert asked_again(scope, [claimed]) == [None]
    with transaction() as session:
        session.scalars(db.select(Campaign)).one().published = False
    (result,) = asked_again(scope, [claimed])
    assert isinstance(result, Released)
    assert claim_texts(scope, 1).texts == []
    assert (text_to(0).status, text_to(0).reason) == ("queued", "held")


def test_who_left_the_campaign_gets_no_text_that_waits(sending: Any, crowd: Crowd) -> None:
    _, (contact_id,) = crowd(1)
    scope, claimed = claimed_of_campaign(contact_id)
    with transaction() as session:
        session.scalars(db.select(CampaignStep)).one().status = "cancelled"
    (result,) = asked_again(scope, [claimed])
    assert isinstance(result, Skipped)
    assert (text_to(0).status, text_to(0).reason) == ("skipped", "left")
    assert text_to(0).detail == "The contact is not in the campaign any more."
    assert utcnow() >= text_to(0).final_at


def test_who_was_noted_as_leaving_gets_none_either(sending: Any, crowd: Crowd) -> None:
    """From the note on, though the campaign has not taken it in yet."""
    _, (contact_id,) = crowd(1)
    scope, claimed = claimed_of_campaign(contact_id)
    with transaction() as session:
        campaign = session.scalars(db.select(Campaign)).one()
        member = CampaignMember(campaign_id=campaign.id, contact_id=contact_id)
        session.add(member)
        session.flush()
        session.add(CampaignLeaver(member_id=member.id, joined_at=member.joined_at))
    (result,) = asked_again(scope, [claimed])
    assert isinstance(result, Skipped)
    assert (text_to(0).status, text_to(0).reason) == ("skipped", "left")


# -- quiet hours that begin while a text waits ------------------------------


@pytest.fixture
def evening(sending: Any) -> Iterator[Callable[[], None]]:
    """Two seconds before quiet hours in Paris; call it, and they have begun."""
    settings = settings_of(sending)
    hours = replace(settings, quiet_hours="21:00-08:00", timezone="Europe/Paris")
    sending.extensions[SETTINGS] = hours
    with time_machine.travel(datetime(2026, 6, 1, 18, 59, 58, tzinfo=UTC), tick=False) as clock:
        yield lambda: clock.shift(3)


def test_quiet_hours_that_begin_hold_what_waits(evening: Callable[[], None], scope: Scope) -> None:
    with transaction() as session:
        abroad = session.scalars(db.select(Contact).where(Contact.mobile == a_number(1))).one()
        abroad.timezone = "America/New_York"
    texts = claim_texts(scope, 2).texts
    assert asked_again(scope, texts) == [None, None]
    evening()
    first, second = asked_again(scope, texts)
    assert isinstance(first, Released)
    assert second is None  # it is afternoon there
    assert claim_texts(scope, 2).texts == []
    row = text_to(0)
    assert (row.status, row.reason, row.attempts) == ("queued", "quiet", 0)
    assert row.not_before == datetime(2026, 6, 2, 6, tzinfo=UTC)


def test_quiet_hours_by_the_clock_of_the_campaign(
    evening: Callable[[], None], crowd: Crowd
) -> None:
    _, (contact_id,) = crowd(1)
    scope, claimed = claimed_of_campaign(contact_id, timezone="America/New_York")
    evening()
    assert asked_again(scope, [claimed]) == [None]
