"""Playing a simulation: the clock leaps from one moment at which something is due to the next.

At each, the engine runs as its jobs run it, texts are claimed and recorded as the
delivery loop does, and what the script says is done by the code that does it really.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from heliograph import clock
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.membership import rebuild, sources_of
from heliograph.campaigns.models import Campaign, CampaignEvent
from heliograph.campaigns.simulation.description import Simulation
from heliograph.campaigns.simulation.doings import Doings, switches_of
from heliograph.campaigns.simulation.material import gather
from heliograph.campaigns.simulation.moments import next_due
from heliograph.campaigns.simulation.record import Record
from heliograph.campaigns.simulation.stage import on_stage, put_on_cast
from heliograph.campaigns.simulation.stand_ins import Phones
from heliograph.campaigns.simulation.transcript import REPORT, Transcript
from heliograph.campaigns.stages import count_stages
from heliograph.channel import Failure
from heliograph.db import db, utcnow
from heliograph.deliveries.answers import sane
from heliograph.deliveries.calls import CallOutcome, ClaimedText
from heliograph.deliveries.claim import Scope as TextScope
from heliograph.deliveries.claim import claim_texts
from heliograph.deliveries.models import QUEUED, Delivery
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.reports import store_reports
from heliograph.errors import BadInput
from heliograph.providers import open_provider
from heliograph.segments.members import refresh_segment
from heliograph.segments.models import Segment, SegmentMember

MOST_MOMENTS = 1000
CHANGES_SEGMENTS = "core.change_segments"
AT_ONCE = 500
LOOK_AGAIN = timedelta(hours=1)  # what filters find changes with the time, too


def simulate(simulation: Simulation) -> Transcript:
    """Play it from its start to its end. Nothing of this is written anywhere.

    Raises NotFound, Conflict (NotReady) and BadInput when it cannot begin.
    """
    material, phones = gather(simulation), Phones()
    with on_stage(material, phones):
        ids = put_on_cast(simulation, material.canvas)
        with clock.at(simulation.start):
            play = Play(simulation, ids, phones)
        return play.whole(material.version)


class Play:
    """One run of a simulation, on its stage."""

    def __init__(self, simulation: Simulation, ids: dict[str, int], phones: Phones) -> None:
        self._simulation, self._phones = simulation, phones
        self._record = Record(simulation, ids)
        self._doings = Doings(ids, phones, self._record)
        self._switches = switches_of(simulation)
        self._engine = Engine(Scope(only=simulation.campaign_id))
        segments = db.session.scalars(db.select(Segment).order_by(Segment.id))
        self._filtered = [segment.id for segment in segments if segment.filters]
        changes = db.select(CampaignEvent.id).where(CampaignEvent.type == CHANGES_SEGMENTS)
        self._is_mobile = bool(self._filtered) or db.session.scalar(changes) is not None
        self._moved, self._looked_at = True, utcnow()
        self._was_open = True
        self._members_seen: set[tuple[int, int, str]] = set()

    def whole(self, version: int | None) -> Transcript:
        simulation = self._simulation
        moment, following, jumps, stopped = simulation.start, None, 0, ""
        while True:
            with clock.at(moment):
                self._at_once()
                following = self._next()
            if following is None or following > simulation.until:
                break
            if jumps == MOST_MOMENTS:
                stopped = (
                    f"It was stopped at {moment:%Y-%m-%d %H:%M} UTC, after {jumps} moments at "
                    "which something happened. Simulate fewer contacts, or a shorter time."
                )
                break
            moment, jumps = following, jumps + 1
        now = moment if stopped else simulation.until
        with clock.at(now):
            campaign = db.session.get_one(Campaign, simulation.campaign_id)
            return Transcript(
                simulation.campaign_id,
                campaign.name,
                version,
                simulation.start,
                now,
                self._record.finish(),
                self._doings.switched,
                count_stages(simulation.campaign_id),
                next_at=following,
                stopped=stopped,
                out=self._phones.is_out,
                jumps=jumps,
            )

    def _at_once(self) -> None:
        """All that is due now; then what the script says, one after the other.

        What fails from the very start on fails before anything.
        """
        while self._switches and self._switches[0].is_from_start(self._simulation.start):
            self._doings.do(self._switches.pop(0))
        self._settle()
        while self._switches and self._switches[0].at <= utcnow():
            self._doings.do(self._switches.pop(0))
            self._settle()

    def _settle(self) -> None:
        first = True
        while True:
            moved = self._members() + self._engine.go_round()
            if moved:
                self._moved = True
                self._record.look()
            sent = self._send() if moved or first else 0
            if not sent and not moved and not self._reports():
                return
            first = False

    def _members(self) -> int:
        """Who comes and goes with the segments, when anything may have changed that.

        Returns how many did.
        """
        now = utcnow()
        if not self._is_open(now):  # a campaign that is held does not look at its segments
            self._was_open = False
            return 0
        if not self._was_open:
            self._was_open = self._moved = True
            self._members_seen = set()
        if self._members_seen and not self._is_mobile:
            return 0
        if not self._moved and now - self._looked_at < LOOK_AGAIN:
            return 0
        self._moved, self._looked_at = False, now
        for segment_id in self._filtered:
            refresh(segment_id)
        sources = sources_of(self._simulation.campaign_id)
        query = db.select(SegmentMember.segment_id, SegmentMember.contact_id, SegmentMember.origin)
        query = query.where(SegmentMember.segment_id.in_(sources))
        members = set(map(tuple, db.session.execute(query)))
        if members == self._members_seen:
            return 0
        self._members_seen = members
        done = rebuild(self._simulation.campaign_id)
        return done.joined + done.restarted + done.left

    def _is_open(self, now: datetime) -> bool:
        campaign = db.session.get_one(
            Campaign, self._simulation.campaign_id, populate_existing=True
        )
        return campaign.is_open(now)

    def _reports(self) -> int:
        """Take in what the phones report, when all else is done; returns how much that was."""
        due, self._phones.reports = self._phones.reports, []
        if due:
            store_reports(due)
            self._doings.note_reports(due, REPORT)
        return len(due)

    # -- texts -----------------------------------------------------------

    def _send(self) -> int:
        """Hand over what may go now; returns how many texts came to something."""
        return sum(self._send_by(provider) for provider in self._queued())

    def _queued(self) -> list[str]:
        ready = Delivery.not_before.is_(None) | (Delivery.not_before <= utcnow())
        query = db.select(Delivery.provider).where(Delivery.status == QUEUED, ready).distinct()
        found = list(db.session.scalars(query.order_by(Delivery.provider)))
        db.session.rollback()
        return found

    def _send_by(self, name: str) -> int:
        claims = claim_texts(TextScope(name), AT_ONCE)
        outcomes = list(self._handed_over(name, claims.texts))
        if outcomes:
            record_outcomes(name, outcomes)
            self._record.note_texts(claims.texts, outcomes)
        if claims.postponed:
            self._record.note_held()
        return len(outcomes) + claims.skipped

    def _handed_over(self, name: str, texts: list[ClaimedText]) -> Iterator[CallOutcome]:
        if not texts:
            return
        provider = open_provider(name)
        for one in texts:
            try:
                result: Any = provider.send(one.text)  # at once: stand-ins await nothing
            except Failure as failure:
                result = sane(failure)
            yield CallOutcome(one.delivery_id, one.claim, result)

    # -- time ------------------------------------------------------------

    def _next(self) -> datetime | None:
        """The next moment at which something is due, in whole seconds or later."""
        moments = [one.at for one in self._switches[:1]]
        due = next_due(self._simulation.campaign_id, utcnow())
        if due is not None:
            moments.append(due)
        found = min(moments, default=None)
        # a clock that does not move would never end
        return None if found is None else max(found, utcnow() + timedelta(microseconds=1))


def refresh(segment_id: int) -> None:
    try:
        refresh_segment(segment_id)
    except BadInput:  # its filter names what is gone: really it stays as it is, too
        db.session.rollback()
