"""Which of the texts that a provider holds is the one that is looked for.

A second installation on the same account, or one restored from a backup, has texts of its
own there: what is taken for ours by mistake would be a text that nobody gets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from heliograph.channel import OutgoingText, Sent
from heliograph.phone import one_spelling
from heliograph.references import references_sent

CLOCKS_DIFFER = timedelta(minutes=10)  # of ours and the provider's
WRONG_ZONE = timedelta(hours=26)  # a clock may be off by a whole zone: nobody can tell then
LAST_DIGITS = 6  # the same in each spelling of a number


class Verdict(Enum):
    OURS, UNSURE, ANOTHER = range(3)


@dataclass(slots=True)
class Held:
    """Texts at the provider: those that are the one we look for, and those that may be."""

    ours: list[Sent] = field(default_factory=list)
    unsure: list[Sent] = field(default_factory=list)


def sorted_out(text: OutgoingText, found: Iterable[Sent]) -> Held:
    """What of *found* may be *text*; what is to another number or older is left out."""
    held = Held()
    for answer in found:
        verdict = judged(text, answer)
        if verdict is Verdict.OURS:
            held.ours.append(answer)
        elif verdict is Verdict.UNSURE:
            held.unsure.append(answer)
    return held


def judged(text: OutgoingText, answer: Sent) -> Verdict:
    """Compare number and time; UNSURE without them, or where a wrong clock may explain it."""
    number, at = answer.number, answer.created_at
    if not isinstance(number, str) or not isinstance(at, datetime) or at.tzinfo is None:
        return Verdict.UNSURE
    same = same_number(text.to, number)
    older = text.attempted_at - at
    if same is Verdict.ANOTHER or older > WRONG_ZONE:
        return Verdict.ANOTHER
    return Verdict.UNSURE if older > CLOCKS_DIFFER else same


def same_number(ours: str, theirs: str) -> Verdict:
    """Whether the provider's spelling is of our number; UNSURE when only its end is.

    Providers write `+33…`, `33…`, `0033…` or `whatsapp:+33…`, or as one dials within a
    country, or as a numbering plan once had it (Mexico's 52 1). What ends otherwise is
    another number: nothing less may have a text sent again.
    """
    wanted, given = digits(ours), digits(theirs).lstrip("0")
    if one_spelling(f"+{wanted}") == one_spelling(f"+{given}"):
        return Verdict.OURS
    same_end = wanted[-LAST_DIGITS:] == given[-LAST_DIGITS:]
    return Verdict.UNSURE if same_end or not given else Verdict.ANOTHER


def digits(number: str) -> str:
    return "".join(one for one in number if one.isdecimal())


def asked_as(text: OutgoingText, delivery_id: int) -> list[OutgoingText]:
    """*text* under each reference that the provider may hold it by."""
    references = references_sent(delivery_id, text.attempted_at)
    return [replace(text, reference=reference) for reference in references]
