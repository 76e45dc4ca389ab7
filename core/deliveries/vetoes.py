"""Plugins that may hold a text back. A veto that fails is a veto: the text waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.channel import OutgoingText
from heliograph.deliveries.answers import said
from heliograph.host import current_host
from heliograph.host.calling import HookAnswers, HookFailure
from heliograph.sentences import Sentence

HOOK = "filter_texts"
WAITS = "veto_failed"  # the reason of a text that no plugin could decide on
ASK_AGAIN = timedelta(minutes=5)
LONGEST = 300
FAILED = Sentence("The plugin %(plugin)s, which may hold texts back, failed: %(why)s")


@dataclass(frozen=True, slots=True)
class Veto:
    """Why a text does not go: for good, or `until` the plugin is asked again."""

    words: str
    until: datetime | None = None


def vetoes(texts: Sequence[OutgoingText], now: datetime) -> dict[str, Veto]:
    """What the enabled plugins hold back, by the text's reference.

    They are asked about all *texts* at once. When one fails at that, about each text alone:
    so the failure holds back the texts that it is about, and no others.
    """
    if not texts or not current_host().implements(HOOK):
        return {}
    answers = current_host().call(HOOK, texts=texts)
    if not answers.failures:
        return found_in(answers)
    if len(texts) == 1:
        waits = waiting(answers.failures[0], now)
        return {texts[0].reference: waits} | found_in(answers)
    return {key: veto for text in texts for key, veto in vetoes([text], now).items()}


def found_in(answers: HookAnswers) -> dict[str, Veto]:
    """The reasons that were given, of all plugins together."""
    reasons: dict[str, list[str]] = {}
    for answer in answers.values:
        for reference, reason in answer.items():
            if reason:
                reasons.setdefault(str(reference), []).append(said(reason, LONGEST))
    return {reference: Veto("; ".join(given)) for reference, given in reasons.items()}


def waiting(failure: HookFailure, now: datetime) -> Veto:
    why = f"{type(failure.error).__name__}: {said(failure.error, LONGEST)}"
    return Veto(FAILED.filled(plugin=failure.plugin, why=why), now + ASK_AGAIN)
