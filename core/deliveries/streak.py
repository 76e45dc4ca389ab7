"""Refusals in a row: no accident any more, so the broadcast must not burn its list."""

from __future__ import annotations

from dataclasses import dataclass

from heliograph.channel import Failure, Sent
from heliograph.deliveries.calls import Result
from heliograph.deliveries.policy import POLICIES
from heliograph.sentences import Sentence

REFUSED = Sentence("%(count)s texts in a row were refused with the code %(code)s: %(why)s")


@dataclass(slots=True)
class Streak:
    """Refusals in a row with one code."""

    code: str = ""
    count: int = 0

    def note(self, result: Result) -> str:
        """Why the broadcast should be paused, or ""."""
        if not isinstance(result, Failure):
            if isinstance(result, Sent):
                self.count = 0
            return ""
        policy = POLICIES[result.kind]
        code = result.code or result.kind.value
        self.count = self.count + 1 if code == self.code else 1
        self.code = code
        if self.count != policy.pauses_after:
            return ""
        words = result.text or policy.words
        return REFUSED.filled(count=self.count, code=code, why=words)
