"""Rounds of races: two processes send a broadcast while its recipients say STOP."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask

from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.models import OPEN, QUEUED, SENDING, SKIPPED, Delivery
from heliograph.jobs.clock import start_clock
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
from tests.counterpart.connection import connect
from tests.deliveries.lives import make
from tests.deliveries.nursery import environment_of
from tests.fixtures import add_people
from tests.races.callbacks import Commit, Phones, taking_stops
from tests.races.network import Arrival, Link, Weather, running_network
from tests.races.verdict import Verdict

PROCESSES = 2
POSTERS = 10
CLAIMED = 0.7  # of the STOPs, so many are about texts that are claimed already
SPARED = 0.3
AHEAD = 100  # queued texts that may go next
SINGLE = 10  # each n-th text belongs to no broadcast
LONGEST_ROUND = 900.0  # seconds
SETTLED = 1.5  # seconds after the end of a round in which a late call would still arrive


@dataclass(frozen=True)
class Kind:
    """What a round is like; `pace` is in parts per second, 0 for no limit."""

    name: str
    weather: Weather
    connections: int
    pace: float = 0.0


KINDS = (
    Kind("slow", Weather(1.0, 4.0), connections=20),
    Kind("throttling", Weather(0.3, 1.5, calm=6.0), connections=10),
    Kind("paced", Weather(0.1, 1.0), connections=20, pace=15.0),
    Kind("quick, throttling", Weather(0.05, 0.3, calm=3.0, retry_after=2), connections=3),
)


def live(environment: dict[str, str]) -> None:
    """A sending process: all that a server does but serve."""
    start_clock(make(environment))
    while True:
        time.sleep(1)


@contextmanager
def sending_processes(app: Flask) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    given = environment_of(app) | {"HELIOGRAPH_PUBLIC_URL": "https://sms.example.com"}
    running = [context.Process(target=live, args=(given,), daemon=True) for _ in range(PROCESSES)]
    for process in running:
        process.start()
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.join()


def race(app: Flask, races: int, *, kinds: Sequence[Kind] = KINDS, tell: Any = None) -> Verdict:
    """At least so many races on the database of *app*, whose context is pushed."""
    total, people = Verdict(), 0
    size = min(800, 2 * races)
    with running_network() as network, taking_stops(app) as phones, sending_processes(app):
        while total.races < races:
            for kind in kinds:
                found = Round(network, phones, kind, people, size).run()
                people += size
                total.add(found)
                if tell is not None:
                    broken = found.unclaimed + found.unsettled + found.wrong
                    words = f"{found.races} races, worst {found.worst:.2f} s, {broken} wrong"
                    tell(f"{kind.name}: {words}; {total.races} so far")
                if total.races >= races:
                    break
    return total


class Round:
    """One broadcast to *size* new contacts, a part of it as single texts."""

    def __init__(self, network: Link, phones: Phones, kind: Kind, first: int, size: int) -> None:
        self._network, self._phones, self._kind = network, phones, kind
        self._first, self._size = first, size
        self._stops: dict[str, Future[Commit]] = {}
        self._numbers: set[str] = set()
        self._arrivals: list[Arrival] = []
        self._before = len(network.arrivals())

    def run(self) -> Verdict:
        connect(
            self._network,  # type: ignore[arg-type]  # it has what is needed of one
            connections=str(self._kind.connections),
            parts_per_second=str(self._kind.pace),
        )
        self._network.change(self._kind.weather)
        self._queue()
        with ThreadPoolExecutor(POSTERS) as posters:
            settled = self._stop_until_done(posters)
        time.sleep(SETTLED)
        return self._judge(settled)

    def _queue(self) -> None:
        ids = add_people(self._size, first=self._first)
        single, together = ids[::SINGLE], [one for n, one in enumerate(ids) if n % SINGLE]
        segment = create_segment(f"from {self._first}")
        add_members(segment.id, together)
        create_message(
            name=f"From {self._first}", text="Hi", segments=[segment.id], publish_up=utcnow()
        )
        people = db.session.scalars(db.select(Contact).where(Contact.id.in_(ids))).all()
        self._numbers = {person.mobile or "" for person in people}
        given = {"source": "api", "provider": "twilio", "sender": self._network.number}
        texts = [
            Delivery(**given, number=one.mobile, text="Hi", recipient_id=one.id, contact_id=one.id)
            for one in people
            if one.id in set(single)
        ]
        with transaction() as session:
            session.add_all(texts)

    def _stop_until_done(self, posters: ThreadPoolExecutor) -> bool:
        """STOPs at random moments until all is settled, never more than can be posted now."""
        end = time.monotonic() + LONGEST_ROUND
        while time.monotonic() < end:
            planned = self._planned()
            rows = self._open_texts()
            if planned and not rows:
                return True
            over = {call.number for call in self._calls() if call.taken} | self._stops.keys()
            left = [row for row in rows if row.number not in over]
            claimed = [row.number for row in left if row.status == SENDING]
            queued = [row.number for row in left if row.status == QUEUED]
            if not claimed and not self._calls():  # nobody sends yet: no race
                time.sleep(0.05)
                continue
            busy = sum(not stop.done() for stop in self._stops.values())
            for _ in range(POSTERS - busy):
                choice = claimed if claimed and random.random() < CLAIMED else queued
                if not choice or random.random() < SPARED:
                    continue
                number = choice.pop(random.randrange(len(choice)))
                self._stops[number] = posters.submit(self._phones.stop, number)
            time.sleep(random.uniform(0.0, 0.05))
        return False

    def _calls(self) -> list[Arrival]:
        """The requests of this round so far."""
        self._arrivals += self._network.arrivals(self._before + len(self._arrivals))
        return self._arrivals

    def _open_texts(self) -> Sequence[Any]:
        """Number and status of the texts in flight, of those claimed, and of those next to be."""
        db.session.rollback()
        query = (
            db.select(Delivery.number, Delivery.status)
            .where(Delivery.status.in_(OPEN), Delivery.number.in_(self._numbers))
            .order_by(Delivery.status == QUEUED, Delivery.id)
            .limit(PROCESSES * self._kind.connections + AHEAD)
        )
        rows = db.session.execute(query).all()
        db.session.rollback()
        return rows

    def _planned(self) -> bool:
        query = db.select(db.func.count()).where(Delivery.number.in_(self._numbers))
        return db.session.scalar(query) == self._size

    def _judge(self, settled: bool) -> Verdict:
        verdict = Verdict()
        arrivals: dict[str, list[Arrival]] = {}
        for arrival in self._calls():
            arrivals.setdefault(arrival.number, []).append(arrival)
        db.session.rollback()
        query = db.select(Delivery).where(Delivery.number.in_(self._numbers))
        rows = {row.number: row for row in db.session.scalars(query)}
        for number in self._numbers:
            row, calls = rows.get(number), arrivals.get(number, [])
            if row is None or row.status in OPEN or not settled:
                verdict.unsettled += 1
            if number in self._stops:
                judge_stop(verdict, self._stops[number].result(), row, calls)
            elif sum(call.taken for call in calls) != 1:
                verdict.wrong += 1
        return verdict


def judge_stop(
    verdict: Verdict, commit: Commit, row: Delivery | None, calls: Sequence[Arrival]
) -> None:
    """The lateness of a call is measured from before the COMMIT: never too short.

    What was claimed after the commit is measured from when COMMIT was done: only then
    must everybody see it.
    """
    taken = [call for call in calls if call.taken]
    if taken and taken[0].at <= commit.begun:
        verdict.gone += 1
        return
    if row is not None and row.attempted_at is not None:
        verdict.claimed += 1
        verdict.unclaimed += row.attempted_at.timestamp() > commit.done
    else:
        verdict.waiting += 1
    late = [call.at - commit.begun for call in calls if call.at > commit.begun]
    verdict.late += late
    if not late and (row is None or (row.status, row.reason) != (SKIPPED, "dnc")):
        verdict.unsettled += 1
    if len(taken) > 1:
        verdict.wrong += 1
