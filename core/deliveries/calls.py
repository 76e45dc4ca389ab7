"""One call to a provider: the text that is claimed for it, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass

from core.channel import Failure, OutgoingText, Sent

# not frozen: that takes three times as long to make, for each text


@dataclass(slots=True)
class ClaimedText:
    """A text to be sent. `due` and `deadline` are seconds of the monotonic clock.

    `attempt` counts from 1.
    """

    delivery_id: int
    text: OutgoingText
    claim: str
    due: float
    deadline: float
    attempt: int = 1


class Released(Exception):
    """The text was never handed over: it goes back to the queue untouched."""


Result = Sent | Failure | Released


@dataclass(slots=True)
class CallOutcome:
    """What one call to the provider came to, and how many seconds it took."""

    delivery_id: int
    claim: str
    result: Result
    seconds: float = 0.0
