"""Signing in: throttled, locked out after wrong passwords, ended at any time.

A browser holds a random token, the database its hash; ending a session here
ends it there at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ForeignKey, Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from werkzeug.security import check_password_hash

from core.db import Id, Model, UTCDateTime, change_rows, db, transaction, utcnow
from core.errors import HeliographError
from core.users import User, hash_password

IDLE, LONGEST = timedelta(days=14), timedelta(days=90)
WINDOW = timedelta(minutes=15)
FAILURES_OF_EMAIL, FAILURES_OF_ADDRESS = 5, 30
SEEN_EVERY = timedelta(minutes=5)


class LoginSession(Model):
    """One browser that is signed in; `token_hash` is SHA-256 of the token it holds."""

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    user: Mapped[User] = relationship()


class LoginFailure(Model):
    """A wrong password, for throttling; old ones are swept."""

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index("ix_login_failures_email", "email", "at"),
        Index("ix_login_failures_address", "address", "at"),
    )


class LoginRefused(HeliographError):
    """E-mail and password do not belong together."""

    status = 401


class LoginThrottled(HeliographError):
    """Too many wrong passwords. Wait 15 minutes, or ask an admin to unlock you."""

    status = 429


def log_in(email: str, password: str, *, address: str, agent: str) -> str:
    """The token of a new session; raises LoginRefused or LoginThrottled."""
    email = email.strip().lower()[:254].replace("\x00", "")
    refuse_throttled(email, address)
    user = db.session.scalar(select(User).where(User.email == email))
    fits = check_password_hash(user.password_hash if user else nobody(), password[:1000])
    if user is None or not fits or not user.active:
        with transaction() as session:
            session.add(LoginFailure(email=email, address=address))
        raise LoginRefused
    return open_session(user.id, address=address, agent=agent)


@cache
def nobody() -> str:
    """What is compared for an unknown e-mail, so that it takes as long as for a known one."""
    return hash_password("nobody has this password")


def refuse_throttled(email: str, address: str) -> None:
    since = utcnow() - WINDOW
    recent = select(func.count()).select_from(LoginFailure).where(LoginFailure.at > since)
    of_email = db.session.scalar(recent.where(LoginFailure.email == email)) or 0
    of_address = db.session.scalar(recent.where(LoginFailure.address == address)) or 0
    if of_email >= FAILURES_OF_EMAIL or of_address >= FAILURES_OF_ADDRESS:
        raise LoginThrottled


def open_session(user_id: int, *, address: str, agent: str) -> str:
    """Sign the user in; returns the token that the browser is to keep."""
    token, now = secrets.token_urlsafe(32), utcnow()
    with transaction() as session:
        user = session.get_one(User, user_id, populate_existing=True)
        user.last_login_at = now
        session.add(
            LoginSession(
                token_hash=hashed(token), user_id=user_id, address=address, agent=agent[:200]
            )
        )
        change_rows(delete(LoginFailure).where(LoginFailure.email == user.email))
        change_rows(delete(LoginFailure).where(LoginFailure.at < now - WINDOW))
        change_rows(delete(LoginSession).where(LoginSession.seen_at < now - IDLE))
    return token


def find_session(token: str) -> LoginSession | None:
    """The living session of *token*, its user loaded; None when it ended."""
    now = utcnow()
    found = db.session.scalar(
        select(LoginSession)
        .options(joinedload(LoginSession.user, innerjoin=True))
        .where(LoginSession.token_hash == hashed(token))
    )
    if found is None or not found.user.active:
        return None
    if found.seen_at < now - IDLE or found.created_at < now - LONGEST:
        return None
    if found.seen_at < now - SEEN_EVERY:
        with transaction():
            seen = update(LoginSession).where(LoginSession.id == found.id)
            change_rows(seen.values(seen_at=now))
    return found


def sessions_of(user_id: int) -> Sequence[LoginSession]:
    """Living sessions of a user, the last seen first."""
    living = select(LoginSession).where(
        LoginSession.user_id == user_id, LoginSession.seen_at > utcnow() - IDLE
    )
    return db.session.scalars(living.order_by(LoginSession.seen_at.desc())).all()


def end_session(token: str) -> None:
    with transaction():
        change_rows(delete(LoginSession).where(LoginSession.token_hash == hashed(token)))


def end_sessions(user_id: int, *, only: int | None = None, but: str = "") -> int:
    """End sessions of a user: all, *only* that one, or all *but* the one of a token."""
    ending = delete(LoginSession).where(LoginSession.user_id == user_id)
    if only is not None:
        ending = ending.where(LoginSession.id == only)
    if but:
        ending = ending.where(LoginSession.token_hash != hashed(but))
    with transaction():
        return change_rows(ending)


def unlock(email: str) -> None:
    """Forget the wrong passwords of an e-mail."""
    with transaction():
        change_rows(delete(LoginFailure).where(LoginFailure.email == email.strip().lower()))


def locked_emails() -> set[str]:
    """E-mails that are locked out now."""
    since = utcnow() - WINDOW
    often = (
        select(LoginFailure.email)
        .where(LoginFailure.at > since)
        .group_by(LoginFailure.email)
        .having(func.count() >= FAILURES_OF_EMAIL)
    )
    return set(db.session.scalars(often))


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
