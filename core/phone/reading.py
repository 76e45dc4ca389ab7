"""Numbers that texts can be sent to, out of any spelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heliograph.phone.number import Number
from heliograph.phone.plans import judge
from heliograph.phone.slow import parse_by_library
from heliograph.phone.spelling import all_plain_digits, plain_digits, spell


def parse_number(raw: str, *, region: str) -> Number:
    """The number that *raw* writes; *region* (ISO 3166, capitals) is for national spellings.

    Raises BadInput("mobile", ...) when it is no number or cannot get texts. A
    number in full international form is taken when its length is possible even
    if its range is unknown: plans grow faster than libraries.
    """
    digits = plain_digits(raw) or spell(raw)
    return judge(digits, region) or parse_by_library(digits, region, raw=raw)


def parse_plain_numbers(raws: Sequence[str], regions: Iterable[str]) -> list[Number | None]:
    """Many at once: the plain cases; None where `parse_number` is to be asked."""
    digits = all_plain_digits(raws)
    return [
        judge(text, region) if text else None for text, region in zip(digits, regions, strict=True)
    ]
