"""Status reports: matched, stored once, and only ever moving a delivery up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.bulk import one_of
from core.channel import FailureKind, Status, StatusReport
from core.contacts.models import NUMBER_INVALID, Contact
from core.db import change_rows, insert_new, transaction, utcnow
from core.deliveries.models import RANK, Delivery
from core.deliveries.models import StatusReport as ReportRow
from core.deliveries.policy import POLICIES
from core.dnc import UNSUBSCRIBED, add_dnc
from core.host import current_host, notify

FINAL = 4
MATCH_FOR = timedelta(days=3)
MATCH_BATCH = 500


def receive_status(provider: str, report: StatusReport) -> bool:
    """Store *report* and apply it; False when it was known.

    A report of an unknown text is kept and matched when the text becomes known.
    """
    with transaction() as session:
        delivery = find_delivery(session, provider, report)
        row = {
            "delivery_id": delivery.id if delivery else None,
            "provider": provider,
            "provider_id": report.provider_id[:64],
            "status": report.status.value,
            "kind": report.kind.value if report.kind else "",
            "error_code": report.error_code[:16],
            "detail": report.detail,
            "at": utcnow(),
        }
        if not insert_new(ReportRow, [row]):
            return False
        moved = delivery is not None and apply_report(delivery, report)
    if moved and delivery is not None and current_host().implements("delivery_changed"):
        notify("delivery_changed", delivery=delivery)
    return True


def find_delivery(session: Session, provider: str, report: StatusReport) -> Delivery | None:
    """By our own id first: it is known before the provider has answered."""
    locked = select(Delivery).with_for_update()
    by_provider_id = session.scalars(
        locked.where(Delivery.provider == provider, Delivery.provider_id == report.provider_id)
    ).first()
    if by_provider_id is not None or not report.reference.isdecimal():
        return by_provider_id
    reference = int(report.reference[:18])
    delivery = session.get(Delivery, reference, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.provider != provider or delivery.attempted_at is None:
        return None
    if delivery.provider_id is not None:  # another text than the one we hold
        return None
    return delivery


def apply_report(delivery: Delivery, report: StatusReport) -> bool:
    """Move *delivery* up; True when its status changed. Runs inside a transaction."""
    if delivery.provider_id is None:
        delivery.provider_id = report.provider_id[:64]
    if RANK[report.status.value] <= RANK[delivery.status]:
        return False
    now = utcnow()
    delivery.status = report.status.value
    delivery.claim = delivery.lease_until = delivery.not_before = None
    delivery.accepted_at = delivery.accepted_at or now
    delivery.reason = report.kind.value if report.kind else ""
    delivery.error_code = report.error_code[:16]
    delivery.detail = report.detail or words_of(report.kind)
    if RANK[delivery.status] == FINAL:
        delivery.final_at = now
    if report.kind is not None:
        follow_up([(delivery.number, report.kind, report.error_code)])
    return True


def words_of(kind: FailureKind | None) -> str:
    return POLICIES[kind].words if kind else ""


def follow_up(failed: Iterable[tuple[str, FailureKind, str]]) -> None:
    """What failures (number, kind, code) say of numbers. Runs inside a transaction."""
    invalid = set()
    for number, kind, code in failed:
        policy = POLICIES[kind]
        if policy.opts_out:
            comment = f"Refused by the provider as opted out{f' (error {code})' if code else ''}"
            add_dnc(number, reason=UNSUBSCRIBED, comment=comment, source="provider")
        if policy.marks_number:
            invalid.add(number)
    if invalid:
        change_rows(
            update(Contact)
            .where(Contact.mobile.in_(invalid))
            .values(number_status=NUMBER_INVALID, updated_at=utcnow())
        )


def match_reports(session: Session, provider: str, provider_ids: list[str]) -> None:
    """Apply what was reported of these texts before we knew their ids."""
    waiting = session.scalars(
        select(ReportRow)
        .where(
            ReportRow.delivery_id.is_(None),
            ReportRow.provider == provider,
            one_of(ReportRow.provider_id, provider_ids),
        )
        .order_by(ReportRow.id)
    ).all()
    for row in waiting:
        delivery = session.scalars(
            select(Delivery)
            .where(Delivery.provider == provider, Delivery.provider_id == row.provider_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        if delivery is None:
            continue
        row.delivery_id = delivery.id
        apply_report(delivery, report_of(row))
    session.flush()


def report_of(row: ReportRow) -> StatusReport:
    return StatusReport(
        provider_id=row.provider_id,
        status=Status(row.status),
        kind=FailureKind(row.kind) if row.kind else None,
        error_code=row.error_code,
        detail=row.detail,
    )


def match_waiting_reports() -> str | None:
    """Job: match reports that overtook the answer of their own send call."""
    with transaction() as session:
        rows = session.execute(
            select(ReportRow.provider, ReportRow.provider_id)
            .join(
                Delivery,
                (Delivery.provider == ReportRow.provider)
                & (Delivery.provider_id == ReportRow.provider_id),
            )
            .where(ReportRow.delivery_id.is_(None), ReportRow.at > utcnow() - MATCH_FOR)
            .limit(MATCH_BATCH)
        ).all()
        for provider in {row.provider for row in rows}:
            ids = [row.provider_id for row in rows if row.provider == provider]
            match_reports(session, provider, ids)
    return f"matched {len(rows)}" if rows else None
