"""Text filters: what changes the words of texts on their way out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Words:
    """A text as it was written, tokens and all.

    `message_id` is None where the text is not stored yet. `track_links` is what the
    message says about short links.
    """

    text: str
    message_id: int | None = None
    track_links: bool = False


class Marked(ABC):
    """What a filter made of one text; it serves many deliveries.

    `text` is compiled in place of the words: it may hold marks, and tokens of its own,
    whose values are read of each contact.
    """

    text: str

    @abstractmethod
    def finish(self, filled: str, delivery_id: int) -> str:
        """The text of one delivery, given `text` with its tokens *filled*.

        Called for each text: it works on words alone and asks no database.
        """


class TextFilter(ABC):
    """Subclass it and hand an object over by `register_text_filters`.

    `key` is `<plugin>.<name>`.
    """

    key: ClassVar[str]

    @abstractmethod
    def begin(self, words: Words) -> Marked | None:
        """Mark *words* before their tokens are filled; None leaves them as they are.

        Called once for each text and batch, inside a transaction: it may store what it needs.
        """

    @abstractmethod
    def sample(self, words: Words) -> Marked | None:
        """The same for counting and previews: nothing is stored, no delivery is known.

        What its `finish` (which gets 0) gives should be as long as what will be sent.
        """
