"""One call to a provider: the text that is claimed for it, and what it came to."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import dataclass

from heliograph.channel import Failure, OutgoingText, Provider, Sent
from heliograph.sentences import Sentence

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


class Handover:
    """`send` of a provider for one text, which may not begin after `until` (monotonic).

    A provider's loop or threads may be busy when the call comes to them. Whoever calls it
    sees what it sees of a bound method. Raises Released when it is too late.
    """

    __slots__ = ("__func__", "__self__", "_send", "_until")
    __name__ = "send"

    def __init__(self, provider: Provider, until: float) -> None:
        self.__self__, self._send, self._until = provider, provider.send, until
        self.__func__ = getattr(self._send, "__func__", self._send)

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self._until

    def __call__(self, text: OutgoingText) -> Sent | Awaitable[Sent]:
        if self.is_late:
            raise Released
        return self._send(text)


Result = Sent | Failure | Released | Skipped


@dataclass(slots=True)
class CallOutcome:
    """What one call to the provider came to, and how many seconds it took."""

    delivery_id: int
    claim: str
    result: Result
    seconds: float = 0.0
