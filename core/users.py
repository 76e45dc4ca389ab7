"""People who use Heliograph: admins, marketers, readers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, func, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from core.db import Id, Model, UTCDateTime, db, transaction, utcnow
from core.errors import BadInput, Conflict, NotFound

ADMIN, MARKETER, READER = "admin", "marketer", "reader"
ROLES = (ADMIN, MARKETER, READER)
THEMES = ("auto", "light", "dark")
MIN_PASSWORD, MAX_PASSWORD = 10, 1000
SCRYPT = "scrypt:32768:8:1"  # 32 MB of memory and a tenth of a second for each guess


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
    check_password(password)
    with transaction() as session:
        if session.scalar(select(User.id).where(User.email == email)):
            raise BadInput("email", "is taken", value=email, mend="Choose another one.")
        user = User(
            email=email,
            password_hash=hash_password(password),
            role=role,
            first_name=first_name.strip()[:120],
            last_name=last_name.strip()[:120],
            timezone=timezone,
        )
        session.add(user)
    return user


def hash_password(password: str) -> str:
    """What is kept of a password; says itself how it was made."""
    return generate_password_hash(password, SCRYPT)


def create_first_user(
    email: str, password: str, *, first_name: str = "", last_name: str = "", timezone: str = ""
) -> User:
    """The admin of a new installation; raises Conflict once there is a user."""
    with transaction():
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
) -> User:
    """Change role, access or password; raises Conflict when no active admin would be left."""
    if role is not None:
        check_role(role)
    if password is not None:
        check_password(password)
    with transaction() as session:
        user = session.get(User, user_id, with_for_update=True, populate_existing=True)
        if user is None:
            raise NotFound(f"There is no user {user_id}.")
        was_admin = user.role == ADMIN and user.active
        user.role = user.role if role is None else role
        user.active = user.active if active is None else active
        if password is not None:
            user.password_hash = hash_password(password)
        session.flush()
        if was_admin and not session.scalar(select(User.id).where(User.role == ADMIN, User.active)):
            raise Conflict("This is the last admin: make somebody else admin first.")
    return user


def change_password(user: User, old: str, new: str) -> None:
    """A user's own change; raises BadInput when *old* is wrong or *new* will not do."""
    if not check_password_hash(user.password_hash, old):
        raise BadInput("old_password", "is wrong", mend="Enter the password you signed in with.")
    edit_user(user.id, password=new)


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


def check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise BadInput(
            "password",
            "is too short",
            mend=f"Use {MIN_PASSWORD} characters or more, for example four words.",
        )
    if len(password) > MAX_PASSWORD:
        raise BadInput("password", "is too long", mend=f"Use {MAX_PASSWORD} characters at most.")


def user_count() -> int:
    return db.session.scalar(select(func.count()).select_from(User)) or 0
