"""Twilio's words as ours: error codes and statuses, as data.

Codes: https://www.twilio.com/docs/api/errors. Those from 30001 on come later, by
callback; the others come in the answer to the request.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from heliograph.plugin import FailureKind, Status

RESET_ZONE = ZoneInfo("America/Los_Angeles")

CODES: dict[FailureKind, tuple[int, ...]] = {
    FailureKind.BAD_NUMBER: (
        *(21211, 21217, 21265, 21401, 21604, 21614, 21635),
        *(30005, 30006, 30014),
    ),
    FailureKind.UNREACHABLE: (21612, 30003, 30011),
    FailureKind.OPTED_OUT: (21610,),
    FailureKind.NOT_ALLOWED: (21266, 21408, 21608, 30016),
    FailureKind.THROTTLED: (14107, 20429, 21611, 30001, 30017, 30022),
    FailureKind.DAILY_CAP: (30023, 30027, 63038),
    FailureKind.TRANSIENT: (20500, 20503, 21730, 30008, 30009, 30020, 30021, 30036, 30410),
    FailureKind.FILTERED: (30004, 30007, 30450),
    FailureKind.ACCOUNT: (
        *(10001, 10002, 20003, 20005, 20006, 20008, 20010, 20403),
        30002,
    ),
    FailureKind.CONFIG: (
        *(20404, 20422, 21212, 21601, 21603, 21606, 21607, 21609, 21616, 21657),
        *(21659, 21660, 21661, 21701, 21702, 21703, 21704, 21705, 21708, 21709, 21711, 21712),
        *(30018, 30024, 30032, 30033, 30034, 30035),
    ),
    FailureKind.BAD_CONTENT: (
        *(20001, 21602, 21605, 21617, 21618, 21619, 21620, 21623, 21624),
        *(21654, 21655, 21656, 21658, 30019, 30028, 30029, 30030, 30045),
        *(35111, 35114, 35115, 35118, 35125, 35126, 90007),
    ),
}

KINDS = {str(code): kind for kind, codes in CODES.items() for code in codes}

STATUSES = {
    "accepted": Status.ACCEPTED,
    "scheduled": Status.ACCEPTED,
    "queued": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.SENT,
    "partially_delivered": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}


def seconds_to_wait(kind: FailureKind, now: datetime) -> float | None:
    """How long the sender is to be held: daily limits end at midnight, US Pacific time.

    https://www.twilio.com/docs/api/errors/30023, /30027
    """
    if kind is not FailureKind.DAILY_CAP:
        return None
    local = now.astimezone(RESET_ZONE)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), RESET_ZONE)
    return (midnight.astimezone(UTC) - now).total_seconds()


def kind_of_answer(status: int, code: str) -> FailureKind:
    """Why a request was refused. After a 5xx the text may exist all the same."""
    if status >= 500:
        return FailureKind.UNKNOWN_OUTCOME
    if code in KINDS:
        return KINDS[code]
    if status in (401, 403):
        return FailureKind.ACCOUNT
    if status == 404:
        return FailureKind.CONFIG
    return FailureKind.THROTTLED if status == 429 else FailureKind.NOT_ALLOWED


def kind_of_report(code: str) -> FailureKind:
    """Why a text that was taken did not arrive."""
    return KINDS.get(code, FailureKind.UNREACHABLE)
