"""Decisions: what contacts do, and what becomes of the texts to them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from heliograph.campaigns.builtin.patterns import has_word, is_like
from heliograph.campaigns.expressions import literals_of, regex_matches, why_not_sound
from heliograph.events import Decision, Signal, SignalKind, WaitConfig
from heliograph.replies.optout import meaning

GOT_THERE, LOST = ("delivered",), ("failed", "undelivered", "skipped", "cancelled")


To = Literal["campaign", "last", "any"]


class AboutTexts(WaitConfig):
    """Config of a decision on what contacts do about texts."""

    to: To = "campaign"

    @property
    def counts_from_text(self) -> bool:
        return self.to == "campaign"

    def asks_about(self, signal: Signal) -> bool:
        if self.to == "campaign":
            return signal.to_campaign
        return self.to == "any" or signal.to_text_before


class Replies(AboutTexts):
    to: To = Field(
        default="campaign",
        title="To",
        description="To any text of this campaign, to the message sent before it, "
        "or to any text of yours",
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
    opt_words: bool = Field(
        default=False,
        title="Also STOP, START and HELP",
        description="Else they are no replies, unless what you look for names them",
    )

    @model_validator(mode="after")
    def has_what_it_needs(self) -> Replies:
        if self.how == "pattern" and not self.pattern:
            raise ValueError("the pattern is missing")
        if self.how == "words" and not any(word.strip() for word in self.words):
            raise ValueError("the words are missing")
        if self.how == "regex" and not self.regex:
            raise ValueError("the regular expression is missing")
        why_not = why_not_sound(self.regex) if self.how == "regex" else ""
        if why_not:
            raise ValueError(f"the regular expression {why_not}")
        return self


def replies(config: Replies, signal: Signal) -> bool:
    if not config.asks_about(signal):
        return False
    if signal.opt and not config.opt_words:
        return fits(config, signal.text) and names_opt_word(config, signal.text)
    return fits(config, signal.text)


def fits(config: Replies, text: str) -> bool:
    if config.how == "pattern":
        return is_like(text, config.pattern)
    if config.how == "words":
        return any(has_word(text, word) for word in config.words)
    if config.how == "regex":
        return regex_matches(config.regex, text)
    return True


def names_opt_word(config: Replies, text: str) -> bool:
    """Whether what fits *text* is itself a word that means STOP, START or HELP."""
    if config.how == "pattern":
        return any(map(is_opt_word, config.pattern.split("*")))
    if config.how == "words":
        return any(is_opt_word(word) for word in config.words if has_word(text, word))
    if config.how == "regex":
        return any(map(is_opt_word, literals_of(config.regex)))
    return False


def is_opt_word(word: str) -> bool:
    return meaning(word, opted_out=True) is not None


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


class Clicks(AboutTexts):
    to: To = Field(
        default="campaign",
        title="In",
        description="In any text of this campaign, in the message sent before it, "
        "or in any text of yours",
    )
    address: str = Field(
        default="",
        title="Address",
        description="Only such links, * is anything: *example.com/shop*; empty is any link",
        max_length=300,
    )


def clicks(config: Clicks, signal: Signal) -> bool:
    if not config.asks_about(signal):
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
    rules_out=lambda _, signal: signal.to_text_before and signal.status in LOST,
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
