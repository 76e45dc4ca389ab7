"""The exact text of a delivery: made once, kept, never made differently again."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from heliograph.contacts.fields import contact_fields
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.errors import BadInput, HeliographError
from heliograph.messages import MAX_CHARACTERS, CompiledText, compile_text, measure, values_of
from heliograph.messages.filtering import Filtered, FilterFailed, filter_words
from heliograph.messages.values import COLUMNS, CUSTOM, columns_of
from heliograph.nfc import nfc
from heliograph.sentences import Sentence
from heliograph.text_filters import Words
from heliograph.users import User

TOO_LONG = Sentence("The text has %(size)s characters; %(most)s is the most.")


class Unrenderable(HeliographError):
    """The text cannot be made for this contact."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason, self.words = reason, words


class Renderer:
    """Renders one frozen text for many contacts; parsed once.

    `Words` go through the text filters, inside the transaction that is open; a plain string
    does not.
    """

    def __init__(self, words: Words | str | None, zone: ZoneInfo) -> None:
        text = words.text if isinstance(words, Words) else words
        self._text = text
        self._zone = zone
        self._filtered: Filtered | None = None
        self._failed: FilterFailed | None = None
        self._compiled: CompiledText | None = None
        self._owners: dict[int, User | None] = {}
        self._columns: tuple[str, ...] = (*COLUMNS, CUSTOM)
        self._owned = True
        if isinstance(words, Words):
            self._filter(words)
        if text is not None:
            self._compile(text)

    def _filter(self, words: Words) -> None:
        try:
            self._filtered = filter_words(words)
        except FilterFailed as error:  # each text says so
            self._failed = error

    def _compile(self, text: str) -> None:
        try:
            self._compiled = self._made(text)
        except BadInput:  # a field is gone since: each text says so
            return
        if self._compiled.template is None:
            self._columns = tuple(columns_of(self._compiled.fields))
            self._owned = self._compiled.asks_owner

    def _made(self, text: str) -> CompiledText:
        compiled = compile_text(text, contact_fields())
        if self._filtered is None:
            return compiled
        return compile_text(self._filtered.text, contact_fields())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of contacts that the text needs, so that no others are read."""
        return (*self._columns, "owner_id") if self._owned else self._columns

    def render(
        self, delivery_id: int, kept: str | None, contact: Contact | None
    ) -> tuple[str, str, int]:
        """Text, encoding and parts; a text *kept* from before stays as it is.

        Raises Unrenderable with the reason, and FilterFailed.
        """
        text = kept if kept is not None else self._fill(delivery_id, contact)
        if not text.strip():
            raise Unrenderable("empty_text", Sentence("The text is empty for this contact."))
        if len(text) > MAX_CHARACTERS:
            raise Unrenderable("too_long", TOO_LONG.filled(size=len(text), most=MAX_CHARACTERS))
        measured = measure(text)
        return text, measured.encoding, measured.parts

    def _fill(self, delivery_id: int, contact: Contact | None) -> str:
        if self._failed is not None:
            raise self._failed
        if self._text is None:
            raise Unrenderable("bad_token", Sentence("The text to send is gone."))
        try:
            if self._compiled is None:
                self._compiled = self._made(self._text)
            owner = self._owner(contact) if self._owned else None
            values = values_of(contact, owner, zone=self._zone, columns=self._columns)
            filled = self._compiled.render(values)
        except HeliographError as error:
            raise Unrenderable("bad_token", error.message) from error
        filtered = self._filtered
        return filled if filtered is None else nfc(filtered.finish(filled, delivery_id))

    def _owner(self, contact: Contact | None) -> User | None:
        if contact is None or contact.owner_id is None:
            return None
        if contact.owner_id not in self._owners:
            self._owners[contact.owner_id] = db.session.get(User, contact.owner_id)
        return self._owners[contact.owner_id]
