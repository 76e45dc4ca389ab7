"""Why a row was rejected, or what of it was left out: codes, and the words for them.

Codes are stored with the import and in its file of rows; pages and commands say them in the
reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypedDict

from heliograph.sentences import Sentence

REJECTED, REMARK = "rejected", "remark"


class Reason(NamedTuple):
    """`column` is the index of the cell it is about, -1 for the whole row.

    `detail` is a number of a line or the like, for the words about one row.
    """

    code: str
    column: int = -1
    detail: str = ""


class ReasonCount(TypedDict):
    """How many rows have a reason, and in which line of the file the first of them is.

    `result` is rejected or remark, `column` a name or "".
    """

    result: str
    code: str
    column: str
    rows: int
    first_line: int


# why there is no number: the row is rejected
NUMBERS: dict[str, Sentence] = {
    "missing": Sentence("There is no mobile number."),
    "landline": Sentence("The number is a landline; texts need a mobile number."),
    "toll_free": Sentence("The number is toll-free; texts need a mobile number."),
    "premium_rate": Sentence("The number is a premium-rate number; texts need a mobile number."),
    "shared_cost": Sentence("The number is a shared-cost number; texts need a mobile number."),
    "pager": Sentence("The number is a pager; texts need a mobile number."),
    "service_number": Sentence("The number is a company's service number."),
    "voicemail": Sentence("The number is a voice mailbox."),
    "rounded": Sentence(
        "The number was rounded by a spreadsheet. Format the column as text and export it again."
    ),
    "fraction": Sentence("The number has a decimal fraction, so its digits cannot be trusted."),
    "extension": Sentence("The number has an extension. Leave the extension out."),
    "letters": Sentence("The number has letters. Write it in digits."),
    "plus_inside": Sentence("The number has a + in the middle."),
    "odd_characters": Sentence("The number has characters that no number has."),
    "no_digits": Sentence("There are no digits where the number is expected."),
    "unknown_country": Sentence(
        "The number has no known country code. Write it with + and the country code."
    ),
    "too_short": Sentence("The number is too short. Enter the whole number."),
    "number_too_long": Sentence("The number is too long."),
    "not_of_region": Sentence(
        "The number does not exist in its country. Check it, or write it with + and the "
        "country code."
    ),
    "not_a_number": Sentence("This is not a phone number."),
    "dialling_code": Sentence("The dialling code beside the number is not known."),
    "unreadable_number": Sentence("A character of the number cannot be read."),
}
# why the row cannot be read at all
ROWS: dict[str, Sentence] = {
    "unclosed_quote": Sentence("A quotation mark is opened and never closed."),
    "unreadable_row": Sentence("The row cannot be read as CSV."),
    "too_many_cells": Sentence(
        "The row has more cells than the header, and which of them is the number is not clear."
    ),
}
# what was left out of a row that was taken
REMARKS: dict[str, Sentence] = {
    "not_an_email": Sentence("This is not an e-mail address; the field was left blank."),
    "not_a_country": Sentence("This is not a country; the field was left blank."),
    "not_a_locale": Sentence("This is not a locale; the field was left blank."),
    "not_a_timezone": Sentence("This is not a time zone; the field was left blank."),
    "not_a_date": Sentence("This is not a date; the field was left blank."),
    "not_a_value": Sentence("This does not fit the kind of the field; the field was left blank."),
    "not_a_choice": Sentence("This is none of the choices; the field was left blank."),
    "too_long": Sentence("The text is too long; the field was left blank."),
    "unreadable": Sentence("A character cannot be read; the field was left blank."),
    "bad_tag": Sentence("A tag cannot be read; it was left out."),
    "other_numbers": Sentence("There are several numbers; the first that can get texts was taken."),
    "other_column": Sentence(
        "This number cannot get texts; the number of another column was taken."
    ),
    "unclear_consent": Sentence(
        "This does not say clearly whether the person may be texted: the number was put on "
        "do-not-contact."
    ),
    "extra_cells": Sentence(
        "The row has more cells than the header; cells that could belong to two columns were "
        "left out."
    ),
}
# the words that pages say for the result of a row
TAKEN_WITH_REMARK = Sentence("imported, with a remark")
REJECTED_WORD = Sentence("not imported")
WORDS: Mapping[str, Sentence] = NUMBERS | ROWS | REMARKS
UNKNOWN = Sentence("There is no known reason.")
ABOUT = Sentence("%(column)s: %(why)s")
ABOUT_VALUE = Sentence("%(column)s “%(value)s”: %(why)s")
IN_LINE = Sentence("Line %(line)s: %(why)s")
SHOWN = 80


def reason_words(code: str, column: str = "") -> Sentence:
    """For all rows that have it: `TAGS: A tag cannot be read; it was left out.`"""
    why = WORDS.get(code, UNKNOWN)
    return ABOUT.filled(column=column, why=why) if column else why


def row_words(reason: Reason, columns: Sequence[str], cells: Sequence[str]) -> Sentence:
    """For one row, with the value or the line that it is about."""
    why = WORDS.get(reason.code, UNKNOWN)
    if reason.column < 0:
        return IN_LINE.filled(line=reason.detail, why=why) if reason.detail else why
    column = columns[reason.column] if reason.column < len(columns) else str(reason.column + 1)
    value = cells[reason.column].strip() if reason.column < len(cells) else ""
    if not value:
        return ABOUT.filled(column=column, why=why)
    return ABOUT_VALUE.filled(column=column, value=value[:SHOWN], why=why)


def add_counts(counts: Iterable[ReasonCount], more: Iterable[ReasonCount]) -> list[ReasonCount]:
    """Both together, rejections first, the most rows first."""
    found: dict[tuple[str, str, str], ReasonCount] = {}
    for count in (*counts, *more):
        known = found.get((count["result"], count["code"], count["column"]))
        if known is None:
            found[count["result"], count["code"], count["column"]] = count.copy()
        else:
            known["rows"] += count["rows"]
            known["first_line"] = min(known["first_line"], count["first_line"])
    return sorted(found.values(), key=lambda one: (one["result"] != REJECTED, -one["rows"]))


def count_reasons(
    result: str, rows: Mapping[int, Iterable[Reason]], columns: Sequence[str]
) -> list[ReasonCount]:
    """Of *rows* by their line, how many have each reason; a reason counts once for a row."""
    found: dict[tuple[str, int], ReasonCount] = {}
    for line, reasons in rows.items():
        for code, column in {(reason.code, reason.column) for reason in reasons}:
            if (code, column) not in found:
                name = columns[column] if 0 <= column < len(columns) else ""
                found[code, column] = ReasonCount(
                    result=result, code=code, column=name, rows=0, first_line=line
                )
            count = found[code, column]
            count["rows"] += 1
            count["first_line"] = min(count["first_line"], line)
    return list(found.values())
