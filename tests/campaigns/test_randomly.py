"""Random campaigns go the way that docs/reference/events.md promises.

A few of those that `make random-campaigns` plays by the thousand.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.campaigns.randomly import clocks
from tests.campaigns.randomly.comparing import compared, smaller
from tests.campaigns.randomly.house import House
from tests.campaigns.randomly.playing import play_many, server, simulator
from tests.campaigns.randomly.scenario import Event, Happening, Person, Scenario

ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HELLO: Event = {
    "key": "hello",
    "kind": "action",
    "type": "recorder.send_text",
    "config": {"message": "M1"},
}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House.built() as built:
        yield built


def test_the_reading_of_the_manual_shares_no_code_with_the_product() -> None:
    program = (
        "import sys, tests.campaigns.randomly.drawing, tests.campaigns.randomly.comparing;"
        "print([name for name in sys.modules if name.split('.')[0] == 'heliograph'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_random_campaigns_are_simulated_as_the_manual_says(house: House) -> None:
    tally = play_many(simulator(house), range(1, 16), most=3)
    assert "\n".join(map(str, tally.found)) == ""
    assert len(tally.agree) >= 12, tally.left_out


def test_random_campaigns_go_on_a_server_as_the_manual_says(database_url: str) -> None:
    with House.built(database_url=database_url) as house:
        tally = play_many(server(house), range(1, 5), most=3)
    assert "\n".join(map(str, tally.found)) == ""
    assert len(tally.agree) >= 3, tally.left_out


def scenario(*events: Event, happenings: tuple[Happening, ...] = ()) -> Scenario:
    people = (Person("ann", "Europe/Paris"), Person("bob", "Asia/Tokyo"))
    return Scenario(1, START, START + timedelta(days=60), events, people, happenings)


def test_a_disagreement_is_found_and_made_small(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_week = {"mode": "interval", "amount": 1, "unit": "weeks"}
    later = HELLO | {"key": "later", "parent": "hello", "path": "", "timing": in_a_week}
    last = HELLO | {"key": "last", "parent": "later", "path": ""}
    said = (Happening(START + timedelta(hours=1), "answer", "ann", {"text": "ok"}),)
    drawn = scenario(HELLO, later, last, happenings=said)
    assert compared(drawn, simulator(house)) == []

    def wrongly(base: datetime, amount: int, unit: str, zone: str) -> tuple[datetime, bool]:
        return base + timedelta(days=amount * 6), True

    monkeypatch.setattr(clocks, "later", wrongly)
    found = compared(drawn, simulator(house))
    assert {one.who for one in found} == {"ann", "bob"}
    least = smaller(found[0], simulator(house))
    assert [event["key"] for event in least.scenario.events] == ["hello", "later"]
    assert least.scenario.happenings == ()
    assert len(least.scenario.people) == 1
    assert "! Sun 2026-11-29 12:00:00Z  text   M1" in str(least)


def test_a_text_that_goes_to_the_wrong_person_is_a_disagreement(house: House) -> None:
    player = simulator(house)
    mixed = player._replace(
        play=lambda given: dict(zip(("bob", "ann"), player.play(given).values(), strict=True))
    )
    stops = (Happening(START + timedelta(hours=1), "stop", "ann"),)
    again = HELLO | {"key": "again", "parent": "hello", "path": ""}
    again |= {"timing": {"mode": "interval", "amount": 2, "unit": "hours"}}
    drawn = replace(scenario(HELLO, again), happenings=stops)
    assert compared(drawn, player) == []
    assert {one.who for one in compared(drawn, mixed)} == {"ann", "bob"}
