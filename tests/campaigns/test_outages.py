"""A provider that is away for hours or days: what campaigns send waits, and nobody is skipped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from heliograph import clock
from heliograph.campaigns.unclear import count_unclear, settle, unclear_texts
from heliograph.channel import Failure, FailureKind
from heliograph.checkup.sending import look_at_unknown
from heliograph.contacts.models import Contact
from heliograph.db import change_rows, database_now, db, transaction
from heliograph.deliveries.models import SENDING, Delivery
from heliograph.deliveries.recovery import conclude, give_up, take_doubtful
from heliograph.errors import BadInput, NotFound
from heliograph.providers import open_provider
from tests.campaigns.drawing import tag
from tests.campaigns.stage import PROVIDER, Stage, steps, tags, text

DOWN = Failure(FailureKind.TRANSIENT, "we are down")
UNCLEAR = Failure(FailureKind.UNKNOWN_OUTCOME, "nobody answers")


def play(stage: Stage, failure: Failure) -> int:
    """A contact whose text meets *failure*."""
    source, (ann,) = stage.cast(1)
    stage.failing[db.session.get_one(Contact, ann).mobile or ""] = failure
    ways = [tag("went", "hello"), tag("lost", "hello", path="failed")]
    stage.play(text("hello"), *ways, source=source)
    stage.turn()
    return ann


def ask(stage: Stage, found: list[object] | Failure) -> None:
    """Have the provider asked about what is unclear, and answer *found*."""
    with clock.at(stage.now):
        with transaction():  # PostgreSQL has its own time, which no test can set
            over = update(Delivery).where(Delivery.status == SENDING)
            change_rows(over.values(lease_until=stage.now - timedelta(days=400)))
        provider = open_provider(PROVIDER)
        for item in take_doubtful(PROVIDER, 0):
            conclude(provider, item, found)  # type: ignore[arg-type]
    stage.turn()


def status(stage: Stage, contact_id: int) -> str:
    return stage.deliveries(contact_id)[-1].status


@pytest.mark.parametrize("hours", [5, 40])
def test_hours_of_refusals_skip_nobody(stage: Stage, hours: int) -> None:
    ann = play(stage, DOWN)
    for _ in range(hours):
        stage.leap(hours=1)
        stage.turn()
    assert (steps(ann), stage.deliveries(ann)[0].attempts) == ({"hello": "sending"}, hours + 1)
    stage.failing.clear()
    stage.leap(minutes=20)  # the longest wait between two tries
    stage.turn()
    assert [at for at, _, _ in stage.texts] == [stage.now]
    assert tags(ann) == ["went"]


def test_what_is_refused_for_a_week_has_failed(stage: Stage) -> None:
    ann = play(stage, DOWN)
    for _ in range(8):
        stage.leap(days=1)
        stage.turn()
    assert status(stage, ann) == "failed"
    assert tags(ann) == ["lost"]


def test_hours_without_a_clear_answer_skip_nobody(stage: Stage) -> None:
    ann = play(stage, UNCLEAR)
    for _ in range(5):
        ask(stage, UNCLEAR)
        stage.leap(hours=5)
    for _ in range(9):
        ask(stage, [])  # the provider does not have it, and gives no clear answer again
        stage.leap(minutes=20)
        stage.turn()
        assert status(stage, ann) == "sending"
    stage.failing.clear()
    ask(stage, [])
    stage.leap(minutes=20)
    stage.turn()
    assert len(stage.texts) == 1
    assert tags(ann) == ["went"]


def test_after_a_week_without_a_clear_answer_a_person_decides(stage: Stage) -> None:
    ann = play(stage, UNCLEAR)
    stage.leap(days=6)
    ask(stage, UNCLEAR)
    assert status(stage, ann) == "sending"
    stage.leap(days=2)
    ask(stage, UNCLEAR)
    assert status(stage, ann) == "unknown"
    assert steps(ann) == {"hello": "sending"}


def test_while_the_provider_is_gone_its_texts_wait_for_it(stage: Stage) -> None:
    ann = play(stage, UNCLEAR)
    for past, given_up in ((timedelta(hours=5), 0), (timedelta(days=8), 1)):
        at = database_now() - past
        with transaction():
            change_rows(update(Delivery).values(attempted_at=at, lease_until=at))
        assert give_up(PROVIDER, "It was removed.") == given_up
    assert status(stage, ann) == "unknown"


@pytest.mark.parametrize(
    ("way", "after", "path", "texts"),
    [("sent", "accepted", "went", 0), ("failed", "failed", "lost", 0), ("resend", "", "went", 1)],
)
def test_a_person_decides_on_what_is_unclear_and_the_contact_goes_on(
    stage: Stage, way: str, after: str, path: str, texts: int
) -> None:
    ann = play(stage, UNCLEAR)
    stage.leap(days=8)
    ask(stage, UNCLEAR)
    campaign = stage.deliveries(ann)[0].campaign_id or 0
    (unclear,) = look_at_unknown()
    assert unclear.mend.endswith(f"heliograph campaigns settle {campaign}")
    assert (count_unclear(campaign), len(unclear_texts(campaign))) == (1, 1)
    stage.failing.clear()
    with clock.at(stage.now):
        assert settle(campaign, way) == 1
    stage.turn()
    assert tags(ann) == [path]
    assert len(stage.texts) == texts
    assert count_unclear(campaign) == 0
    assert after in status(stage, ann)


def test_nobody_decides_in_a_way_that_there_is_not(stage: Stage) -> None:
    ann = play(stage, UNCLEAR)
    campaign = stage.deliveries(ann)[0].campaign_id or 0
    with pytest.raises(BadInput, match=r"'maybe' is not known\. Use sent, failed, resend"):
        settle(campaign, "maybe")
    with pytest.raises(NotFound):
        settle(99, "sent")
