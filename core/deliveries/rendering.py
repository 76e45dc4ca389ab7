"""The exact text of a delivery: made once, kept, never made differently again."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.contacts.fields import contact_fields
from core.contacts.models import Contact
from core.db import db
from core.errors import HeliographError
from core.messages import MAX_CHARACTERS, CompiledText, compile_text, measure, values_of
from core.users import User


class Unrenderable(HeliographError):
    """The text cannot be made for this contact."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason, self.words = reason, words


class Renderer:
    """Renders one frozen text for many contacts; parsed once."""

    def __init__(self, text: str | None, zone: ZoneInfo) -> None:
        self._text = text
        self._zone = zone
        self._compiled: CompiledText | None = None
        self._owners: dict[int, User | None] = {}

    def render(self, kept: str | None, contact: Contact | None) -> tuple[str, str, int]:
        """Text, encoding and parts; a text *kept* from before stays as it is.

        Raises Unrenderable with the reason.
        """
        text = kept if kept is not None else self._fill(contact)
        if not text.strip():
            raise Unrenderable("empty_text", "The text is empty for this contact.")
        if len(text) > MAX_CHARACTERS:
            raise Unrenderable(
                "too_long", f"The text has {len(text)} characters; {MAX_CHARACTERS} is the most."
            )
        measured = measure(text)
        return text, measured.encoding, measured.parts

    def _fill(self, contact: Contact | None) -> str:
        if self._text is None:
            raise Unrenderable("bad_token", "The text to send is gone.")
        if self._compiled is None:
            self._compiled = compile_text(self._text, contact_fields())
        values = values_of(contact, self._owner(contact), zone=self._zone)
        try:
            return self._compiled.render(values)
        except HeliographError as error:
            raise Unrenderable("bad_token", error.message) from error

    def _owner(self, contact: Contact | None) -> User | None:
        if contact is None or contact.owner_id is None:
            return None
        if contact.owner_id not in self._owners:
            self._owners[contact.owner_id] = db.session.get(User, contact.owner_id)
        return self._owners[contact.owner_id]
