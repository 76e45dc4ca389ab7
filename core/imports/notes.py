"""What was found, guessed and left out, in words: before an import and after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from heliograph.imports.consent_words import CONSENT, DO_NOT_CONTACT
from heliograph.imports.dates import BY_FILE, BY_PERSON, BY_REGION, MONTH_FIRST
from heliograph.imports.facts import FileFacts
from heliograph.imports.mapping import number_columns
from heliograph.imports.targets import DIALLING_CODE, NAME
from heliograph.sentences import Sentence, together

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
}
DELIMITERS = {
    ",": Sentence("commas"),
    ";": Sentence("semicolons"),
    "\t": Sentence("tabs"),
    "|": Sentence("vertical bars"),
}
READ_AS = Sentence("The file is read as %(encoding)s, separated by %(delimiter)s.")
MIXED = Sentence(
    "Some of its lines are UTF-8, others %(encoding)s: each line is read in its own encoding."
)
HEADER = Sentence("The names of the columns are taken from line %(line)s.")
ABOVE = Sentence("The lines above it are left out: %(count)s.")
NO_HEADER = Sentence("No line has the names of the columns, so the columns are numbered.")
GUESSED = Sentence("What these columns are was guessed: %(columns)s.")
LEFT_OUT = Sentence("These columns are left out: %(columns)s.")
FIRST_OF = Sentence("The number is the first that can get texts in the columns %(columns)s.")
CODE_BESIDE = Sentence("“%(column)s” is the dialling code in front of the number.")
SPLIT = Sentence("“%(column)s” is split into first and last name.")
REGION = Sentence("Numbers without a country code are numbers of %(region)s.")
FORBIDS = Sentence(
    "“%(columns)s” says who must not be texted: whoever it names goes on do-not-contact, and so "
    "does whoever it leaves unclear."
)
ALLOWS = Sentence(
    "“%(columns)s” says who may be texted: everybody without a clear yes there goes on "
    "do-not-contact, blank cells too."
)
ALL_REFUSE = Sentence("Everybody in this file has unsubscribed: all numbers go on do-not-contact.")
UNREAD = Sentence("Columns that may say who must not be texted are left out: %(columns)s.")
DATES = {
    (False, BY_FILE): Sentence("In dates the day comes first, as other dates in the file show."),
    (True, BY_FILE): Sentence("In dates the month comes first, as other dates in the file show."),
    (False, BY_REGION): Sentence(
        "The file leaves open which comes first in its dates, so 03/04/2026 is read as 3 April, "
        "as the country has it."
    ),
    (True, BY_REGION): Sentence(
        "The file leaves open which comes first in its dates, so 03/04/2026 is read as March 4, "
        "as the country has it."
    ),
    (False, BY_PERSON): Sentence("In dates the day comes first, as you chose."),
    (True, BY_PERSON): Sentence("In dates the month comes first, as you chose."),
}


def reading_notes(
    facts: FileFacts,
    mapping: Mapping[str, str],
    *,
    encoding: str,
    delimiter: str,
    region: str,
    named: Callable[[str], str] = str,
) -> list[Sentence]:
    """Sentences, the most general first. *named* says what people read for a field."""
    name = ENCODINGS.get(encoding, encoding)
    separated = DELIMITERS.get(delimiter, delimiter)
    notes = [
        READ_AS.filled(encoding=name, delimiter=separated),
        MIXED.filled(encoding=name) if facts.mixed else None,
        header_note(facts),
        *column_notes(facts, mapping, named),
        REGION.filled(region=region),
        date_note(facts),
        *consent_notes(facts, mapping),
    ]
    return [note for note in notes if note is not None]


def header_note(facts: FileFacts) -> Sentence:
    note = HEADER.filled(line=facts.header_line) if facts.header_line else NO_HEADER
    return together(note, ABOVE.filled(count=facts.above)) if facts.above else note


def column_notes(
    facts: FileFacts, mapping: Mapping[str, str], named: Callable[[str], str]
) -> list[Sentence]:
    by_key = {key: column for column, key in mapping.items()}
    numbers = [facts.columns[at] for at in number_columns(facts.columns, mapping)]
    guessed = [
        f"{column} → {named(mapping[column])}"
        for column in facts.columns
        if column in mapping and column in facts.guessed
    ]
    left_out = [column for column in facts.columns if column not in mapping]
    notes = []
    if guessed:
        notes.append(GUESSED.filled(columns=", ".join(guessed)))
    if left_out:
        notes.append(LEFT_OUT.filled(columns=", ".join(left_out)))
    if len(numbers) > 1:
        notes.append(FIRST_OF.filled(columns=", ".join(numbers)))
    if DIALLING_CODE in by_key:
        notes.append(CODE_BESIDE.filled(column=by_key[DIALLING_CODE]))
    if NAME in by_key:
        notes.append(SPLIT.filled(column=by_key[NAME]))
    return notes


def consent_notes(facts: FileFacts, mapping: Mapping[str, str]) -> list[Sentence]:
    notes = [ALL_REFUSE] if facts.all_refuse else []
    for target, words in ((DO_NOT_CONTACT, FORBIDS), (CONSENT, ALLOWS)):
        columns = [column for column in facts.columns if mapping.get(column) == target]
        if columns:
            notes.append(words.filled(columns="”, “".join(columns)))
    if facts.unread_consent and not facts.all_refuse:
        notes.append(UNREAD.filled(columns=", ".join(facts.unread_consent)))
    return notes


def date_note(facts: FileFacts) -> Sentence | None:
    month_first = facts.date_order == MONTH_FIRST
    return DATES.get((month_first, facts.date_by))
