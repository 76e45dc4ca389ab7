"""People who use Heliograph: admins, marketers, readers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import generate_password_hash

from core.db import Id, Model, UTCDateTime, db, transaction, utcnow
from core.errors import BadInput

ROLES = ("admin", "marketer", "reader")
MIN_PASSWORD = 10


class User(Model):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


def create_user(
    email: str, password: str, *, role: str = "admin", first_name: str = "", last_name: str = ""
) -> User:
    """Add a user; raises BadInput on a bad or taken e-mail, role or password."""
    email = email.strip().lower()
    if "@" not in email.strip("@") or " " in email or len(email) > 254:
        raise BadInput("email", "is not an e-mail address", value=email, mend="Use name@host.")
    if role not in ROLES:
        raise BadInput("role", "is not known", value=role, mend=f"Use one of {', '.join(ROLES)}.")
    if len(password) < MIN_PASSWORD:
        raise BadInput(
            "password",
            "is too short",
            mend=f"Use {MIN_PASSWORD} characters or more, for example four words.",
        )
    with transaction() as session:
        if session.scalar(select(User.id).where(User.email == email)):
            raise BadInput("email", "is taken", value=email, mend="Choose another one.")
        user = User(
            email=email,
            password_hash=generate_password_hash(password),
            role=role,
            first_name=first_name,
            last_name=last_name,
        )
        session.add(user)
    return user


def user_count() -> int:
    return db.session.scalar(select(func.count()).select_from(User)) or 0
