"""What the simulation says of a scenario."""

from __future__ import annotations

from typing import Any

from heliograph.campaigns.library import NotReady
from heliograph.campaigns.simulation import Transcript, Way, read_simulation, simulate
from tests.campaigns.randomly.house import House, Played, Refused
from tests.campaigns.randomly.scenario import Happening, Line, Scenario, second


def simulated(house: House, scenario: Scenario) -> Played:
    """What happens to each person; raises Refused."""
    put = house.put_up(scenario)
    cast = [{"key": key, "contact_id": contact_id} for key, contact_id in put.contacts.items()]
    description = {
        "campaign_id": put.campaign,
        "cast": cast,
        "start": scenario.start,
        "until": scenario.until,
        "script": [doing(one) for one in scenario.happenings],
    }
    try:
        transcript: Transcript = simulate(read_simulation(description))
    except NotReady as error:
        raise Refused(str(error)) from None
    if transcript.stopped:
        raise Refused(transcript.stopped)
    return {way.key: lines_of(way) for way in transcript.ways}


def doing(one: Happening) -> dict[str, Any]:
    who = {"who": one.who} if one.who else {}
    return {"do": one.do, "at": one.at} | who | one.facts


def lines_of(way: Way) -> list[Line]:
    found = []
    for entry in way.entries:
        at = second(entry.at)
        if entry.kind == "step" and entry.status != "cancelled":
            found.append(
                Line(at, "step", entry.event, f"{entry.status} {entry.path or ''}".strip())
            )
        elif entry.kind in ("text", "staff"):
            found.append(Line(at, entry.kind, entry.text.split()[0]))
        elif entry.kind == "joined":
            found.append(Line(at, "joined"))
        elif entry.kind == "ended":
            found.append(Line(at, "ended", how=entry.status))
    return found
