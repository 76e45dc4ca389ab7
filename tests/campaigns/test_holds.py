"""What a hold made stale is left out; what anything else delays is not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from heliograph import clock
from heliograph.campaigns import edit_campaign, publish, unpublish
from heliograph.host import current_host
from tests.campaigns.drawing import after, tag
from tests.campaigns.stage import MONDAY, Stage, step, steps, text


def hold(stage: Stage, campaign: int, **span: float) -> None:
    with clock.at(stage.now):
        unpublish(campaign)
    stage.leap(**span)
    with clock.at(stage.now):
        publish(campaign)


@pytest.mark.parametrize("queued", [True, False])
def test_an_outage_after_a_short_hold_skips_nobody(stage: Stage, queued: bool) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = True
    timing = {} if queued else {"timing": after(1, "hours")}
    campaign = stage.play(text("hello", **timing), source=source)
    stage.turn()
    hold(stage, campaign, hours=2)
    for _ in range(4):
        stage.leap(hours=15)
        stage.turn()
    assert steps(ann) == {"hello": "sending"}
    stage.outage = False
    stage.leap(hours=1)
    stage.turn()
    assert steps(ann) == {"hello": "done"}
    assert len(stage.texts) == 1


def test_a_short_hold_in_a_long_outage_skips_nobody(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = True
    campaign = stage.play(text("hello"), source=source)
    for _ in range(3):
        stage.turn()
        stage.leap(days=1)
    hold(stage, campaign, minutes=5)
    stage.outage = False
    stage.leap(hours=1)
    stage.turn()
    assert steps(ann) == {"hello": "done"}


def test_who_is_parked_after_a_short_hold_is_not_skipped(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), text("hello", "a", timing=after(1, "hours")), source=source)
    stage.turn()
    current_host().disable("recorder")
    hold(stage, campaign, hours=2)
    stage.leap(days=3)
    stage.turn()
    assert steps(ann)["hello"] == "waiting"
    current_host().enable("recorder")
    stage.turn()
    assert steps(ann)["hello"] == "done"


def test_a_hold_by_dates_makes_stale_too(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        text("early", timing=after(1)),
        text("late", timing=after(5)),
        source=source,
        publish_down=MONDAY + timedelta(hours=12),
    )
    stage.turn()
    stage.leap(days=5, hours=2)
    assert steps(ann) == {"early": "waiting", "late": "waiting"}
    edit(campaign, stage.now, publish_down=None)
    stage.turn()
    assert steps(ann) == {"early": "skipped", "late": "done"}
    assert step(ann, "early").reason == "late"


def test_a_hold_until_a_day_makes_stale_too(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        text("early", timing=after(1)), text("late", timing=after(5)), source=source
    )
    stage.turn()
    edit(campaign, stage.now, publish_up=MONDAY + timedelta(days=5))
    stage.leap(days=5, hours=2)
    stage.turn()
    assert steps(ann) == {"early": "skipped", "late": "done"}


def edit(campaign: int, now: datetime, **facts: datetime | None) -> None:
    with clock.at(now):
        edit_campaign(campaign, **facts)  # type: ignore[arg-type]
