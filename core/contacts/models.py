"""Tables of contacts, their tags and their custom fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from heliograph.db import Id, Json, Model, UTCDateTime, utcnow
from heliograph.phone import one_spelling

NUMBER_OK, NUMBER_INVALID = "ok", "invalid"

contact_tags = Table(
    "contact_tags",
    Model.metadata,
    Column("contact_id", ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_contact_tags_tag_contact", "tag_id", "contact_id"),
)


def name_indexes(name: str) -> tuple[Index, Index]:
    """For what begins with a word, in any case: each database has a way of its own."""
    return (
        Index(f"ix_contacts_{name}_nocase", text(f"{name} COLLATE NOCASE")).ddl_if("sqlite"),
        Index(f"ix_contacts_{name}_lower", text(f'(lower({name}) COLLATE "C")')).ddl_if(
            "postgresql"
        ),
    )


class Tag(Model):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)


class CustomField(Model):
    """A field that the installation added; its values are in `Contact.custom`.

    `kind` is one of text, number, date, datetime, boolean, choice.
    """

    __tablename__ = "custom_fields"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    alias: Mapped[str] = mapped_column(String(40), unique=True)
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16), default="text")
    choices: Mapped[list[str]] = mapped_column(Json, default=list)


class Contact(Model):
    """A person. `mobile` is E.164 and may be shared by two contacts.

    `import_id` is the import that made it, by number alone: no table to join,
    and it costs an import nothing.
    """

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    mobile: Mapped[str | None] = mapped_column(String(16))
    number_status: Mapped[str] = mapped_column(String(8), default=NUMBER_OK)
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    company: Mapped[str] = mapped_column(String(120), default="")
    city: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    locale: Mapped[str] = mapped_column(String(16), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    custom: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    import_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, onupdate=utcnow)

    tags: Mapped[list[Tag]] = relationship(secondary=contact_tags, order_by=Tag.name)

    __table_args__ = (
        # on PostgreSQL so ordered that they find beginnings too
        Index("ix_contacts_mobile", "mobile", postgresql_ops={"mobile": "varchar_pattern_ops"}),
        Index("ix_contacts_email", "email", postgresql_ops={"email": "varchar_pattern_ops"}),
        Index("ix_contacts_created_at", "created_at"),
        *name_indexes("first_name"),
        *name_indexes("last_name"),
        *name_indexes("company"),
    )

    @validates("mobile")
    def in_one_spelling(self, _key: str, mobile: str | None) -> str | None:
        """Normalise on every write: do-not-contact and replies are matched by equal numbers."""
        return one_spelling(mobile) if mobile else mobile

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class ContactEvent(Model):
    """A line of a contact's history that no other table holds (merges, edits)."""

    __tablename__ = "contact_events"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


class ContactChange(Model):
    """Contacts that were changed: filters of segments may find others now. See changes.py.

    `contact_ids` null: too many, or nobody knows which.
    """

    __tablename__ = "contact_changes"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contact_ids: Mapped[list[int] | None] = mapped_column(Json)
