"""The settings that can be stored: one list for page, command, doctor and manual.

To add one: a field with an empty default in core/settings.py, and an entry in KEYS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from heliograph.errors import BadInput
from heliograph.sentences import Sentence
from heliograph.settings import PREFIX, check_region, check_variables, check_zone


@dataclass(frozen=True, slots=True)
class Key:
    """A setting that can be stored; `name` is its field in Settings.

    `read` gives a value in its one spelling, and raises BadInput about the field `name`.
    """

    name: str
    label: Sentence
    help: Sentence
    effect: Sentence
    default: str
    read: Callable[[str], str]

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def read_zone(text: str) -> str:
    name = zones().get(text.casefold().replace(" ", "_"), text)
    check_zone(name, "timezone")
    return name


@cache
def zones() -> dict[str, str]:
    """Names of zones by their lower case."""
    return {name.casefold(): name for name in available_timezones()}


def read_region(text: str) -> str:
    check_region(text, "default_region")
    return text.upper()


def read_variables(text: str) -> str:
    return check_variables(text, "webhook_env")


KEYS = (
    Key(
        "timezone",
        Sentence("Time zone"),
        Sentence(
            "The clock of quiet hours and campaigns for contacts without a zone of their own, "
            "and of pages for users who have chosen none."
        ),
        Sentence(
            "What is scheduled already keeps its moment. From now on quiet hours, hours of "
            "campaigns and days in segments follow the new zone."
        ),
        "UTC",
        read_zone,
    ),
    Key(
        "default_region",
        Sentence("Country of numbers written without one"),
        Sentence("How 06 12 34 56 78 is read: in imports, forms, searches, commands and replies."),
        Sentence("Numbers that are stored already stay as they are."),
        "US",
        read_region,
    ),
    Key(
        "webhook_env",
        Sentence("Environment variables for webhooks"),
        Sentence(
            "Names separated by commas, such as CRM_KEY: headers of campaigns' webhooks may send "
            "these as $env:CRM_KEY. Whoever draws campaigns can then send their values anywhere."
        ),
        Sentence("Contacts wait before a webhook that names another one."),
        "",
        read_variables,
    ),
)


def find_key(name: str) -> Key:
    """Raises BadInput with the keys that there are."""
    for key in KEYS:
        if key.name == name:
            return key
    names = ", ".join(key.name for key in KEYS)
    raise BadInput("key", "is no setting that is stored", value=name, mend=f"Use one of {names}.")
