"""Events of a campaign's canvas: what decisions and conditions are made of.

Actions are in `heliograph.actions`. An event has paths, by which contacts leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# the longest wait in each unit
LONGEST = {"minutes": 525_600, "hours": 8760, "days": 3660, "weeks": 520, "months": 120}


class EventConfig(BaseModel):
    """What an event asks for: subclass it; unknown keys are refused.

    `json_schema_extra={"choices_from": "messages"}` on a field lets the builder offer
    what there is: messages, segments, tags, fields, campaigns, events, countries.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class WaitConfig(EventConfig):
    """Config of a decision: subclass it. After the wait a contact takes the path `no`."""

    wait_amount: int = Field(
        default=3,
        title="Wait",
        description="How long the contact has; 0 waits for ever",
        ge=0,
    )
    wait_unit: Literal["minutes", "hours", "days", "weeks", "months"] = Field(
        default="days", title="Unit"
    )

    @property
    def counts_from_text(self) -> bool:
        """Whether it counts what was done since the text before went out, however early."""
        return False

    @model_validator(mode="after")
    def is_no_longer_than_can_be(self) -> Self:
        if self.wait_amount > LONGEST[self.wait_unit]:
            most = f"{LONGEST[self.wait_unit]} {self.wait_unit}"
            raise ValueError(f"the wait is out of range: {most} at most")
        return self


@dataclass(frozen=True, slots=True)
class Path:
    """A way out of an event. `only_with`: a number in the config that 0 closes it by."""

    key: str
    label: str
    only_with: str = ""


THEN, FAILED = Path("", "Then"), Path("failed", "Failed")
YES, NO = Path("yes", "Yes"), Path("no", "No")


@dataclass(frozen=True, slots=True)
class Place:
    """A contact at an event. `delivery_id`: the last text that it got on the way here."""

    step_id: int
    contact_id: int
    rotation: int = 1
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Contacts at one event, each of them once; `config` is the event's, validated."""

    config: Any
    campaign_id: int
    event_id: int
    places: Sequence[Place]
    now: datetime

    @property
    def contact_ids(self) -> list[int]:
        return [place.contact_id for place in self.places]


class SignalKind(StrEnum):
    """A reply came, a link was clicked, a text's status changed, do-not-contact changed."""

    REPLY = "reply"
    CLICK = "click"
    STATUS = "status"
    DNC = "dnc"


@dataclass(frozen=True, slots=True)
class Signal:
    """What a contact did, or what became of a text to it.

    `ref_id` is the id of the reply, click, text or change of do-not-contact. `text`
    is what was written, or the address that was opened; `status` what a text has
    come to, or on or off for do-not-contact; `opt` of a reply is out, in or help where
    it means STOP, START or HELP. `message_id` is of the text that it is about, and
    `to_text_before` whether that is the one sent before the decision. `to_campaign`: a
    text of the decision's campaign is what it is about, or had gone out before the reply.
    """

    kind: SignalKind
    contact_id: int
    at: datetime
    ref_id: int
    text: str = ""
    status: str = ""
    message_id: int | None = None
    to_text_before: bool = False
    to_campaign: bool = False
    opt: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on the canvas: contacts wait there for what they do themselves.

    `config_model` subclasses WaitConfig. `matches(config, signal)` is asked of each
    signal of the kinds in `waits_for`: True takes the contact along the path `yes`
    at once. It is called inside a transaction: be quick, call nobody. `rules_out`, of
    those that `matches` does not take: True when what is waited for cannot happen any
    more, and the contact takes the path `no` at once. `check(config)` may raise BadInput
    for what only the database knows.
    """

    key: str
    label: str
    config_model: type[WaitConfig]
    waits_for: frozenset[SignalKind]
    matches: Callable[[Any, Signal], bool]
    help: str = ""
    icon: str = "signpost-split"
    group: str = "Contact"
    check: Callable[[Any], None] | None = None
    paths: tuple[Path, ...] = (YES, NO)
    rules_out: Callable[[Any, Signal], bool] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the canvas: we look, and contacts go on at once.

    `choose(batch)` gives the key of a path for each contact id, in as few
    statements as it can; inside of the step's transaction. `check(config)` may
    raise BadInput for what only the database knows.
    """

    key: str
    label: str
    config_model: type[BaseModel]
    choose: Callable[[Batch], Mapping[int, str]]
    help: str = ""
    icon: str = "question-diamond"
    group: str = "Contact"
    check: Callable[[Any], None] | None = None
    paths: tuple[Path, ...] = (YES, NO)


def yes_or_no(holds: Callable[[Batch], Collection[int]]) -> Callable[[Batch], dict[int, str]]:
    """For `Condition.choose`: yes for the contact ids that *holds* gives, no for the others."""

    def choose(batch: Batch) -> dict[int, str]:
        yes = set(holds(batch))
        return {one: "yes" if one in yes else "no" for one in batch.contact_ids}

    return choose
