"""What a provider answers, made safe to record: nonsense must not harm other texts."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from heliograph.channel import Failure, FailureKind, Sent, Status, StatusReport
from heliograph.errors import BadInput
from heliograph.identifiers import stored_code, stored_id
from heliograph.sentences import Sentence

LONGEST_WORDS, LONGEST_SHOWN = 1000, 200
MOST_PARTS = 999
NO_CLEAR_ANSWER = Sentence("No clear answer for %(number)s: %(why)s")
MOST_PRICE = Decimal(1_000_000)
LONGEST_WAIT = 7 * 86400.0  # seconds: no provider may hold a sender for years
UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # no database takes them all


class ProviderFault(RuntimeError):
    """The provider's code ended in a way that would have ended us as well."""

    @classmethod
    def of(cls, error: BaseException) -> ProviderFault:
        fault = cls(f"its code raised {type(error).__name__}")
        fault.__cause__ = error
        return fault


def checked(answer: object) -> Sent:
    """The answer, when it is one; raises TypeError on nonsense.

    The id alone says that the text was taken. What else is nonsense is left out.
    """
    if not isinstance(answer, Sent):
        raise TypeError(f"send must return Sent, not {shown(answer)}")
    given: object = answer.provider_id
    if not isinstance(given, str) or not given.strip():
        raise TypeError(f"send must return a Sent with a provider_id, not with {shown(given)}")
    known = stored_id(given)
    if known != given or not is_plain(answer):
        return mended(answer, known)
    return answer


def is_plain(answer: Sent) -> bool:
    """Whether all but the id can be recorded as it is."""
    return (
        (answer.parts is None or parts_of(answer.parts) is not None)
        and (answer.price is None or price_of(answer.price) is not None)
        and isinstance(answer.status, Status)
        and isinstance(answer.currency, str)
        and (not answer.currency or cleaned(answer.currency, 3) == answer.currency)
    )


def mended(answer: Sent, provider_id: str) -> Sent:
    status = Status.ACCEPTED
    with suppress(ValueError, TypeError):
        status = Status(answer.status)
    currency: object = answer.currency
    return replace(
        answer,
        provider_id=provider_id,
        parts=parts_of(answer.parts),
        status=status,
        price=price_of(answer.price),
        currency=cleaned(currency, 3) if isinstance(currency, str) else "",
    )


def parts_of(given: object) -> int | None:
    known = isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_PARTS
    return given if isinstance(given, int) and known else None


def price_of(given: object) -> Decimal | None:
    if isinstance(given, Decimal) and given.is_finite() and 0 <= given < MOST_PRICE:
        return given
    return None


def sane(failure: Failure) -> Failure:
    """The failure with what can be recorded of it; of an unknown kind, nobody knows."""
    kind = FailureKind.UNKNOWN_OUTCOME
    with suppress(ValueError, TypeError):
        kind = FailureKind(getattr(failure, "kind", None) or "")
    return Failure(
        kind,
        said(getattr(failure, "text", ""), LONGEST_WORDS),
        code=code_of(getattr(failure, "code", "")),
        retry_after=wait_of(getattr(failure, "retry_after", None)),
    )


def code_of(given: object) -> str:
    try:
        return stored_code(given or "")
    except Exception:  # an object that cannot be shown as words
        return ""


def storable(report: StatusReport) -> StatusReport:
    """The report with its ids, code and words as they are stored; raises BadInput without an id."""
    provider_id, code = stored_id(report.provider_id).strip(), code_of(report.error_code)
    if not provider_id:
        mend = "Hand over the id that the provider gave the text."
        raise BadInput("provider_id", "is missing in a status report", mend=mend)
    detail, reference = said(report.detail, LONGEST_WORDS), said(report.reference, LONGEST_SHOWN)
    fits = (provider_id, code, detail, reference)
    if fits == (report.provider_id, report.error_code, report.detail, report.reference):
        return report
    return replace(
        report, provider_id=provider_id, error_code=code, detail=detail, reference=reference
    )


def wait_of(given: object) -> float | None:
    if not isinstance(given, int | float) or math.isnan(given) or given <= 0:
        return None
    return float(min(given, LONGEST_WAIT))


def unknown_outcome(number: str, error: BaseException) -> Failure:
    """An answer that says nothing: the text may have gone out."""
    name, words = type(error).__name__, said(error, 300)
    if isinstance(error, ProviderFault | TimeoutError):
        name = ""
    why = ": ".join(one for one in (name, words) if one) or type(error).__name__
    return Failure(FailureKind.UNKNOWN_OUTCOME, NO_CLEAR_ANSWER.filled(number=number, why=why))


def said(given: Any, longest: int) -> str:
    """Any object as words of at most *longest* characters; it may not know its own."""
    try:
        return cleaned(given if isinstance(given, str) else str(given or ""), longest)
    except Exception:
        return f"(a {type(given).__name__} that cannot be shown)"[:longest]


def shown(given: object) -> str:
    try:
        return cleaned(repr(given), LONGEST_SHOWN)
    except Exception:
        return f"a {type(given).__name__}"


def cleaned(words: str, longest: int) -> str:
    """Without what a database refuses, and no longer than *longest* characters."""
    words = words[:longest]
    return words if words.isprintable() else UNWANTED.sub("?", words)
