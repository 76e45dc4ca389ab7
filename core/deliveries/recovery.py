"""Texts whose outcome nobody knows: ask the provider, never send blindly."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from heliograph.channel import Failure, FailureKind, OutgoingText, Provider, Sent
from heliograph.db import (
    change_rows,
    database_now,
    db,
    dialect_name,
    once_committed,
    transaction,
    utcnow,
)
from heliograph.deliveries.answers import checked, sane, unknown_outcome
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.carrier import ProviderCall
from heliograph.deliveries.finding import asked_as, sorted_out
from heliograph.deliveries.late import HANGING
from heliograph.deliveries.models import FAILED, QUEUED, SENDING, UNKNOWN, Delivery, StatusReport
from heliograph.deliveries.outcomes import record_together
from heliograph.deliveries.policy import LONGEST_WAIT, PATIENCE, is_tried_again
from heliograph.installation import callback_url
from heliograph.logs import text_fields
from heliograph.references import reference_of
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

BATCH = 50
AT_ONCE = 10  # look-ups; sending goes on beside them
RECOVERY_LEASE = timedelta(seconds=90)
ANSWERS_WITHIN = RECOVERY_LEASE / 2  # a batch is asked about no longer than that
LONGEST_LEASE = timedelta(minutes=5)  # what ends later was written by a clock gone wrong
AGAIN_AFTER = timedelta(seconds=15)
ASK_AGAIN = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=1)
ASK_SELDOM = timedelta(minutes=4)  # after that hour; less than the longest lease
MAY_BE_IT = Sentence(
    "The provider holds a text that may be this one, but it does not say to which number and "
    "when, or it is older than the attempt."
)
UNDECIDED = Sentence("%(why)s Nobody can tell whether it went out: decide.")


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A row still *sending* after its lease, taken for a look-up.

    `asked_as` is the text under each reference that it may have
    been sent with; `fields` are those of its log lines.
    """

    delivery_id: int
    claim: str
    text: OutgoingText
    fields: dict[str, object]
    asked_as: list[OutgoingText] = field(default_factory=list)


def doubtful_providers() -> list[str]:
    """Providers that have texts whose lease ran out. For a read only."""
    return list(
        db.session.scalars(
            select(Delivery.provider)
            .where(Delivery.status == SENDING, passed(Delivery.lease_until, database_now()))
            .distinct()
        )
    )


def passed(moment: InstrumentedAttribute[datetime | None], now: datetime) -> ColumnElement[bool]:
    """SQL: *moment* is over, or so far ahead that the clock must have been set back."""
    return or_(moment <= now, moment > now + LONGEST_LEASE)


def take_doubtful(provider: str, settles_after: float) -> list[Doubtful]:
    """Take rows whose lease ran out so long ago that a look-up can be trusted.

    The call may have begun at the end of the lease: its text shows up that much later.
    """
    now = database_now()
    query = (
        select(Delivery)
        .where(
            Delivery.status == SENDING,
            passed(Delivery.lease_until, now - timedelta(seconds=settles_after)),
            Delivery.provider == provider,
        )
        .order_by(Delivery.lease_until)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    )
    with transaction() as session:
        if dialect_name() == "postgresql":
            query = query.with_for_update(skip_locked=True)
        token = secrets.token_hex(8)
        taken = []
        for row in session.scalars(query):
            row.claim, row.lease_until = token, now + RECOVERY_LEASE
            text = text_of(row)
            asked = asked_as(text, row.id)
            taken.append(Doubtful(row.id, token, text, fields_of(row), asked))
        session.flush()
    return taken


def fields_of(row: Delivery) -> dict[str, object]:
    return text_fields(
        row.id,
        broadcast_id=row.broadcast_id,
        provider=row.provider,
        sender=row.sender,
        attempt=row.attempts,
    )


def text_of(row: Delivery) -> OutgoingText:
    reference = reference_of(row.id)
    return OutgoingText(
        reference=reference,
        to=row.number,
        text=row.text or "",
        sender=row.sender,
        parts=row.parts,
        callback_url=callback_url(row.provider, reference),
        attempted_at=row.attempted_at or row.created_at,
    )


async def recover(
    provider: Provider, database: Callable[[Callable[[], Any]], Any], call: ProviderCall
) -> int:
    """Look up every doubtful text of *provider*; returns how many were looked at."""
    looked_at = 0
    while True:
        taken: list[Doubtful] = await database(
            lambda: take_doubtful(provider.name, provider.settles_after)
        )
        found = await look_up_all(provider, taken, call)
        await database(partial(conclude_all, provider, taken, found))
        looked_at += len(taken)
        if len(taken) < BATCH:
            return looked_at


def give_up(provider: str, why: str) -> int:
    """The provider cannot be asked: after an hour a person decides. Returns on how many.

    A campaign is more patient: what it sends may wait until the provider is back.
    """
    now = database_now()
    patience = or_(Delivery.source != "campaign", Delivery.attempted_at < now - PATIENCE)
    with transaction():
        return change_rows(
            update(Delivery)
            .where(
                Delivery.provider == provider,
                Delivery.status == SENDING,
                passed(Delivery.lease_until, now),
                Delivery.attempted_at < now - GIVE_UP_AFTER,
                patience,
            )
            .values(
                status=UNKNOWN,
                claim=None,
                lease_until=None,
                reason=FailureKind.UNKNOWN_OUTCOME.value,
                detail=UNDECIDED.filled(why=why),
            )
        )


async def look_up_all(
    provider: Provider, taken: list[Doubtful], call: ProviderCall
) -> list[list[Sent] | Failure]:
    """What the provider holds of each, a few at a time; no answer in time is a Failure."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(item: Doubtful) -> list[Sent] | Failure:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()), gate:
                return await look_up(provider, item, call)
        except TimeoutError as error:
            return unknown_outcome(item.text.to, error)

    return await asyncio.gather(*(ask(item) for item in taken))


async def look_up(provider: Provider, item: Doubtful, call: ProviderCall) -> list[Sent] | Failure:
    try:
        async with asyncio.timeout(provider.timeout):
            held = {}
            for text in item.asked_as or [item.text]:
                for answer in await call(provider.find, text):
                    held[checked(answer).provider_id] = checked(answer)
            return list(held.values())
    except Failure as failure:
        return sane(failure)
    except Exception as error:
        words = "provider %s failed to find delivery %s"
        log.exception(words, provider.name, item.delivery_id, extra=item.fields)
        return unknown_outcome(item.text.to, error)


def conclude_all(
    provider: Provider, taken: Sequence[Doubtful], found: Sequence[list[Sent] | Failure]
) -> None:
    """Conclude all in one call: each call waits for a database thread, and those are few."""
    for item, answer in zip(taken, found, strict=True):
        conclude(provider, item, answer)


def conclude(provider: Provider, item: Doubtful, found: list[Sent] | Failure) -> None:
    """Found: record it. Surely absent: queue it again. Unsure: ask later, or a person."""
    if isinstance(found, Failure):
        conclude_unsure(provider, item, found)
        return
    held = sorted_out(item.text, found)
    while (ours := unclaimed(provider.name, item, held.ours)) is not None:
        try:
            record_together(provider.name, [CallOutcome(item.delivery_id, item.claim, ours)])
        except IntegrityError:  # just now it was recorded as another text's
            held.ours.remove(ours)
        else:
            tell(logging.INFO, item, "the provider has it, it is recorded as sent")
            return
    if unclaimed(provider.name, item, held.unsure) is not None:
        conclude_unsure(provider, item, Failure(FailureKind.UNKNOWN_OUTCOME, MAY_BE_IT))
        return
    with transaction() as session:
        row = session.get(Delivery, item.delivery_id, with_for_update=True, populate_existing=True)
        if row is None or row.claim != item.claim or row.status != SENDING:
            return
        row.claim = row.lease_until = None
        if row.error_code == HANGING:  # absent now is not absent for good
            row.status, row.reason = UNKNOWN, FailureKind.UNKNOWN_OUTCOME.value
            row.detail = UNDECIDED.filled(why=row.detail)
        elif not is_tried_again(row.source, row.attempts, row.created_at, utcnow()):
            row.status, row.final_at = FAILED, utcnow()
            row.detail = f"Given up after {row.attempts} tries without a clear answer. {row.detail}"
            tell(logging.WARNING, item, "given up after its last try without a clear answer")
        else:
            wait = min(AGAIN_AFTER * (row.attempts - 1), timedelta(seconds=LONGEST_WAIT))
            row.status, row.not_before = QUEUED, utcnow() + wait
            row.reason, row.detail = "", "The provider does not have it: it is sent again."
            tell(logging.INFO, item, "the provider does not have it, it is sent again")
        session.flush()


def tell(level: int, item: Doubtful, words: str) -> None:
    """A line on what came of a look-up, once it is stored."""
    line = f"delivery %s of broadcast %s was looked up: {words}"
    about = (item.delivery_id, item.fields["broadcast_id"] or "none")
    once_committed(lambda: log.log(level, line, *about, extra=item.fields))


def unclaimed(provider: str, item: Doubtful, found: list[Sent]) -> Sent | None:
    """The first text found that is no other delivery's, and no failed one of before a resend."""
    ids = [answer.provider_id for answer in found]
    others = set(
        db.session.scalars(
            select(Delivery.provider_id).where(
                Delivery.provider == provider,
                Delivery.provider_id.in_(ids),
                Delivery.id != item.delivery_id,
            )
        )
    )
    reported = db.session.scalars(
        select(StatusReport.provider_id).where(
            StatusReport.provider == provider,
            StatusReport.provider_id.in_(ids),
            StatusReport.delivery_id.is_not(None),
        )
    )
    others.update(reported)
    return next((answer for answer in found if answer.provider_id not in others), None)


def conclude_unsure(provider: Provider, item: Doubtful, failure: Failure) -> None:
    never = type(provider).find is Provider.find
    with transaction() as session:
        row = session.get(Delivery, item.delivery_id, with_for_update=True, populate_existing=True)
        if row is None or row.claim != item.claim or row.status != SENDING:
            return
        waited = utcnow() - item.text.attempted_at
        if never or waited > (PATIENCE if row.source == "campaign" else GIVE_UP_AFTER):
            row.status, row.claim, row.lease_until = UNKNOWN, None, None
            row.reason = FailureKind.UNKNOWN_OUTCOME.value
            row.detail = UNDECIDED.filled(why=row.detail or failure.text)
            tell(logging.WARNING, item, "nobody can tell whether it went out, a person decides")
        else:
            again = ASK_AGAIN if waited < GIVE_UP_AFTER else ASK_SELDOM
            row.lease_until = database_now() + again
        session.flush()
