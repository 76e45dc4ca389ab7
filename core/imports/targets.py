"""What a column may be, beside a field of contacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heliograph.contacts.fields import Field
from heliograph.imports.consent_words import CONSENT, DO_NOT_CONTACT
from heliograph.sentences import Sentence

MOBILE = "mobile"
NAME, DIALLING_CODE, TAGS = "name", "dialling_code", "tags"
IGNORE = "-"
MOST = 0.6  # of the values must fit
CODE = re.compile(r"'?(?:\+|00)?[1-9]\d{0,2}(?:[.,]0+)?")


def anything(_values: Sequence[str]) -> bool:
    return True


def are_dialling_codes(values: Sequence[str]) -> bool:
    """Whether most of *values* may be dialling codes: +33, 33, 0033."""
    filled = [value.strip() for value in values if value.strip()]
    fitting = sum(CODE.fullmatch(value) is not None for value in filled)
    return bool(filled) and fitting >= MOST * len(filled)


@dataclass(frozen=True, slots=True)
class Target:
    """`several` columns may be mapped to it; a guess needs values for which it *fits*."""

    key: str
    label: Sentence
    several: bool = False
    fits: Callable[[Sequence[str]], bool] = anything


# in the order in which a column with a name of two is tried
TARGETS: dict[str, Target] = {
    target.key: target
    for target in (
        Target(DIALLING_CODE, Sentence("Dialling code"), fits=are_dialling_codes),
        Target(NAME, Sentence("Full name")),
        Target(TAGS, Sentence("Tags"), several=True),
        Target(DO_NOT_CONTACT, Sentence("Do not contact (yes: no texts)"), several=True),
        Target(CONSENT, Sentence("May be texted (yes: texts are allowed)"), several=True),
    )
}


def takes_several(key: str) -> bool:
    """Whether more than one column may be mapped to it: numbers in order, tags together."""
    return key == MOBILE or (key in TARGETS and TARGETS[key].several)


def label_of(key: str, fields: dict[str, Field]) -> str:
    """What people read: a Sentence, or the words of a field of the installation's own."""
    if key in TARGETS:
        return TARGETS[key].label
    return fields[key].label if key in fields else key
