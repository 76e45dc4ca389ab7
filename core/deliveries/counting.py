"""Counting calls to providers: by outcome, and how long they took. Once for a batch."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from heliograph.channel import Failure
from heliograph.deliveries.calls import CallOutcome, Released, Skipped
from heliograph.meters import CALL_SECONDS, CALLS, current_meters

BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
LABELS = (*(f"{bound:g}" for bound in BOUNDS), "inf")
ACCEPTED, SUM = "accepted", "sum"


def count_calls(provider: str, outcomes: Iterable[CallOutcome]) -> None:
    """*outcomes* of calls; what was given back or skipped was none."""
    called = [item for item in outcomes if not isinstance(item.result, Released | Skipped)]
    if not called:
        return
    refused = Counter(item.result.kind.value for item in called if isinstance(item.result, Failure))
    seconds = sorted([item.seconds for item in called])
    accepted = len(called) - refused.total()
    meters = current_meters()
    meters.add(CALLS, provider, refused | ({ACCEPTED: accepted} if accepted else {}))
    below = [0, *(bisect_right(seconds, bound) for bound in BOUNDS), len(seconds)]
    spread = {
        label: float(end - begin)
        for label, begin, end in zip(LABELS, below, below[1:], strict=False)
        if end > begin
    }
    meters.add(CALL_SECONDS, provider, spread | {SUM: sum(seconds)})
