"""The audit log: who changed what, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.addresses import plain_address
from heliograph.db import Id, Json, Model, UTCDateTime, db, transaction, utcnow
from heliograph.users import User

PAGE = 50
RUN = timedelta(minutes=10)


class AuditEntry(Model):
    """One change. `action` is a word such as `contacts.edit`; `changes` are facts by label.

    The e-mail is kept beside the id, so that the log outlives its users.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    email: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200), default="")
    path: Mapped[str] = mapped_column(String(200), default="")
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    address: Mapped[str] = mapped_column(String(45), default="")

    __table_args__ = (Index("ix_audit_entries_user", "user_id", "id"),)


def record(
    user: User,
    action: str,
    *,
    subject: str = "",
    path: str = "",
    changes: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Write one entry; secrets must not be among *changes*."""
    with transaction() as session:
        session.add(
            AuditEntry(
                user_id=user.id,
                email=user.email,
                action=action[:60],
                subject=subject.replace("\x00", "")[:200],
                path=path[:200],
                changes={key: str(value)[:500] for key, value in (changes or {}).items()},
                address=plain_address(address),
            )
        )


def goes_on(user: User, action: str, path: str) -> bool:
    """Whether the last that this user did was the same, at the same place, a moment ago."""
    last = next(iter(read_audit(user_id=user.id, limit=1)), None)
    return (
        last is not None and (last.action, last.path) == (action, path) and last.at > utcnow() - RUN
    )


def read_audit(
    *, before_id: int | None = None, user_id: int | None = None, limit: int = PAGE
) -> Sequence[AuditEntry]:
    """Entries, newest first; give the last id to read on."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    if user_id is not None:
        query = query.where(AuditEntry.user_id == user_id)
    return db.session.scalars(query).all()
