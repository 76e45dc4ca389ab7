"""What one press of a button on the page of a simulation makes of its description.

The page keeps the description; each press sends it and gets the next one back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from heliograph.campaigns.simulation import MOST_DAYS, read_simulation, sample
from heliograph.contacts import find_contacts, get_contact
from heliograph.db import utcnow
from heliograph.errors import BadInput
from heliograph.installation import current_zone
from heliograph.web.zones import typed_time

LARGEST = 500_000  # characters of JSON
MOST_BACK = 200
WHOLE = timedelta(days=90)
LEAPS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
FIELDS = ("first_name", "mobile", "country", "timezone", "tags")
ZONES = ("Europe/Paris", "America/New_York", "Asia/Tokyo")
Form = Mapping[str, str]


@dataclass(slots=True)
class Board:
    """The description as plain data, and what Back goes to: (doings, until) of each."""

    given: dict[str, Any]
    back: list[tuple[int, str]] = field(default_factory=list)
    next_at: str = ""

    @property
    def now(self) -> datetime:
        return read_simulation(self.given).until

    def remember(self) -> None:
        self.back.append((len(self.script), str(self.given["until"])))
        del self.back[:-MOST_BACK]

    @property
    def script(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.given.setdefault("script", [])
        return found

    @property
    def cast(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.given["cast"]
        return found


def first_board(campaign_id: int) -> Board:
    """Three contacts of the sources, or else three who are made up; it begins now."""
    cast = [person.model_dump(exclude_defaults=True) for person in sample(campaign_id, 3)]
    now = utcnow().replace(microsecond=0).isoformat()
    zones = dict.fromkeys((current_zone().key, *ZONES))
    names = (_("Ann"), _("Ben"), _("Cleo"))
    made = [
        {"key": f"m{number}", "first_name": name, "timezone": zone}
        for number, (name, zone) in enumerate(zip(names, zones, strict=False), 1)
    ]
    return Board({"campaign_id": campaign_id, "cast": cast or made, "start": now, "until": now})


def read_board(campaign_id: int, form: Form) -> Board:
    """What the page sent; raises BadInput when that is no description."""
    text, back = form.get("description", ""), form.get("back", "[]")
    if len(text) + len(back) > LARGEST:
        raise BadInput("simulation", "is too large", mend=_("Start again with fewer contacts."))
    try:
        given, kept = json.loads(text), json.loads(back)
        found = [(int(count), str(until)) for count, until in kept]
    except (ValueError, TypeError, RecursionError):
        raise BadInput("simulation", "cannot be read", mend=_("Open the page again.")) from None
    if not isinstance(given, dict):
        raise BadInput("simulation", "cannot be read", mend=_("Open the page again."))
    stored = read_simulation(given | {"campaign_id": campaign_id}).stored()
    return Board(stored, found, form.get("next_at", ""))


def move(board: Board, form: Form) -> None:
    """Do what was pressed; raises BadInput, and then *board* may be half changed."""
    what, _sep, rest = form.get("do", "").partition(":")
    if what in ("next", "end", *LEAPS):
        leap(board, what)
    elif what == "back":
        go_back(board)
    elif what == "restart":
        board.given |= {"script": [], "until": board.given["start"]}
        board.back.clear()
    elif what in ("outage", "recover"):
        board.remember()
        board.script.append({"do": what, "at": board.given["until"]})
    elif what in ("enter", "answer", "say", "stop", "click", "fail", "heal"):
        act(board, what, rest, form)
    else:
        change_cast(board, what, rest, form)


def leap(board: Board, what: str) -> None:
    now, start = board.now, read_simulation(board.given).start
    if what == "next":
        if not board.next_at:
            return
        until = max(now, read_simulation(board.given | {"until": board.next_at}).until)
    elif what == "end":
        until = max(start + WHOLE, now)
    else:
        until = min(now + LEAPS[what], start + timedelta(days=MOST_DAYS))
    board.remember()
    board.given["until"] = until.isoformat()


def go_back(board: Board) -> None:
    if board.back:
        count, until = board.back.pop()
        del board.script[count:]
        board.given["until"] = until


def act(board: Board, what: str, rest: str, form: Form) -> None:
    """What a contact does, or what is done to its number."""
    who, _sep, text = rest.partition(":")
    if what == "enter":  # Enter in one of the answers
        typed = [one for one in keys(board) if form.get(f"answer-{one}", "").strip()]
        if not typed:
            return
        what, who = "answer", typed[0]
    doing: dict[str, Any] = {"do": what, "who": who, "at": board.given["until"]}
    if what in ("answer", "say"):
        text = text if what == "say" else form.get(f"answer-{who}", "")
        doing |= {"do": "answer", "text": text.strip()}
        if not doing["text"]:
            raise BadInput("answer", "is empty", mend=_("Write what the contact answers."))
    if what == "fail":
        how, _sep, kind = form.get(f"fail-{who}", "").partition(":")
        doing |= {"how": how or "refused", "kind": kind or "bad_number"}
    board.remember()
    board.script.append(doing)


def keys(board: Board) -> list[str]:
    return [person["key"] for person in board.cast]


# -- the cast ----------------------------------------------------------------


def change_cast(board: Board, what: str, rest: str, form: Form) -> None:
    if what == "remove":
        board.given["cast"] = [one for one in board.cast if one["key"] != rest]
        kept = [doing for doing in board.script if doing.get("who") != rest]
        board.given["script"] = kept
        board.back.clear()
    elif what == "make":
        board.cast.append(made_person(board, form))
    elif what == "invite":
        board.cast.append(known_person(board, form.get("who", "").strip()))
    elif what == "sample":
        take_sample(board, form.get("count", ""))
    elif what == "begin":
        begin(board, form)


def made_person(board: Board, form: Form) -> dict[str, Any]:
    numbers = [int(key[1:]) for key in keys(board) if key[0] == "m" and key[1:].isdecimal()]
    given: dict[str, Any] = {
        name: form.get(f"made-{name}", "").strip()
        for name in FIELDS
        if form.get(f"made-{name}", "").strip()
    }
    if "tags" in given:
        given["tags"] = [tag.strip() for tag in given["tags"].split(",") if tag.strip()]
    number = max(numbers, default=0) + 1
    return {"key": f"m{number}", "first_name": _("Made up %(number)s", number=number)} | given


def known_person(board: Board, who: str) -> dict[str, Any]:
    """The contact who was typed: by number, e-mail or id."""
    if who.isascii() and who.isdecimal() and len(who) < 7:
        found = [get_contact(int(who))]
    else:
        found = list(find_contacts(who, limit=2)) if who else []
    if len(found) != 1:
        mend = _("Use a number or e-mail.")
        raise BadInput("who", "is not exactly one contact", value=who or None, mend=mend)
    return {"key": f"c{found[0].id}", "contact_id": found[0].id}


def take_sample(board: Board, count: str) -> None:
    """So many contacts of the sources in place of those that were there; the others stay."""
    wanted = int(count) if count.isascii() and count.isdecimal() and len(count) < 4 else 0
    made = [one for one in board.cast if not one.get("contact_id")]
    people = sample(board.given["campaign_id"], wanted)
    if not people:
        mend = _("Make somebody up, or add contacts to the segments.")
        raise BadInput("count", "found nobody in the sources", mend=mend)
    board.given["cast"] = [*(one.model_dump(exclude_defaults=True) for one in people), *made]
    there = keys(board)
    board.given["script"] = [one for one in board.script if one.get("who") in (None, *there)]
    board.back.clear()


def begin(board: Board, form: Form) -> None:
    """Another start, and what is played: nothing has happened yet then."""
    start = typed_time("start")
    if start is not None:
        board.given["start"] = start.isoformat()
    board.given |= {"script": [], "until": board.given["start"]}
    board.given["published"] = form.get("which") == "published"
    board.back.clear()
