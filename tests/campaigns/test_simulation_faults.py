"""Simulations in which something goes wrong: outages, numbers that fail, opt-outs."""

from __future__ import annotations

import pytest

from heliograph.contacts.models import Contact
from heliograph.db import transaction
from heliograph.host import current_host
from tests.campaigns.drawing import after as in_days
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.rehearsal import MONDAY, after, doing, kinds, played, steps_of, texts, welcome
from tests.campaigns.stage import Stage, text

# where the real database is another one, see test_simulation_alone.py
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_stop_puts_the_number_on_do_not_contact_and_no_text_goes_any_more(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    campaign = drafted(
        text("hello"),
        event("out", "core.opted_out", "hello", config={"wait_amount": 3}),
        tag("gone", "out", path="yes"),
        text("more", "gone", timing=in_days(1)),
        text("again", "out", path="no"),
        source=source,
    )
    found = played(
        campaign,
        [ann, bob],
        doing("answer", ann, at=after(hours=1), text="stop"),
        doing("stop", bob, at=after(hours=2)),
    )
    for one in (ann, bob):
        assert len(texts(found, one)) == 1
        assert steps_of(found, one) == ["hello done", "out done yes", "gone done", "more failed"]
        replied = next(entry for entry in found.way(f"c{one}").entries if entry.kind == "reply")
        assert replied.status == "out"
        assert "do-not-contact" in found.way(f"c{one}").entries[-2].words


def test_a_text_waits_for_the_end_of_an_outage_and_goes_then(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    out = doing("outage", at=after(days=2), until=after(days=9, hours=1))
    while_out = played(campaign, [ann], out, days=5)
    assert while_out.out
    (place,) = while_out.way(f"c{ann}").passage.places  # type: ignore[union-attr]
    assert (place.key, place.status) == ("remind", "sending")
    assert "held until" in place.why
    assert "switched it off here" in place.why
    found = played(campaign, [ann], out)
    assert [when for when, _ in texts(found, ann)] == ["Mon 23 12:00", "Wed 02 13:00"]
    assert kinds(found, ann).count("refused") == 1
    assert [one.kind for one in found.switches] == ["outage", "recover"]
    assert steps_of(found, ann) == ["hello done", "yes done no", "remind done"]


def test_an_outage_without_end_costs_few_leaps_and_ends_when_it_is_ended(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    out = doing("outage", at=MONDAY)
    found = played(campaign, [ann], out, days=20)
    assert not texts(found, ann)
    assert found.jumps < 40
    ended = played(campaign, [ann], out, doing("recover", at=after(days=9, minutes=7)), days=14)
    assert [when for when, _ in texts(ended, ann)][:1] == ["Wed 02 12:07"]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"kind": "bad_number"}, "refused: bad number"),
        ({"how": "undelivered", "kind": "unreachable"}, ""),
        ({"kind": "transient"}, "refused: transient"),
    ],
)
def test_texts_to_a_number_that_fails_take_the_path_for_it(
    stage: Stage, failure: dict[str, str], words: str
) -> None:
    source, (ann, bob) = stage.cast(2)
    campaign = drafted(
        text("hello", timing=in_days(1)),
        tag("lost", "hello", path="failed"),
        event("arrives", "core.delivered", "hello", config={"wait_amount": 1}),
        tag("there", "arrives", path="yes"),
        tag("not_there", "arrives", path="no"),
        source=source,
    )
    found = played(campaign, [ann, bob], doing("fail", ann, at=after(hours=1), **failure))
    assert steps_of(found, bob) == ["hello done", "arrives done yes", "there done"]
    ways = steps_of(found, ann)
    if failure.get("how") == "undelivered":  # it was taken: the campaign went on
        assert ways == ["hello done", "arrives done no", "not_there done"]
        reports = [one for one in found.way(f"c{ann}").entries if one.kind == "report"]
        assert [one.status for one in reports] == ["undelivered"]
        assert "unreachable" in reports[0].words
    else:
        assert ways == ["hello failed failed", "lost done"]
        step = next(one for one in found.way(f"c{ann}").entries if one.kind == "step")
        assert words in step.words
    assert found.way(f"c{ann}").failing


def test_a_number_that_is_healed_gets_texts_again(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = drafted(text("one"), text("two", "one", timing=in_days(2)), source=source)
    fails = doing("fail", ann, at=MONDAY, kind="unreachable")
    found = played(campaign, [ann], fails, doing("heal", ann, at=after(days=1)))
    assert [words for _, words in texts(found, ann)] == ["two Ann0"]
    bounded = doing("fail", ann, at=after(hours=1), kind="unreachable", until=after(days=2))
    assert len(texts(played(campaign, [ann], bounded), ann)) == 2


def test_events_of_a_plugin_that_is_off_are_waited_at(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    current_host().disable("recorder")
    found = played(campaign, [ann])
    (place,) = found.way(f"c{ann}").passage.places  # type: ignore[union-attr]
    assert "is disabled" in place.why
    assert found.next_at is None


def test_a_contact_without_a_number_cannot_answer(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    with transaction() as session:
        session.get_one(Contact, ann).mobile = None
    found = played(welcome(source), [ann], doing("answer", ann, at=after(hours=1), text="YES"))
    replied = next(one for one in found.way(f"c{ann}").entries if one.kind == "reply")
    assert replied.status == "no_number"
    assert steps_of(found, ann)[0] == "hello failed"
