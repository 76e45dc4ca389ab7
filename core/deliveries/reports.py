"""Status reports: matched, stored once, and only ever moving a delivery up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import compress
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from heliograph.bulk import InsertNew, UpdateEach
from heliograph.channel import FailureKind, Status, StatusReport
from heliograph.db import (
    db,
    dialect_name,
    insert_selected,
    is_writing,
    let_go,
    table_of,
    transaction,
    utcnow,
)
from heliograph.deliveries.answers import storable
from heliograph.deliveries.consequences import Failed, hold_senders, mark_numbers
from heliograph.deliveries.group_commit import GroupCommit
from heliograph.deliveries.models import QUEUED, RANK, Delivery
from heliograph.deliveries.models import StatusReport as ReportRow
from heliograph.deliveries.policy import POLICIES
from heliograph.host import current_host, notify
from heliograph.lookups import ReadOften, one_of, packed, read_rows
from heliograph.meters import REPORTS, current_meters
from heliograph.references import delivery_of

FINAL = 4
MATCH_FOR = timedelta(days=3)
MATCH_BATCH = 500
EXTENSION = "heliograph_reports"

Given = tuple[str, StatusReport]
NEEDED = ("id", "provider", "provider_id", "status", "reason", "number", "sender", "attempted_at")

STORE = InsertNew(
    ReportRow,
    ("delivery_id", "provider", "provider_id", "status", "kind", "error_code", "detail"),
    shared=("at",),
    returning=("provider", "provider_id", "status"),
)
MOVE = UpdateEach(
    Delivery,
    ("id", "provider_id", "status", "reason", "error_code", "detail", "final_at"),
    lambda given: {
        "provider_id": func.coalesce(Delivery.provider_id, given["provider_id"]),
        "status": given["status"],
        "reason": given["reason"],
        "error_code": given["error_code"],
        "detail": given["detail"],
        "final_at": given["final_at"],
        "accepted_at": func.coalesce(Delivery.accepted_at, given["accepted_at"]),
        "claim": None,
        "lease_until": None,
        "not_before": None,
    },
    shared=("accepted_at",),
)
IDENTIFY = UpdateEach(
    Delivery,
    ("id", "provider_id"),
    lambda given: {"provider_id": func.coalesce(Delivery.provider_id, given["provider_id"])},
)


def receive_status(provider: str, report: StatusReport) -> bool:
    """Store *report* and apply it; False when it was known.

    A report of an unknown text is kept and matched when the text becomes known.
    Reports that come at the same time are stored by one transaction; raises
    Overloaded when that takes too long, and nothing of this one may be stored; BadInput
    when it has no id.
    """
    report = storable(report)
    if is_writing():  # the caller's transaction is the one
        new, moved = store_reports([(provider, report)])[0]
    else:
        let_go()
        new, moved = writer().submit((provider, report))
    if moved is not None and current_host().implements("delivery_changed"):
        delivery = db.session.get(Delivery, moved, populate_existing=True)
        notify("delivery_changed", delivery=delivery)
    return new


def writer() -> GroupCommit[Given, tuple[bool, int | None]]:
    found: GroupCommit[Given, tuple[bool, int | None]] = current_app.extensions.setdefault(
        EXTENSION, GroupCommit(store_reports)
    )
    return found


def store_reports(given: Sequence[Given]) -> list[tuple[bool, int | None]]:
    """Store and apply reports in one transaction.

    For each: whether it is new, and the id of the delivery whose status it changed.
    """
    now = utcnow()
    with transaction() as session:
        deliveries = find_deliveries(given)
        rows = [
            report_row(provider, report, delivery)
            for (provider, report), delivery in zip(given, deliveries, strict=True)
        ]
        new = {tuple(row) for row in STORE.run(rows, at=now)}
        pairs, fresh = [], []
        for (_, report), delivery, row in zip(given, deliveries, rows, strict=True):
            key = (row["provider"], row["provider_id"], row["status"])
            fresh.append(key in new)
            new.discard(key)
            if fresh[-1] and delivery is not None:
                pairs.append((delivery, report))
        moved = apply_reports(session, pairs, now)
    count_reports(given, fresh)
    return [
        (is_new, moved.get(id(report))) for is_new, (_, report) in zip(fresh, given, strict=True)
    ]


def count_reports(given: Sequence[Given], fresh: Sequence[bool]) -> None:
    """Those that are new, by status."""
    counts = Counter((provider, str(report.status)) for provider, report in compress(given, fresh))
    for (provider, status), count in counts.items():
        current_meters().add(REPORTS, provider, {status: count})


def report_row(provider: str, report: StatusReport, delivery: Any) -> dict[str, Any]:
    return {
        "delivery_id": delivery.id if delivery else None,
        "provider": provider,
        "provider_id": report.provider_id,
        "status": report.status.value,
        "kind": report.kind.value if report.kind else "",
        "error_code": report.error_code,
        "detail": report.detail,
    }


def find_deliveries(given: Sequence[Given]) -> list[Any]:
    """The delivery that each report is about, or None; locked, in the order of their ids.

    By the provider's id, else by our own: that one is known before the provider
    has answered.
    """
    rows = FIND.rows(
        providers=packed({provider for provider, _ in given}),
        provider_ids=packed({report.provider_id for _, report in given}),
        ids=packed({own for _, report in given if (own := own_id(report)) is not None} or {0}),
    )
    known = {(row.provider, row.provider_id): row for row in rows}
    waiting = {row.id: row for row in rows if row.attempted_at and row.provider_id is None}
    earlier = earlier_ids(waiting)
    found = []
    for provider, report in given:
        row = known.get((provider, report.provider_id))
        if row is None:
            row = waiting.get(own_id(report) or 0)
            if row is not None and not is_about(row, provider, report, earlier):
                row = None
        found.append(row)
    return found


def find_query() -> Select[Any]:
    columns = table_of(Delivery).c
    by_provider = one_of(columns.provider, bindparam("providers")) & one_of(
        columns.provider_id, bindparam("provider_ids")
    )
    return locked(or_(by_provider, one_of(columns.id, bindparam("ids"))))


FIND = ReadOften(find_query)


def own_id(report: StatusReport) -> int | None:
    return delivery_of(report.reference) if report.reference else None


def earlier_ids(delivery_ids: Collection[int]) -> set[str]:
    """The provider's ids under which these texts were sent before and failed.

    Of a text whose present id is not known nothing else can have been reported.
    """
    if not delivery_ids:
        return set()
    columns = table_of(ReportRow).c
    query = select(columns.provider_id).where(one_of(columns.delivery_id, delivery_ids))
    return {row.provider_id for row in read_rows(query)}


def is_about(row: Any, provider: str, report: StatusReport, earlier: set[str]) -> bool:
    """Whether *report* is of the text that waits for its id, and not of one before it.

    That the one before was delivered after all counts, while no other is under way.
    """
    if row.provider != provider:
        return False
    delivered = report.status is Status.DELIVERED and row.status == QUEUED
    return delivered or report.provider_id not in earlier


def remember_ids(delivery_ids: Collection[int]) -> None:
    """Keep the provider's ids of texts that failed, before they are sent again.

    What is reported of those later is not of the new text. Runs inside a transaction.
    """
    columns: dict[str, Any] = {
        "delivery_id": Delivery.id,
        "provider": Delivery.provider,
        "provider_id": Delivery.provider_id,
        "status": Delivery.status,
        "kind": Delivery.reason,
        "error_code": Delivery.error_code,
        "detail": Delivery.detail,
        "at": func.coalesce(Delivery.final_at, literal(utcnow(), ReportRow.at.type)),
    }
    failed = select(*columns.values()).where(
        one_of(Delivery.id, delivery_ids), Delivery.provider_id.is_not(None)
    )
    insert_selected(ReportRow, list(columns), failed)


def locked(*conditions: ColumnElement[bool]) -> Select[Any]:
    columns = table_of(Delivery).c
    query = select(*(columns[name] for name in NEEDED)).where(*conditions).order_by(columns.id)
    return query.with_for_update() if dialect_name() == "postgresql" else query


def apply_reports(
    session: Session, pairs: Sequence[tuple[Any, StatusReport]], now: datetime
) -> dict[int, int]:
    """Move deliveries up, in the order of *pairs* (delivery, report).

    Returns the id of each report object that changed a status, with its delivery's
    id. Runs inside a transaction.
    """
    standing: dict[int, tuple[str, str]] = {}
    changes: dict[int, dict[str, Any]] = {}
    moved, failed = {}, []
    for row, report in pairs:
        stands, why = standing.get(row.id, (row.status, row.reason))
        change = changes.setdefault(row.id, {"id": row.id, "provider_id": report.provider_id})
        word, kind = report.status.value, report.kind.value if report.kind else ""
        explains = word == stands and kind and not why  # an answer told the end without its why
        if RANK[word] <= RANK[stands] and not explains:
            continue
        standing[row.id] = (word, kind)
        moved[id(report)] = row.id
        change |= changed(report, now)
        if kind:
            failed.append(failure_of(row, report))
    MOVE.run([change for change in changes.values() if "status" in change], accepted_at=now)
    IDENTIFY.run([change for change in changes.values() if "status" not in change])
    session.expire_all()
    mark_numbers(failed)
    hold_senders(failed, now)
    return moved


def changed(report: StatusReport, now: datetime) -> dict[str, Any]:
    """A delivery's columns after *report*."""
    return {
        "status": report.status.value,
        "reason": report.kind.value if report.kind else "",
        "error_code": report.error_code,
        "detail": report.detail or (POLICIES[report.kind].words if report.kind else ""),
        "final_at": now if RANK[report.status.value] == FINAL else None,
    }


def failure_of(row: Any, report: StatusReport) -> Failed:
    return Failed(
        number=row.number,
        provider=row.provider,
        sender=row.sender,
        kind=report.kind or FailureKind.UNREACHABLE,
        code=report.error_code,
        words=report.detail,
        retry_after=report.retry_after,
    )


def match_reports(session: Session, provider: str, provider_ids: list[str]) -> None:
    """Apply what was reported of these texts before we knew their ids."""
    columns = table_of(ReportRow).c
    waiting = read_rows(
        select(*columns)
        .where(
            columns.delivery_id.is_(None),
            columns.provider == provider,
            one_of(columns.provider_id, provider_ids),
        )
        .order_by(columns.id)
    )
    if not waiting:
        return
    ids = {row.provider_id for row in waiting}
    deliveries = {
        row.provider_id: row
        for row in read_rows(
            locked(
                table_of(Delivery).c.provider == provider,
                one_of(table_of(Delivery).c.provider_id, ids),
            )
        )
    }
    matched = [
        (row, deliveries[row.provider_id]) for row in waiting if row.provider_id in deliveries
    ]
    MATCH.run([{"id": row.id, "delivery_id": delivery.id} for row, delivery in matched])
    pairs = [(delivery, report_of(row)) for row, delivery in matched]
    apply_reports(session, pairs, utcnow())


MATCH = UpdateEach(
    ReportRow, ("id", "delivery_id"), lambda given: {"delivery_id": given["delivery_id"]}
)


def report_of(row: Any) -> StatusReport:
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
        rows: Iterable[Any] = session.execute(matchable_reports().limit(MATCH_BATCH)).all()
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row.provider, []).append(row.provider_id)
        for provider, ids in found.items():
            match_reports(session, provider, ids)
    total = sum(map(len, found.values()))
    return f"matched {total}" if total else None


def matchable_reports() -> Select[*tuple[Any, ...]]:
    """Provider and id of reports without a text whose text has come."""
    ours = (Delivery.provider == ReportRow.provider) & (
        Delivery.provider_id == ReportRow.provider_id
    )
    waiting = select(ReportRow.provider, ReportRow.provider_id).join(Delivery, ours)
    return waiting.where(ReportRow.delivery_id.is_(None), ReportRow.at > utcnow() - MATCH_FOR)


def is_any_matchable() -> bool:
    return db.session.execute(matchable_reports().limit(1)).first() is not None
