"""Sentences of the domain in the reader's language, and what was kept of them as text."""

from __future__ import annotations

from typing import Any

from babel.lists import format_list
from flask import Flask
from flask_babel import get_locale, gettext

from heliograph.campaigns.builtin import webhook
from heliograph.campaigns.simulation import stand_ins
from heliograph.deliveries import answers, carrier, late, outcomes, recovery, rendering, streak
from heliograph.sentences import Moment, Names, Sentence
from heliograph.web.locale import zoned_words

ON_DNC = Sentence("%(number)s is on do-not-contact.")
# what is kept with values in it; of two that may fit, the closer one first
KEPT = (
    recovery.UNDECIDED,
    late.STILL_HANGS,
    answers.NO_CLEAR_ANSWER,
    outcomes.USED_ID,
    rendering.TOO_LONG,
    streak.REFUSED,
    carrier.NO_ANSWERS,
    webhook.ANSWERED,
    webhook.TOLD,
    stand_ins.REFUSED,
    stand_ins.NOT_ARRIVED,
    ON_DNC,
)


def _(words: str, /, **values: object) -> str:
    found: str = gettext(words, **values)
    return found


def init_sentences(app: Flask) -> None:
    app.add_template_filter(told)
    app.add_template_filter(kept)


def told(words: str) -> str:
    """A sentence in the reader's language; any other words as they are."""
    if not isinstance(words, Sentence):
        return words
    if not words.values:
        return kept(words.template)
    values = {name: value_words(value) for name, value in words.values.items()}
    return _(words.template, **values)


def kept(text: str) -> str:
    """What was kept as text in the reader's language, when a sentence of ours is behind it."""
    found = _(text) if text else ""
    if found != text:
        return found
    for sentence in KEPT:
        values: dict[str, Any] | None = sentence.read(text)
        if values is not None:
            if "why" in values:  # the others are names, numbers and words of strangers
                values["why"] = Sentence(values["why"])
            return told(sentence.filled(**values))
    return text


def value_words(value: object) -> str:
    if isinstance(value, Moment):
        return zoned_words(value.at, "yMMMd", "Hm", zone=value.zone)
    if isinstance(value, Names):
        quoted = [_("“%(name)s”", name=name) for name in value.names]
        listed: str = format_list(quoted, locale=get_locale() or "en")
        return listed
    return told(value) if isinstance(value, str) else str(value)
