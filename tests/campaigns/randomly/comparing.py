"""Comparing what the manual promises with what the product does, and making that small."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.campaigns.randomly.expected import Lots, expected
from tests.campaigns.randomly.scenario import Event, Line, Scenario

Played = dict[str, list[Line]]
AT_ONCE = {"mode": "immediate"}


class Player(NamedTuple):
    """The product in one of its ways; `tells` are the kinds of lines that it knows.

    *on_server* knows of happenings that the simulation does not have.
    """

    play: Callable[[Scenario], Played]
    tells: frozenset[str]
    on_server: bool


@dataclass(frozen=True)
class Disagreement:
    """Of one person: what the manual promises, and what the product did."""

    scenario: Scenario
    who: str
    promised: list[Line]
    done: list[Line]

    def __str__(self) -> str:
        person = next(one for one in self.scenario.people if one.key == self.who)
        about = replace(self.scenario, events=(), people=(), happenings=())
        parts = [f"seed {self.scenario.seed}: {self.who} goes another way", f"  {about}"]
        parts += [f"  {person}"]
        parts += [f"  {json.dumps(event)}" for event in self.scenario.events]
        parts += [f"  {one}" for one in self.scenario.happenings if one.who in ("", self.who)]
        same = [line for line in self.promised if line in self.done]
        for title, lines in (("promised", self.promised), ("done", self.done)):
            parts.append(f"  {title}:")
            parts += [f"    {' ' if line in same else '!'} {line}" for line in lines]
        return "\n".join(parts)


def compared(scenario: Scenario, player: Player) -> list[Disagreement]:
    """Where the product leaves the way; raises Unclear where the manual has none."""
    played = player.play(scenario)
    found = []
    for person in scenario.people:
        lines = expected(scenario, person, lots_of(played))
        promised, done = (told(one, player) for one in (lines, played[person.key]))
        if promised != done:
            found.append(Disagreement(scenario, person.key, promised, done))
    return found


def told(lines: list[Line], player: Player) -> list[Line]:
    """Who comes in and is through in one moment is only told to be through."""
    ends = {line.at for line in lines if line.what == "ended"}
    known = [line for line in lines if line.what in player.tells]
    return sorted(line for line in known if line.what != "joined" or line.at not in ends)


def lots_of(played: Played) -> Lots:
    """The paths by lot, which only the product can tell: as it took them."""

    def path(who: str, event: str, time: int) -> str:
        steps = [line for line in played[who] if line.what == "step" and line.name == event]
        return steps[time - 1].how.split()[-1] if len(steps) >= time else "a"

    return path


def smaller(found: Disagreement, player: Player) -> Disagreement:
    """With all left out that the disagreement does not need."""
    least = found
    shrunk = True
    while shrunk:
        shrunk = False
        for scenario in cuts(least):
            again = still(scenario, player)
            if again is not None:
                least, shrunk = again, True
                break
    return least


def still(scenario: Scenario, player: Player) -> Disagreement | None:
    try:
        return next(iter(compared(scenario, player)), None)
    except Exception:  # the rest is no canvas, or not clear: it cannot be left out
        return None


def cuts(found: Disagreement) -> Iterator[Scenario]:
    """With one thing less each."""
    scenario = found.scenario
    if len(scenario.people) > 1:
        mine = tuple(one for one in scenario.people if one.key == found.who)
        theirs = tuple(one for one in scenario.happenings if one.who in ("", found.who))
        yield replace(scenario, people=mine, happenings=theirs)
    for event in scenario.events:
        rest = without(scenario.events, event["key"])
        if rest:
            yield replace(scenario, events=rest)
    for number in range(len(scenario.happenings)):
        rest = scenario.happenings[:number] + scenario.happenings[number + 1 :]
        yield replace(scenario, happenings=rest)
    yield from simpler_timings(scenario)
    plain = Scenario(0, scenario.start, scenario.until, (), ())
    for name in ("quiet", "zone", "allow_restart", "publish_up", "publish_down", "late_hours"):
        if getattr(scenario, name) != getattr(plain, name):
            yield replace(scenario, **{name: getattr(plain, name)})


def simpler_timings(scenario: Scenario) -> Iterator[Scenario]:
    for event in scenario.events:
        timing = event.get("timing", AT_ONCE)
        for name in ("weekdays", "hour"):
            if name in timing:
                rest = {key: value for key, value in timing.items() if key != name}
                yield replace(scenario, events=changed(scenario.events, event | {"timing": rest}))
        if timing != AT_ONCE:
            yield replace(scenario, events=changed(scenario.events, event | {"timing": AT_ONCE}))


def without(events: tuple[Event, ...], key: str) -> tuple[Event, ...]:
    """Without the event and all below it."""
    gone = {key}
    for event in events:
        if event.get("parent") in gone:
            gone.add(event["key"])
    return tuple(event for event in events if event["key"] not in gone)


def changed(events: tuple[Event, ...], new: Event) -> tuple[Event, ...]:
    return tuple(new if event["key"] == new["key"] else event for event in events)
