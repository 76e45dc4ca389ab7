from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.broadcasts.counts import count_broadcast
from heliograph.broadcasts.lifecycle import cancel, get_broadcast, pause, resume
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.channel import Failure, FailureKind
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import Delivery
from heliograph.dnc import MANUAL, add_dnc, find_dnc
from heliograph.errors import Conflict
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
from tests.fixtures import add_people, statuses, text_to

Crowd = Callable[..., Any]
Send = Callable[..., Any]


def test_each_contact_gets_it_exactly_once(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(7)
    first = send()
    assert first[0].status == "finished"
    assert sorted(text.text for text in desk.texts) == [f"Hello Ann{n}" for n in range(7)]
    assert send() == []
    assert len(desk.texts) == 7
    assert statuses(message.id) == {"accepted": 7}


def test_a_limit_is_exact(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(30)
    send(limit=10, batch=4)
    assert len(desk.texts) == 10
    send(limit=1, batch=50)
    assert len(desk.texts) == 11
    assert get_broadcast(message.id).status == "running"
    send()
    assert len(desk.texts) == 30


def test_id_ranges_and_threads_share_the_work(crowd: Crowd, send: Send, desk: Any) -> None:
    _, ids = crowd(20)
    send(min_contact_id=ids[5], max_contact_id=ids[9])
    assert len(desk.texts) == 5
    send(thread=1, threads=3)
    send(thread=2, threads=3)
    assert len(desk.texts) < 20
    send(thread=3, threads=3)
    assert Counter(text.to for text in desk.texts).most_common(1)[0][1] == 1
    assert len(desk.texts) == 20


def test_two_segments_and_a_shared_number_get_one_text(send: Send, desk: Any) -> None:
    ids = add_people(4)
    with transaction() as session:
        session.add(Contact(mobile="+33612000000", first_name="Twin"))
    twin = db.session.scalars(db.select(Contact.id).where(Contact.first_name == "Twin")).one()
    one, two = create_segment("one"), create_segment("two")
    add_members(one.id, ids)
    add_members(two.id, [*ids, twin])
    message = create_message(
        name="Overlap", text="Hi", segments=[one.id, two.id], publish_up=utcnow()
    )
    send()
    assert sorted(Counter(text.to for text in desk.texts).values()) == [1, 1, 1, 1]
    assert count_broadcast(message.id).skipped == {"shared_number": 1}


def test_those_left_out_are_counted_by_reason(crowd: Crowd, send: Send, desk: Any) -> None:
    message, ids = crowd(6)
    with transaction() as session:
        session.get_one(Contact, ids[0]).mobile = None
        session.get_one(Contact, ids[1]).mobile = ""
        session.get_one(Contact, ids[2]).number_status = NUMBER_INVALID
    add_dnc("+33612000003", reason=MANUAL)
    send()
    counts = count_broadcast(message.id)
    assert counts.skipped == {"no_number": 2, "invalid_number": 1, "dnc": 1}
    assert len(desk.texts) == 2


def test_an_opt_out_after_the_plan_still_holds(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(3)
    send(limit=1)
    waiting = db.session.scalars(db.select(Delivery.number).where(Delivery.status == "queued"))
    stopped = waiting.first()
    assert stopped is not None
    add_dnc(stopped, reason="unsubscribed")
    send()
    assert stopped not in {text.to for text in desk.texts}
    assert count_broadcast(message.id).skipped == {"dnc": 1}


def test_late_joiners_get_it_too(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(2)
    send()
    assert get_broadcast(message.id).status == "finished"
    late = add_people(1, first=500)
    add_members(message.segments[0].id, late)
    send()
    assert [text.to for text in desk.texts][-1] == "+33612000500"
    assert len(desk.texts) == 3
    assert get_broadcast(message.id).status == "finished"


def test_a_late_joiner_after_publish_down_gets_nothing(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(1)
    send()
    with transaction() as session:
        session.merge(message).publish_down = utcnow() - timedelta(seconds=1)
    add_members(message.segments[0].id, add_people(1, first=500))
    assert send() == []
    assert len(desk.texts) == 1


def test_planning_twice_adds_nothing(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(5)
    send(limit=1)
    again = plan_broadcast(message.id)
    assert again is not None
    assert again.queued == 0


def test_pause_resume_and_cancel(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(10)
    send(limit=2)
    pause(message.id)
    with pytest.raises(Conflict, match="resume"):
        send(broadcast_id=message.id)
    assert send() == []
    assert len(desk.texts) == 2
    resume(message.id)
    send(limit=2)
    cancel(message.id)
    assert send() == []
    assert statuses(message.id) == {"accepted": 4, "cancelled": 6}
    with pytest.raises(Conflict, match="cancelled"):
        resume(message.id)


def test_no_enabled_provider_is_said_and_nothing_is_lost(
    crowd: Crowd, send: Send, desk: Any
) -> None:
    message, _ = crowd(2)
    current_host().disable("recorder")
    with pytest.raises(Conflict, match="No provider is enabled"):
        send()
    assert get_broadcast(message.id).status == "scheduled"
    assert "No provider" in get_broadcast(message.id).reason
    current_host().enable("recorder")
    send()
    assert len(desk.texts) == 2


def test_an_incomplete_config_is_named(crowd: Crowd, send: Send, desk: Any) -> None:
    crowd(1)
    current_host().configure("recorder", {"required": ""})
    with pytest.raises(Conflict, match="required: is required"):
        send()
    assert desk.texts == []


def test_a_broadcast_without_recipients_says_so(send: Send, desk: Any, crowd: Crowd) -> None:
    segment = create_segment("nobody")
    message = create_message(name="Empty", text="Hi", segments=[segment.id], publish_up=utcnow())
    report = send()[0]
    assert report.status == "finished"
    assert "No recipients" in report.reason
    assert statuses(message.id) == {}


def test_disabling_the_provider_stops_a_run(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(4)
    send(limit=1)
    current_host().disable("recorder")
    with pytest.raises(Conflict, match="disabled"):
        send(broadcast_id=message.id)
    assert len(desk.texts) == 1


def test_many_are_in_flight_at_once(crowd: Crowd, send: Send, desk: Any) -> None:
    crowd(60)
    desk.delay = 0.02
    send()
    assert len(desk.texts) == 60
    assert 10 <= desk.most_in_flight <= 20


def test_a_bad_number_is_marked_and_the_rest_goes_on(crowd: Crowd, send: Send, desk: Any) -> None:
    message, ids = crowd(3)
    desk.by_number["+33612000001"] = Failure(FailureKind.BAD_NUMBER, "no such phone", code="21614")
    send()
    assert statuses(message.id) == {"accepted": 2, "failed": 1}
    assert count_broadcast(message.id).failed == {"bad_number": 1}
    marked = db.session.get_one(Contact, ids[1], populate_existing=True)
    assert marked.number_status == NUMBER_INVALID


def test_opted_out_at_the_provider_becomes_dnc(crowd: Crowd, send: Send, desk: Any) -> None:
    crowd(2)
    desk.by_number["+33612000001"] = Failure(FailureKind.OPTED_OUT, "blocked", code="21610")
    send()
    entry = find_dnc("+33612000001")
    assert entry is not None
    assert entry.reason == "unsubscribed"
    assert "21610" in entry.comment


def test_wrong_credentials_pause_and_burn_nobody(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(30)
    desk.failures = [Failure(FailureKind.ACCOUNT, "Wrong token", code="20003")] * 30
    report = send()[0]
    assert report.status == "paused"
    assert "Wrong token" in report.reason
    assert statuses(message.id) == {"queued": 30}
    desk.failures = []
    resume(message.id)
    send()
    assert len(desk.texts) == 30


def test_a_moment_of_trouble_is_tried_again(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(2)
    desk.failures = [Failure(FailureKind.TRANSIENT, "try later", retry_after=0.2)]
    send()
    assert statuses(message.id) == {"accepted": 2}


def test_throttling_costs_no_attempt(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(3)
    desk.failures = [Failure(FailureKind.THROTTLED, "slow down", retry_after=0.3)] * 2
    send()
    assert statuses(message.id) == {"accepted": 3}
    attempts = db.session.scalars(db.select(Delivery.attempts)).all()
    assert set(attempts) == {1}


def test_a_lost_answer_is_looked_up_and_never_sent_twice(
    crowd: Crowd, send: Send, desk: Any
) -> None:
    message, _ = crowd(5)
    desk.lose_answers = 3
    send()
    assert len(desk.texts) == 5
    assert statuses(message.id) == {"accepted": 5}
    ids = db.session.scalars(db.select(Delivery.provider_id)).all()
    assert len(set(ids)) == 5


def test_nonsense_from_a_provider_is_no_success(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(1)
    desk.nonsense = "sure, sent"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heliograph.deliveries.policy.MAX_ATTEMPTS", 2)
        patch.setattr("heliograph.deliveries.recovery.AGAIN_AFTER", timedelta(seconds=0.2))
        send()
    delivery = db.session.scalars(db.select(Delivery)).one()
    assert delivery.status == "failed"
    assert "without a clear answer" in delivery.detail
    assert "sure, sent" in delivery.detail
    assert delivery.provider_id is None
    assert get_broadcast(message.id).status == "finished"


def test_pace_spreads_the_texts(crowd: Crowd, send: Send, desk: Any) -> None:
    current_host().configure("recorder", {"pace": "20"})
    crowd(12)
    begun = time.monotonic()
    send()
    assert len(desk.texts) == 12
    assert time.monotonic() - begun >= 0.5


def test_a_contact_whose_text_is_empty_is_left_out(crowd: Crowd, send: Send, desk: Any) -> None:
    message, ids = crowd(2, text="{contactfield=city}")
    with transaction() as session:
        session.get_one(Contact, ids[0]).city = "Lyon"
    send()
    assert [text.text for text in desk.texts] == ["Lyon"]
    assert count_broadcast(message.id).skipped == {"empty_text": 1}
    assert explain(text_to(1)) == "It was not sent. The text is empty for this contact."
