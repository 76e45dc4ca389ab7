"""Which column is which field: guessed, or as the user says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from heliograph.contacts.fields import Field, find_field
from heliograph.errors import BadInput
from heliograph.imports.column_names import (
    NUMBER_RANK,
    PHONE_RANK,
    SURNAME_BESIDE_FIRST,
    WORDS,
    number_rank,
    plain,
)
from heliograph.imports.consent import find_consent
from heliograph.imports.consent_words import CONSENT, DO_NOT_CONTACT
from heliograph.imports.targets import IGNORE, MOBILE, MOST, NAME, TARGETS, takes_several
from heliograph.phone import looks_like_number

BY_VALUES = (NAME, DO_NOT_CONTACT, CONSENT)  # a name alone does not make a column one of these
MOST_SINGLE = 0.7  # of last names are one word
SHORTEST = 7  # digits of a number in a column whose name says nothing
Samples = Sequence[Sequence[str]]


def map_columns(
    columns: Sequence[str],
    fields: dict[str, Field],
    samples: Samples,
    given: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Column → alias of a field or key of a target; columns that mean nothing are left out.

    *given* wins over the guess; `-` ignores a column. Raises BadInput when a
    name is unknown, two columns are the same field, or none holds the mobile number.
    """
    said = given_columns(columns, fields, given or {})
    found = said | guess_columns(columns, fields, samples, said)
    if MOBILE not in found.values():
        raise no_mobile(columns)
    return {column: found[column] for column in columns if found.get(column, IGNORE) != IGNORE}


def given_columns(
    columns: Sequence[str], fields: dict[str, Field], given: Mapping[str, str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, key in given.items():
        column = known_column(name, columns)
        chosen = IGNORE if key == IGNORE else known_key(key, fields)
        if chosen != IGNORE and not takes_several(chosen) and chosen in found.values():
            first = next(one for one, taken in found.items() if taken == chosen)
            mend = f"Leave out one of {first!r} and {column!r}."
            raise BadInput("--map", "is chosen for two columns", value=key, mend=mend)
        found[column] = chosen
    return found


def guess_columns(
    columns: Sequence[str],
    fields: dict[str, Field],
    samples: Samples,
    said: Mapping[str, str],
) -> dict[str, str]:
    """What the columns that nobody said anything about seem to be."""
    consent = find_consent(columns, samples).mapped
    found = {column: key for column, key in consent.items() if column not in said}
    free = [column for column in columns if column not in said and column not in found]
    taken = set(said.values())
    for column in free:
        key = guess_field(column, fields, column_values(columns, samples, column))
        if key and (key not in taken or takes_several(key)):
            found[column] = key
            taken.add(key)
    if MOBILE not in said.values():
        found |= guess_numbers(columns, samples, [one for one in free if one not in found])
    names = [
        column
        for column in free
        if column not in found
        and is_name(column)
        and are_names(column_values(columns, samples, column))
    ]
    return found | guess_name(columns, samples, names, {*said.values(), *found.values()})


def guess_field(column: str, fields: dict[str, Field], values: Sequence[str]) -> str | None:
    """The field or target that the name says, but for numbers, whole names and consent."""
    word = plain(column)
    own = find_field(column, {key: one for key, one in fields.items() if one.custom})
    if own is not None:
        return own.alias
    for key, target in TARGETS.items():
        if key not in BY_VALUES and word in WORDS[key] and target.fits(values):
            return key
    field = next((key for key in fields if word in WORDS.get(key, ())), None)
    if field is not None or number_rank(column) is not None or is_name(column):
        return field
    found = find_field(column, fields)
    return found.alias if found is not None and found.alias != MOBILE else None


def guess_numbers(columns: Sequence[str], samples: Samples, free: Sequence[str]) -> dict[str, str]:
    """The columns of numbers: by name those of mobiles and phones, else the likeliest one.

    A column that is just called *number* may count customers: its values decide.
    """
    by_name = [column for column in free if number_rank(column) in range(PHONE_RANK + 1)]
    if by_name:
        return dict.fromkeys(by_name, MOBILE)
    shares = {column: share_of_numbers(column_values(columns, samples, column)) for column in free}
    called = [column for column in free if number_rank(column) == NUMBER_RANK]
    for group in (called, free):
        best = max(group, key=lambda column: shares[column], default=None)
        if best is not None and shares[best] >= MOST:
            return {best: MOBILE}
    return {called[0]: MOBILE} if called and not any(samples) else {}


def is_name(column: str) -> bool:
    return plain(column) in WORDS[NAME]


def are_names(values: Sequence[str]) -> bool:
    """Whether most of *values* may be names: no addresses, no numbers of customers."""
    filled = [value for value in values if value]
    names = sum(any(map(str.isalpha, value)) and not re.search(r"[@\d]", value) for value in filled)
    return names >= MOST * len(filled)


def guess_name(
    columns: Sequence[str], samples: Samples, names: Sequence[str], taken: set[str]
) -> dict[str, str]:
    """A column called *name*: whole names, or last names beside a column of first names."""
    if not names or "last_name" in taken or NAME in taken:
        return {}
    column = names[0]
    if "first_name" in taken:
        surname = next((one for one in names if plain(one) in SURNAME_BESIDE_FIRST), None)
        return {surname: "last_name"} if surname is not None else {}
    values = [value for value in column_values(columns, samples, column) if value]
    single = sum(" " not in value for value in values)
    if plain(column) == "nom" and single > MOST_SINGLE * len(values):
        return {column: "last_name"}
    return {column: NAME}


def column_values(columns: Sequence[str], samples: Samples, column: str) -> list[str]:
    at = list(columns).index(column)
    return [row[at].strip() for row in samples if at < len(row)]


def share_of_numbers(values: Sequence[str]) -> float:
    """How many of the values that are not blank look like phone numbers."""
    filled = [value for value in values if value]
    numbers = sum(
        looks_like_number(value) and sum(map(str.isdigit, value)) >= SHORTEST for value in filled
    )
    return numbers / len(filled) if filled else 0.0


def number_columns(columns: Sequence[str], mapping: Mapping[str, str]) -> list[int]:
    """Indexes of the columns of numbers, the one to try first first: mobile before phone."""
    mapped = [at for at, column in enumerate(columns) if mapping.get(column) == MOBILE]

    def rank(at: int) -> tuple[int, int]:
        found = number_rank(columns[at])  # of two phones the one with the plainer name
        return PHONE_RANK if found is None else found, plain(columns[at]).count("_")

    return sorted(mapped, key=rank)


def known_column(column: str, columns: Sequence[str]) -> str:
    if column in columns:
        return column
    for name in columns:
        if plain(name) and plain(name) == plain(column):
            return name
    close = difflib.get_close_matches(column, columns, n=1)
    mend = f"Did you mean {close[0]!r}?" if close else f"Columns: {', '.join(columns)}."
    raise BadInput("--map", "is no column of the file", value=column, mend=mend)


def known_key(name: str, fields: dict[str, Field]) -> str:
    word = plain(name)
    if word in TARGETS:
        return word
    field = find_field(name, fields)
    if field is not None:
        return field.alias
    target = next((key for key in TARGETS if word in WORDS[key]), None)
    if target is not None:
        return target
    names = [*fields, *TARGETS]
    close = difflib.get_close_matches(name, names, n=1)
    mend = f"Did you mean {close[0]}?" if close else f"Fields: {', '.join(names)}."
    raise BadInput("--map", "is no field", value=name, mend=mend)


def no_mobile(columns: Sequence[str]) -> BadInput:
    return BadInput(
        "file",
        "has no column of mobile numbers",
        value=", ".join(columns)[:200],
        mend=f'Say which it is: --map "{columns[0]}"=mobile.',
    )
