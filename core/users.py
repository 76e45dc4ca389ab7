"""People who use Heliograph: admins, marketers, readers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Model, UTCDateTime, db, lock_table, transaction, utcnow
from heliograph.errors import BadInput, Conflict, Forbidden, NotFound
from heliograph.nfc import nfc
from heliograph.passwords import check_password, hash_password

ADMIN, MARKETER, READER = "admin", "marketer", "reader"
ROLES = (ADMIN, MARKETER, READER)
THEMES = ("auto", "light", "dark")


class User(Model):
    """A person who signs in. `locale`, `timezone` and `theme` are for pages; blank: as set up."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    locale: Mapped[str] = mapped_column(String(16), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_login_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


def create_user(
    email: str,
    password: str,
    *,
    role: str = "admin",
    first_name: str = "",
    last_name: str = "",
    timezone: str = "",
) -> User:
    """Add a user; raises BadInput on a bad or taken e-mail, role or password."""
    email = checked_email(email)
    check_role(role)
    check_password(password, (email, first_name, last_name))
    stored = hash_password(password)
    with transaction() as session:
        lock_table(User)  # else two at once could both find the e-mail free
        if session.scalar(select(User.id).where(User.email == email)):
            raise BadInput("email", "is taken", value=email, mend="Choose another one.")
        user = User(
            email=email,
            password_hash=stored,
            role=role,
            first_name=nfc(first_name.strip())[:120],
            last_name=nfc(last_name.strip())[:120],
            timezone=timezone,
        )
        session.add(user)
    return user


def create_first_user(
    email: str, password: str, *, first_name: str = "", last_name: str = "", timezone: str = ""
) -> User:
    """The admin of a new installation; raises Conflict once there is a user."""
    with transaction():
        lock_table(User)  # else several at once could all find nobody
        if user_count():
            raise Conflict("This installation has users already: sign in.")
        return create_user(
            email, password, first_name=first_name, last_name=last_name, timezone=timezone
        )


def edit_user(
    user_id: int,
    *,
    role: str | None = None,
    active: bool | None = None,
    password: str | None = None,
    by: int | None = None,
) -> User:
    """Change role, access or password.

    Raises Conflict when no active admin would be left, and Forbidden when *by*, the admin who
    changes it, has just stopped being one.
    """
    if role is not None:
        check_role(role)
    stored = None if password is None else new_hash(user_id, password)
    with transaction() as session:
        lock_table(User)  # two admins may change each other at once
        refuse_former_admin(by)
        user = session.get(User, user_id, populate_existing=True)
        if user is None:
            raise NotFound(f"There is no user {user_id}.")
        was_admin = user.role == ADMIN and user.active
        user.role = user.role if role is None else role
        user.active = user.active if active is None else active
        user.password_hash = stored or user.password_hash
        session.flush()
        if was_admin and not session.scalar(select(User.id).where(User.role == ADMIN, User.active)):
            raise Conflict("This is the last admin: make somebody else admin first.")
    return user


def new_hash(user_id: int, password: str) -> str:
    """What is stored of the user's new password; raises BadInput when it is too weak."""
    user = db.session.get(User, user_id)
    check_password(password, (user.email, user.first_name, user.last_name) if user else ())
    return hash_password(password)


def refuse_former_admin(user_id: int | None) -> None:
    if user_id is None:
        return
    admin = select(User.id).where(User.id == user_id, User.role == ADMIN, User.active)
    if db.session.scalar(admin) is None:
        raise Forbidden("You are no longer an admin, so nothing was changed.")


def list_users() -> list[User]:
    return list(db.session.scalars(select(User).order_by(User.email)))


def checked_email(email: str) -> str:
    email = email.strip().lower()
    if "@" not in email.strip("@") or " " in email or len(email) > 254 or "\x00" in email:
        raise BadInput("email", "is not an e-mail address", value=email, mend="Use name@host.")
    return email


def check_role(role: str) -> None:
    if role not in ROLES:
        raise BadInput("role", "is not known", value=role, mend=f"Use one of {', '.join(ROLES)}.")


def user_count() -> int:
    return db.session.scalar(select(func.count()).select_from(User)) or 0
