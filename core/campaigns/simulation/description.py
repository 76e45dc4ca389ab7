"""What is to be simulated: a canvas, a cast, a moment to begin at, and what happens.

Plain data: whoever has it can play the simulation again, and sees the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, ValidationError

from heliograph.campaigns.canvas import Part, has_broken, lower
from heliograph.channel import FailureKind
from heliograph.contacts.profile import LARGEST_ID
from heliograph.errors import BadInput
from heliograph.messages import MAX_CHARACTERS

MOST_PEOPLE, MOST_DAYS, MOST_DOINGS = 25, 366, 500
MEND = "See docs/how-to/campaigns.md."

Moment = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,24}$")]


class Person(Part):
    """Of the cast: the contact `contact_id`, or else one that is made up here."""

    key: Key
    contact_id: int | None = Field(default=None, gt=0, le=LARGEST_ID)
    first_name: str = Field(default="", max_length=120)
    last_name: str = Field(default="", max_length=120)
    mobile: str = Field(default="", max_length=40)
    country: str = Field(default="", max_length=60)
    timezone: str = Field(default="", max_length=64)
    custom: dict[str, Any] = Field(default_factory=dict, max_length=100)
    tags: list[str] = Field(default_factory=list, max_length=50)


class Answer(Part):
    """The person writes a text."""

    do: Literal["answer"]
    at: Moment
    who: Key
    text: str = Field(min_length=1, max_length=MAX_CHARACTERS)


class Stop(Part):
    """The person opts out, by the carrier's own way or by the word."""

    do: Literal["stop"]
    at: Moment
    who: Key


class Click(Part):
    """The person opens the last link that it got, or an earlier one of that text."""

    do: Literal["click"]
    at: Moment
    who: Key
    link: int = Field(default=1, ge=1, le=50)


class Outage(Part):
    """The provider takes no text, until then or until `recover`."""

    do: Literal["outage"]
    at: Moment
    until: Moment | None = None


class Recover(Part):
    do: Literal["recover"]
    at: Moment


class Fail(Part):
    """Texts to the person fail, until then or until `heal`: refused, or reported after."""

    do: Literal["fail"]
    at: Moment
    who: Key
    until: Moment | None = None
    how: Literal["refused", "undelivered"] = "refused"
    kind: FailureKind = FailureKind.BAD_NUMBER


class Heal(Part):
    do: Literal["heal"]
    at: Moment
    who: Key


Doing = Annotated[Answer | Stop | Click | Outage | Recover | Fail | Heal, Field(discriminator="do")]


class Simulation(Part):
    """`published`: what members go through now, instead of the draft."""

    campaign_id: int = Field(gt=0, le=LARGEST_ID)
    published: bool = False
    cast: list[Person] = Field(min_length=1, max_length=MOST_PEOPLE)
    start: Moment
    until: Moment
    script: list[Doing] = Field(default_factory=list, max_length=MOST_DOINGS)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)


def read_simulation(raw: object) -> Simulation:
    """The simulation in *raw*; raises BadInput that names the field and the mend."""
    if not isinstance(raw, Mapping):
        raise BadInput("simulation", "is no description of one", value=raw, mend=MEND)
    check_characters(raw)
    try:
        found = Simulation.model_validate(raw)
    except ValidationError as error:
        raise refused(error) from None
    check_people(found)
    check_moments(found)
    return found


def check_characters(raw: Mapping[str, Any]) -> None:
    """Refuse what no database takes, and what is no data at all."""
    try:
        text = json.dumps(raw, default=str)
    except (TypeError, ValueError, RecursionError):
        raise BadInput("simulation", "is no JSON", mend=MEND) from None
    if has_broken(text):
        raise BadInput("simulation", "has a broken character", mend="Take it out.")


def refused(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False, include_context=False)[0]
    if first["loc"] == ("cast",) and first["type"] == "too_short":
        return BadInput("cast", "is empty", mend="Choose contacts, or make some up.")
    if first["loc"] == ("cast",) and first["type"] == "too_long":
        mend = f"Take {MOST_PEOPLE} at most."
        return BadInput("cast", "has too many contacts", value=len(first["input"]), mend=mend)
    # the number of a doing is followed by the word for its kind
    place = [part + 1 if isinstance(part, int) else part for part in first["loc"]]
    field = " ".join(map(str, place)) or "simulation"
    given = first["input"]
    shown = None if isinstance(given, dict | list) else given
    words = lower(first["msg"].removeprefix("Value error, ")).rstrip(".")
    return BadInput(field, words, value=shown, mend=MEND)


def check_people(simulation: Simulation) -> None:
    keys = [person.key for person in simulation.cast]
    known = [str(person.contact_id) for person in simulation.cast if person.contact_id]
    for name, given in (("key", keys), ("contact_id", known)):
        twice = [one for one in given if given.count(one) > 1]
        if twice:
            raise BadInput(f"cast {name}", "is there twice", value=twice[0], mend="Take one out.")
    for number, doing in enumerate(simulation.script, 1):
        who = getattr(doing, "who", None)
        if who is not None and who not in keys:
            mend = f"The cast is {', '.join(keys)}."
            raise BadInput(f"script {number} who", "is not in the cast", value=who, mend=mend)


def check_moments(simulation: Simulation) -> None:
    start, end = simulation.start, simulation.until
    if not 2000 <= start.year <= 2200:
        raise BadInput("start", "is out of range", value=start, mend="Use a year of this century.")
    if end < start:
        raise BadInput("until", "is before the start", value=end, mend="Use a later time.")
    if end > start + timedelta(days=MOST_DAYS):
        mend = f"{MOST_DAYS} days after the start are the most."
        raise BadInput("until", "is too far ahead", value=end, mend=mend)
    for number, doing in enumerate(simulation.script, 1):
        if doing.at < start:
            raise BadInput(
                f"script {number} at",
                "is before the start",
                value=doing.at,
                mend="Use a later time.",
            )
        until = getattr(doing, "until", None)
        if until is not None and until <= doing.at:
            raise BadInput(
                f"script {number} until",
                "is not after its beginning",
                value=until,
                mend="Use a later time.",
            )
        if isinstance(doing, Fail) and doing.kind is FailureKind.UNKNOWN_OUTCOME:
            mend = "Use another kind: nobody can be asked here whether it went out."
            raise BadInput(f"script {number} kind", "cannot be played", value=doing.kind, mend=mend)
