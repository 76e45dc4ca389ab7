"""One call to a provider: the text that is claimed for it, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass

from core.channel import Failure, OutgoingText, Sent
from core.sentences import Sentence

# not frozen: that takes three times as long to make, for each text


@dataclass(slots=True)
class ClaimedText:
    """A text to be sent; `attempt` counts from 1. Times are seconds of the monotonic clock.

    It may go from `due` on; its lease ends at `deadline`. At `checked_at` it was last known
    that it may go at all: it was not on do-not-contact.
    """

    delivery_id: int
    text: OutgoingText
    claim: str
    due: float
    deadline: float
    checked_at: float
    attempt: int = 1


class Released(Exception):
    """The text was never handed over: it goes back to the queue untouched."""


class Skipped(Exception):
    """The text was never handed over, and is not to be: `reason` is a word, `detail` says it."""

    def __init__(self, reason: str, detail: Sentence) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


Result = Sent | Failure | Released | Skipped


@dataclass(slots=True)
class CallOutcome:
    """What one call to the provider came to, and how many seconds it took."""

    delivery_id: int
    claim: str
    result: Result
    seconds: float = 0.0
