"""Draws a whole scenario from a seed: canvas, people, settings, and what happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.campaigns.randomly.canvases import CITIES, TAGS, ZONES, Drawer
from tests.campaigns.randomly.contact import Unclear
from tests.campaigns.randomly.expected import expected
from tests.campaigns.randomly.scenario import SEGMENTS, Happening, Person, Scenario

# days on which clocks change somewhere in ZONES, within the days after them
CHANGES = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25")
CHANGES += ("2026-11-01", "2026-04-24", "2027-03-14", "2027-03-28")
ANSWERS = ("YES", "yes please", "Oh yes!", "no", "Nope", "ok", "yesterday", "4711", "nay", " ")
WORDS = ("STOP", "stop", "Stop!", "START", "UNSTOP", "HELP", "INFO", "YES")
KINDS = ("bad_number", "unreachable", "opted_out", "filtered")
QUIET = ("21:00-08:00", "22:30-07:15", "20:00-02:30", "13:00-14:00")


def drawn(seed: int, *, on_server: bool = False) -> Scenario:
    """The scenario of *seed*; *on_server* with what can only happen on a server."""
    rng = Random(seed)
    start = begin(rng)
    source = "lead" if rng.random() < 0.5 else ""
    scenario = Scenario(
        seed,
        start,
        start + timedelta(days=90),
        Drawer(rng, start, source).canvas(),
        tuple(person(rng, number, source) for number in range(rng.randint(1, 3))),
        source=source,
        zone=rng.choice(("", *ZONES)) if rng.random() < 0.5 else "",
        installation_zone=rng.choice(("UTC", "Europe/Paris", "America/New_York")),
        quiet=rng.choice(QUIET) if rng.random() < 0.3 else "",
        allow_restart=rng.random() < 0.4,
        report_after=rng.choice((0, 7, 4000)) if on_server else 0,
    )
    if not on_server and rng.random() < 0.2:
        scenario = with_dates(rng, scenario)
    if on_server:
        scenario = replace(scenario, late_hours=rng.choice((None, 0, 24)))
    return replace(scenario, happenings=happenings(rng, scenario, on_server=on_server))


def begin(rng: Random) -> datetime:
    if rng.random() < 0.5:
        day = datetime.fromisoformat(rng.choice(CHANGES)).replace(tzinfo=UTC)
        found = day - timedelta(days=rng.randint(0, 20))
    else:
        found = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=rng.randint(0, 500))
    return found + timedelta(minutes=rng.randint(0, 1439))


def with_dates(rng: Random, scenario: Scenario) -> Scenario:
    up = scenario.start + timedelta(minutes=rng.randint(10, 9000))
    down = scenario.start + timedelta(days=rng.randint(8, 60), minutes=rng.randint(0, 900))
    return rng.choice(
        (
            replace(scenario, publish_up=up),
            replace(scenario, publish_down=down),
            replace(scenario, publish_up=up, publish_down=down),
        )
    )


def person(rng: Random, number: int, source: str) -> Person:
    tags = set(rng.sample(TAGS, rng.randint(0, 2)))
    if source and rng.random() < 0.9:
        tags.add(source)
    return Person(
        f"p{number + 1}",
        zone=rng.choice(("", *ZONES)),
        country=rng.choice(("FR", "JP", "US", "")),
        number=rng.choices(("ok", "none", "invalid"), (86, 7, 7))[0],
        dnc=rng.choices(("", "manual", "bounced", "unsubscribed"), (82, 6, 6, 6))[0],
        tags=tuple(sorted(tags)),
        fields={"city": rng.choice(CITIES), "points": rng.choice((None, 5, 12, 40))},
        segments=tuple(name for name in SEGMENTS if rng.random() < 0.4),
    )


def happenings(rng: Random, scenario: Scenario, *, on_server: bool) -> tuple[Happening, ...]:
    found: list[Happening] = []
    for one in scenario.people:
        moments = interesting(rng, scenario, one)
        found += [
            deed(rng, near(rng, scenario, moments), one, on_server=on_server)
            for _ in range(rng.choice((0, 1, 2, 3, 4, 6)))
        ]
        if rng.random() < 0.15:
            found.append(failing(rng, near(rng, scenario, moments), one))
    everybody = interesting(rng, scenario, scenario.people[0])
    if rng.random() < 0.2:
        found.append(outage(rng, near(rng, scenario, everybody)))
    if on_server and rng.random() < 0.4:
        begins, ends = rng.choice((("hold", "publish"), ("hold", "publish"), ("disable", "enable")))
        at = near(rng, scenario, everybody)
        found += [Happening(at, begins), Happening(at + length(rng), ends)]
    found = [one for one in found if scenario.start <= one.at < scenario.until]
    return tuple(sorted(found, key=lambda one: one.at))


def interesting(rng: Random, scenario: Scenario, one: Person) -> list[datetime]:
    """When something happens to the person, if nothing else does."""
    try:
        lines = expected(scenario, one, lambda *_: rng.choice("ab"))
    except Unclear:
        lines = []
    return [scenario.start, *(line.at for line in lines)]


def near(rng: Random, scenario: Scenario, moments: list[datetime]) -> datetime:
    """Some time after one of *moments*, at an odd second."""
    if rng.random() < 0.15:
        found = scenario.start + timedelta(minutes=rng.randint(0, 90 * 1440))
    else:
        hours = rng.choice((0.01, 0.5, 3, 30, 200))
        found = rng.choice(moments) + timedelta(hours=rng.random() * hours)
    return found.replace(second=rng.randint(1, 59), microsecond=0)


def length(rng: Random) -> timedelta:
    return timedelta(seconds=int(rng.choice((0.5, 4, 20, 60, 200)) * rng.uniform(1200, 3600)))


def deed(rng: Random, at: datetime, one: Person, *, on_server: bool) -> Happening:
    kind = rng.random()
    if kind < 0.1 and on_server:
        return Happening(at, "edit", one.key, edit(rng))
    if kind < 0.6:
        return Happening(at, "answer", one.key, {"text": rng.choice(ANSWERS)})
    if kind < 0.75:
        return Happening(at, "answer", one.key, {"text": rng.choice(WORDS)})
    if kind < 0.8:
        return Happening(at, "stop", one.key)
    return Happening(at, "click", one.key)


def edit(rng: Random) -> dict[str, Any]:
    if rng.random() < 0.3:
        return {"fields": {"timezone": rng.choice(ZONES)}}
    return {rng.choice(("add", "remove")): [rng.choice((*["lead"] * 6, *TAGS))]}


def failing(rng: Random, at: datetime, one: Person) -> Happening:
    facts: dict[str, Any] = {"how": rng.choice(("refused", "undelivered"))}
    facts["kind"] = rng.choice(KINDS)
    if rng.random() < 0.7:
        facts["until"] = at + length(rng)
    return Happening(at, "fail", one.key, facts)


def outage(rng: Random, at: datetime) -> Happening:
    return Happening(at, "outage", "", {"until": at + length(rng)})
