"""Decisions: what contacts do, and what becomes of the texts to them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from core.campaigns.builtin.patterns import has_word, is_like, read_regex, regex_matches
from core.events import Decision, Signal, SignalKind, WaitConfig

GOT_THERE, LOST = ("delivered",), ("failed", "undelivered", "skipped", "cancelled")


class Replies(WaitConfig):
    to: Literal["last", "any"] = Field(
        default="last",
        title="To",
        description="To the message sent before it, or to any text of yours",
    )
    how: Literal["any", "pattern", "words", "regex"] = Field(
        default="any",
        title="What",
        description="Any reply, a pattern, one of some words, or a regular expression",
    )
    pattern: str = Field(
        default="",
        title="Pattern",
        description="The whole reply, * is anything: YES*, or *YES* for YES anywhere",
        max_length=300,
        json_schema_extra={"only_with": {"how": "pattern"}},
    )
    words: list[str] = Field(
        default_factory=list,
        title="Words",
        description="One of them anywhere in the reply is enough",
        max_length=100,
        json_schema_extra={"only_with": {"how": "words"}},
    )
    regex: str = Field(
        default="",
        title="Regular expression",
        description="Looked for anywhere in the reply, in any letter case",
        max_length=300,
        json_schema_extra={"only_with": {"how": "regex"}},
    )

    @field_validator("regex")
    @classmethod
    def regex_is_sound(cls, value: str) -> str:
        if value:
            read_regex(value)
        return value

    @model_validator(mode="after")
    def has_what_it_needs(self) -> Replies:
        if self.how == "pattern" and not self.pattern:
            raise ValueError("the pattern is missing")
        if self.how == "words" and not any(word.strip() for word in self.words):
            raise ValueError("the words are missing")
        if self.how == "regex" and not self.regex:
            raise ValueError("the regular expression is missing")
        return self


def is_asked_for(to: Literal["last", "any"], signal: Signal) -> bool:
    """Whether it is about the text that a decision waits on: the last, or any."""
    return to == "any" or signal.to_text_before


def replies(config: Replies, signal: Signal) -> bool:
    if not is_asked_for(config.to, signal):
        return False
    if config.how == "pattern":
        return is_like(signal.text, config.pattern)
    if config.how == "words":
        return any(has_word(signal.text, word) for word in config.words)
    if config.how == "regex":
        return regex_matches(config.regex, signal.text)
    return True


REPLIES = Decision(
    key="core.replies",
    label="Replies",
    config_model=Replies,
    waits_for=frozenset({SignalKind.REPLY}),
    matches=replies,
    help="Waits for a reply of the contact.",
    icon="reply",
    group="Texts",
)


class Clicks(WaitConfig):
    to: Literal["last", "any"] = Field(
        default="last",
        title="In",
        description="In the message sent before it, or in any text of yours",
    )
    address: str = Field(
        default="",
        title="Address",
        description="Only such links, * is anything: *example.com/shop*; empty is any link",
        max_length=300,
    )


def clicks(config: Clicks, signal: Signal) -> bool:
    if not is_asked_for(config.to, signal):
        return False
    return not config.address or is_like(signal.text, config.address)


CLICKS = Decision(
    key="core.clicks",
    label="Clicks a link",
    config_model=Clicks,
    waits_for=frozenset({SignalKind.CLICK}),
    matches=clicks,
    help="Waits until the contact opens a link of a text; what machines open does not count.",
    icon="link-45deg",
    group="Texts",
)


class OfText(WaitConfig):
    """What becomes of the text that was sent before."""


DELIVERED = Decision(
    key="core.delivered",
    label="Text is delivered",
    config_model=OfText,
    waits_for=frozenset({SignalKind.STATUS}),
    matches=lambda _, signal: signal.to_text_before and signal.status in GOT_THERE,
    help="Waits until the phone has the text that was sent before.",
    icon="check2-all",
    group="Texts",
)
FAILED = Decision(
    key="core.failed",
    label="Text fails",
    config_model=OfText,
    waits_for=frozenset({SignalKind.STATUS}),
    matches=lambda _, signal: signal.to_text_before and signal.status in LOST,
    help="Waits whether the text that was sent before fails for good.",
    icon="exclamation-triangle",
    group="Texts",
)


class OptsOut(WaitConfig):
    """Nothing more to ask for."""


OPTED_OUT = Decision(
    key="core.opted_out",
    label="Opts out",
    config_model=OptsOut,
    waits_for=frozenset({SignalKind.DNC}),
    matches=lambda _, signal: signal.status == "on",
    help="Waits whether the contact's number comes on do-not-contact.",
    icon="person-dash",
    group="Do-not-contact",
)
