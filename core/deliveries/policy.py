"""What each kind of failure leads to, as data."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from heliograph import clock
from heliograph.channel import FailureKind
from heliograph.sentences import Sentence

MAX_ATTEMPTS = 5
# what a campaign sends is tried that long: no outage may skip anybody
PATIENCE = timedelta(days=7)
LONGEST_WAIT = 900.0  # seconds between two tries


class Then(StrEnum):
    """What happens to a text that failed."""

    FAIL = "fail"  # final
    RETRY = "retry"  # wait, try again, as long as `is_tried_again` says
    HOLD = "hold"  # the sender waits; costs no attempt
    PAUSE = "pause"  # the broadcast waits for a person; costs no attempt
    LOOK_UP = "look_up"  # ask the provider before anything else


@dataclass(frozen=True, slots=True)
class Policy:
    """`wait` is in seconds, before the first retry or for the hold."""

    then: Then
    words: Sentence
    wait: float = 0
    pauses_after: int = 0  # so many in a row with one code: no accident any more
    marks_number: bool = False
    opts_out: bool = False


POLICIES: dict[FailureKind, Policy] = {
    FailureKind.BAD_NUMBER: Policy(
        Then.FAIL,
        Sentence("The number cannot receive texts; it was marked invalid."),
        marks_number=True,
    ),
    FailureKind.UNREACHABLE: Policy(Then.FAIL, Sentence("The phone could not be reached.")),
    FailureKind.OPTED_OUT: Policy(
        Then.FAIL,
        Sentence("The contact opted out at the provider; now do-not-contact."),
        opts_out=True,
    ),
    FailureKind.NOT_ALLOWED: Policy(
        Then.FAIL, Sentence("The account may not text this number."), pauses_after=25
    ),
    FailureKind.FILTERED: Policy(
        Then.FAIL, Sentence("The carrier filtered the text out."), pauses_after=25
    ),
    FailureKind.THROTTLED: Policy(Then.HOLD, Sentence("The provider asked to slow down."), wait=2),
    FailureKind.DAILY_CAP: Policy(
        Then.HOLD, Sentence("The sender's daily limit is reached; it goes on later."), wait=3600
    ),
    FailureKind.TRANSIENT: Policy(
        Then.RETRY, Sentence("The provider failed for a moment."), wait=15
    ),
    FailureKind.ACCOUNT: Policy(Then.PAUSE, Sentence("The provider refused the account.")),
    FailureKind.CONFIG: Policy(
        Then.PAUSE, Sentence("The provider refused the sender or its settings.")
    ),
    FailureKind.BAD_CONTENT: Policy(Then.PAUSE, Sentence("The provider refused the text itself.")),
    FailureKind.UNKNOWN_OUTCOME: Policy(
        Then.LOOK_UP,
        Sentence("No clear answer came; the provider is asked before anything is sent."),
    ),
}


def retry_wait(policy: Policy, attempts: int) -> float:
    """Seconds to wait after *attempts* tries: doubled each time up to a limit, with jitter.

    Without it in a simulation, which is to be the same each time.
    """
    jitter = 1.0 if clock.is_set() else random.uniform(0.8, 1.2)
    wait = policy.wait * 2.0 ** min(attempts - 1, 20)
    return min(wait, LONGEST_WAIT) * jitter


def is_tried_again(source: str, attempts: int, created_at: datetime, now: datetime) -> bool:
    """Whether a text of *source* is tried once more after so many tries."""
    return attempts < MAX_ATTEMPTS or (source == "campaign" and now - created_at < PATIENCE)
