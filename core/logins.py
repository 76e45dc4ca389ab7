"""Signing in: a session per browser, ended at any time; the password may be asked again.

A browser holds a random token, the database its hash; ending a session here
ends it there at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ForeignKey, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from heliograph.addresses import plain_address
from heliograph.db import Id, Model, UTCDateTime, change_rows, db, transaction, utcnow
from heliograph.errors import BadInput, HeliographError
from heliograph.login_failures import LoginFailure, count_guess, forget_old_failures, take_back
from heliograph.passwords import hash_password, is_outdated, password_fits
from heliograph.users import User, edit_user

IDLE, LONGEST = timedelta(days=14), timedelta(days=90)
SEEN_EVERY = timedelta(minutes=5)
FRESH = timedelta(minutes=10)  # for so long a password that was entered is not asked again


class LoginSession(Model):
    """One browser that is signed in; `token_hash` is SHA-256 of the token it holds.

    `password_at` is when the password was last entered in it; None is long ago.
    """

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    password_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=utcnow)

    user: Mapped[User] = relationship()


class LoginRefused(HeliographError):
    """E-mail and password do not belong together."""

    status = 401


def log_in(email: str, password: str, *, address: str, agent: str) -> str:
    """The token of a new session; raises LoginRefused or LoginThrottled."""
    email = email.strip().lower()[:254].replace("\x00", "")
    count_guess(email, address)
    user = db.session.scalar(select(User).where(User.email == email))
    fits = password_fits(user.password_hash if user else nobody(), password)
    if user is None or not fits or not user.active:
        raise LoginRefused
    if is_outdated(user.password_hash):
        hash_again(user, password)
    return open_session(user.id, address=address, agent=agent)


def hash_again(user: User, password: str) -> None:
    """Store the password by the algorithm and cost of today, unless it was just changed."""
    same = update(User).where(User.id == user.id, User.password_hash == user.password_hash)
    stored = hash_password(password)
    with transaction():
        change_rows(same.values(password_hash=stored))


@cache
def nobody() -> str:
    """What is compared for an unknown e-mail, so that it takes as long as for a known one."""
    return hash_password("nobody has this password")


def open_session(user_id: int, *, address: str, agent: str) -> str:
    """Sign the user in; returns the token that the browser is to keep."""
    token, now = secrets.token_urlsafe(32), utcnow()
    with transaction() as session:
        user = session.get_one(User, user_id, populate_existing=True)
        user.last_login_at = now
        session.add(
            LoginSession(
                token_hash=hashed(token),
                user_id=user_id,
                address=plain_address(address),
                agent=agent[:200],
            )
        )
        change_rows(delete(LoginFailure).where(LoginFailure.email == user.email))
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


def check_own_password(user: User, typed: str, *, field: str, address: str) -> None:
    """Ask a user who is signed in for the password again.

    Raises BadInput about *field* when it is wrong, LoginThrottled after too many.
    """
    guess = count_guess(user.email, address, signed_in=True)
    if not password_fits(user.password_hash, typed):
        raise BadInput(field, "is wrong", mend="Enter the password you sign in with.")
    take_back(guess)


def confirm_session(token: str) -> None:
    """The password was entered again in this browser."""
    mine = update(LoginSession).where(LoginSession.token_hash == hashed(token))
    with transaction():
        change_rows(mine.values(password_at=utcnow()))


def is_fresh(password_at: datetime | None) -> bool:
    """Whether a password that was entered then need not be asked again yet."""
    return password_at is not None and password_at > utcnow() - FRESH


def change_password(user: User, old: str, new: str, *, address: str) -> None:
    """A user's own change; raises BadInput when *old* is wrong or *new* will not do."""
    check_own_password(user, old, field="old_password", address=address)
    edit_user(user.id, password=new)


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


def sweep_logins() -> str | None:
    """Job: delete sessions that have ended and failures that count no more."""
    now = utcnow()
    ended = or_(LoginSession.seen_at < now - IDLE, LoginSession.created_at < now - LONGEST)
    with transaction():
        sessions = change_rows(delete(LoginSession).where(ended))
    failures = forget_old_failures()
    if not (sessions or failures):
        return None
    return f"deleted {sessions} ended sessions and {failures} old wrong passwords"


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
