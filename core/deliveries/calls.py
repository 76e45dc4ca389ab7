"""One call to a provider: the text that is claimed for it, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass

from core.channel import Failure, FailureKind, OutgoingText, Sent


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What one call to the provider came to, and how many seconds it took."""

    delivery_id: int
    claim: str
    result: Result
    seconds: float = 0.0


def checked(answer: object) -> Sent:
    """The answer, when it is one; raises TypeError on nonsense."""
    if not isinstance(answer, Sent):
        raise TypeError(f"send must return Sent, not {answer!r}")
    if not isinstance(answer.provider_id, str) or not answer.provider_id.strip():
        raise TypeError("send must return a Sent with a provider_id")
    return answer


def unknown_outcome(number: str, error: BaseException) -> Failure:
    """An answer that says nothing: the text may have gone out."""
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Failure(FailureKind.UNKNOWN_OUTCOME, f"No clear answer for {number}: {words[:300]}")
