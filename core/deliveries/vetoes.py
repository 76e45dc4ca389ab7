"""Plugins that may hold a text back. A veto that fails is a veto: the text waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from heliograph.channel import OutgoingText
from heliograph.deliveries.answers import said
from heliograph.host import current_host
from heliograph.host.plugins import HookAnswer
from heliograph.sentences import Sentence

HOOK = "filter_text"
WAITS = "veto_failed"  # the reason of a text that no plugin could decide on
ASK_AGAIN = timedelta(minutes=5)
LONGEST = 300
FAILED = Sentence("The plugin %(plugin)s, which may hold texts back, failed: %(why)s")


class Undone(Exception):
    """Raised to roll back what plugins did in the savepoint."""


@dataclass(frozen=True, slots=True)
class Veto:
    """Why a text does not go: for good, or `until` the plugin is asked again."""

    words: str
    until: datetime | None = None


class Vetoes:
    """Asks the enabled plugins about each text of one claim."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._any = current_host().implements(HOOK)

    def of(self, session: Session, text: OutgoingText) -> Veto | None:
        """The veto on *text*, or None to let it go."""
        if not self._any:
            return None
        answers = self._ask(session, text)
        reasons = [said(value, LONGEST) for one in answers for value in one.values if value]
        if reasons:
            return Veto("; ".join(reasons))
        for one in answers:
            if one.error is not None:
                why = f"{type(one.error).__name__}: {said(one.error, LONGEST)}"
                words = FAILED.filled(plugin=one.plugin, why=why)
                return Veto(words, self._now + ASK_AGAIN)
        return None

    def _ask(self, session: Session, text: OutgoingText) -> list[HookAnswer]:
        """In a savepoint: an error of SQL, told or not, must not cost the whole claim."""
        answers: list[HookAnswer] = []
        try:
            with session.begin_nested():
                answers = current_host().ask_each(HOOK, text=text)
                if any(one.error for one in answers):
                    raise Undone
        except Undone:
            pass
        except DBAPIError as error:  # a plugin went on after an error of its own
            names = " or ".join(one.plugin for one in answers)
            return [HookAnswer(names, [], error)]
        return answers
