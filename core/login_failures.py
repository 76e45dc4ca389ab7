"""Wrong passwords: counted, so that nobody can guess for long.

A guess is counted before it is checked and taken back when it is right: else guesses
that are made side by side would all be checked before the first of them counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Boolean, Index, String, delete, false, func, select
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.addresses import network_of
from heliograph.db import Id, Model, UTCDateTime, change_rows, db, transaction, utcnow
from heliograph.errors import HeliographError

WINDOW = timedelta(minutes=15)
FAILURES_OF_EMAIL, FAILURES_OF_ADDRESS = 5, 30


class LoginFailure(Model):
    """A wrong password, or one that is being checked.

    `address` is the network that counts as one visitor. `signed_in` tells guesses of somebody
    who is signed in already from those of strangers: they do not lock each other out.
    """

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(45))
    signed_in: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index("ix_login_failures_email", "email", "at"),
        Index("ix_login_failures_address", "address", "at"),
    )


class LoginThrottled(HeliographError):
    """Too many wrong passwords. Wait 15 minutes, or ask an admin to unlock you."""

    status = 429


def count_guess(email: str, address: str, *, signed_in: bool = False) -> int:
    """Count a guess as wrong before it is checked; returns its id for `take_back`.

    Raises LoginThrottled when there were too many: then it is not to be checked.
    """
    network = network_of(address)
    with transaction() as session:
        guess = LoginFailure(email=email, address=network, signed_in=signed_in)
        session.add(guess)
    # after the commit: whoever counts later sees it
    if are_too_many(email, network, signed_in=signed_in):
        take_back(guess.id)
        raise LoginThrottled
    return guess.id


def are_too_many(email: str, network: str, *, signed_in: bool) -> bool:
    """Whether the newest guess, which is counted already, is one too many."""
    recent = select(func.count()).where(LoginFailure.at > utcnow() - WINDOW)
    same = (LoginFailure.email == email, LoginFailure.signed_in.is_(signed_in))
    of_email = db.session.scalar(recent.where(*same)) or 0
    of_address = db.session.scalar(recent.where(LoginFailure.address == network)) or 0
    return of_email > FAILURES_OF_EMAIL or of_address > FAILURES_OF_ADDRESS


def take_back(guess_id: int) -> None:
    """The guess was right, or was not checked."""
    with transaction():
        change_rows(delete(LoginFailure).where(LoginFailure.id == guess_id))


def unlock(email: str) -> None:
    """Forget the wrong passwords of an e-mail."""
    with transaction():
        change_rows(delete(LoginFailure).where(LoginFailure.email == email.strip().lower()))


def locked_emails() -> set[str]:
    """E-mails that are locked out now."""
    often = (
        select(LoginFailure.email)
        .where(LoginFailure.at > utcnow() - WINDOW, LoginFailure.signed_in.is_(False))
        .group_by(LoginFailure.email)
        .having(func.count() >= FAILURES_OF_EMAIL)
    )
    return set(db.session.scalars(often))


def forget_old_failures() -> int:
    """Delete failures that count no more; returns how many."""
    with transaction():
        return change_rows(delete(LoginFailure).where(LoginFailure.at < utcnow() - WINDOW))
