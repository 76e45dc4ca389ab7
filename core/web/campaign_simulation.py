"""The page on which a campaign is simulated: each press plays it from its beginning."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from heliograph.campaigns import Campaign, NotReady, get_campaign
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.simulation import MOST_PEOPLE, Transcript, read_simulation, simulate
from heliograph.contacts.countries import country_codes
from heliograph.errors import BadInput, HeliographError
from heliograph.web.access import reads_only
from heliograph.web.event_words import words
from heliograph.web.simulation_moves import FIELDS, Board, first_board, move, read_board
from heliograph.web.simulation_words import FAILURES, bubbles_of, lines_of, local_time, said

bp = Blueprint("campaign_simulation", __name__, url_prefix="/campaigns/<int:campaign_id>/simulate")

MOST_SAID = 4


@bp.get("/")
def show(campaign_id: int) -> str:
    campaign = get_campaign(campaign_id)
    return page(campaign, *played(first_board(campaign_id)), seen={})


@bp.post("/")
@reads_only
def step(campaign_id: int) -> str:
    """One press: the description comes with it, and goes back with what came of it."""
    campaign = get_campaign(campaign_id)
    fault: HeliographError | None = None
    try:
        board = read_board(campaign_id, request.form)
    except BadInput as error:
        board, fault = first_board(campaign_id), error
    else:
        before = json.dumps([board.given, board.back])
        try:
            move(board, request.form)
            return page(campaign, board, *tried(board), seen=seen_before())
        except HeliographError as error:
            board.given, back = json.loads(before)
            board.back, fault = [(count, until) for count, until in back], error
    board, transcript, worse = played(board)
    return page(campaign, board, transcript, worse or fault, seen=seen_before())


def tried(board: Board) -> tuple[Transcript, None]:
    return simulate(read_simulation(board.given)), None


def played(board: Board) -> tuple[Board, Transcript | None, HeliographError | None]:
    try:
        return board, simulate(read_simulation(board.given)), None
    except HeliographError as error:
        return board, None, error


def seen_before() -> dict[str, int]:
    """How many entries of each contact the page has shown."""
    try:
        given = json.loads(request.form.get("seen", "{}")[:10_000])
        return {str(key): int(count) for key, count in given.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def page(
    campaign: Campaign,
    board: Board,
    transcript: Transcript | None,
    error: HeliographError | None,
    *,
    seen: dict[str, int],
) -> str:
    """The whole page, or what htmx puts in the place of the last one."""
    part = request.headers.get("HX-Request") == "true"
    template = "campaigns/simulation.html" if part else "campaigns/simulate.html"
    everything = {} if transcript is None else facts_of(transcript, seen)
    return render_template(
        template,
        part=part,
        campaign=campaign,
        board=board,
        transcript=transcript,
        error=error,
        findings=error.findings if isinstance(error, NotReady) else [],
        description=json.dumps(board.given, ensure_ascii=False),
        back=json.dumps(board.back),
        form=request.form,
        cast_open=request.form.get("do") in ("make", "invite", "sample"),
        fields=FIELDS,
        failures=FAILURES,
        zones=sorted(available_timezones()),
        countries=sorted(country_codes()),
        most=MOST_PEOPLE,
        event_words=words,
        labels={type_.key: type_.made.label for type_ in EventTypes().all()},
        local_time=local_time,
        **everything,
    )


def facts_of(transcript: Transcript, seen: dict[str, int]) -> dict[str, Any]:
    people, news = [], []
    for way in transcript.ways:
        known = seen.get(way.key, 0) if seen else len(way.entries)
        people.append((way, bubbles_of(way, known), lines_of(way, known)))
        news += said(way, known)
    if len(news) > MOST_SAID:
        more = _("and %(count)s more things", count=len(news) - MOST_SAID + 1)
        news = [*news[: MOST_SAID - 1], more]
    return {
        "people": people,
        "news": news,
        "shown": json.dumps({way.key: len(way.entries) for way in transcript.ways}),
    }
