"""Which column is which field: guessed, or as the user says."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from core.contacts.fields import Field, find_field
from core.errors import BadInput
from core.phone import looks_like_number

TAGS = "tags"
IGNORE = "-"
LEAST_NUMBERS = 0.6

# what columns are called in the languages that files came in
WORDS: dict[str, tuple[str, ...]] = {
    "mobile": (
        *("mobile", "mobil", "handy", "handynummer", "mobilnummer", "telefon", "telefonnummer"),
        *("tel", "telephone", "telefono", "movil", "celular", "cellulare", "cellphone", "portable"),
        *("gsm", "numero", "numero_de_telephone", "phone", "phone_number", "cell", "sms", "msisdn"),
        *("mobile_phone", "telephone_mobile", "telephone_portable", "rufnummer", "number"),
    ),
    "first_name": (
        *("first_name", "firstname", "given_name", "forename", "prenom", "vorname", "nombre"),
        *("nome", "voornaam"),
    ),
    "last_name": (
        *("last_name", "lastname", "surname", "family_name", "nom", "nom_de_famille", "nachname"),
        *("apellido", "apellidos", "cognome", "achternaam"),
    ),
    "email": ("email", "e_mail", "mail", "courriel", "email_address", "correo"),
    "company": ("company", "societe", "entreprise", "firma", "empresa", "azienda"),
    "city": ("city", "town", "ville", "stadt", "ort", "ciudad", "citta"),
    "country": ("country", "pays", "land", "pais", "paese", "country_code"),
    "locale": ("locale", "language", "langue", "sprache", "idioma", "lingua"),
    "timezone": ("timezone", "time_zone", "fuseau_horaire", "zeitzone"),
    TAGS: ("tags", "tag", "labels", "etiquettes", "etiquetas"),
}
BY_WORD = {word: alias for alias, words in WORDS.items() for word in words}


def map_columns(
    columns: Sequence[str],
    fields: dict[str, Field],
    samples: Sequence[Sequence[str]],
    given: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Column → alias (or `tags`); columns that mean nothing are left out.

    *given* wins over the guess; `-` ignores a column. Raises BadInput when a
    name is unknown or no column holds the mobile number.
    """
    found: dict[str, str] = {}
    for column, name in (given or {}).items():
        actual = known_column(column, columns)
        if name != IGNORE:
            found[actual] = known_alias(name, fields)
        else:
            found[actual] = IGNORE
    for column in columns:
        alias = guess(column, fields)
        if column not in found and alias and alias not in found.values():
            found[column] = alias
    if "mobile" not in found.values():
        numeric = column_of_numbers(columns, samples, found)
        if numeric is None:
            raise no_mobile(columns)
        found[numeric] = "mobile"
    return {column: found[column] for column in columns if found.get(column, IGNORE) != IGNORE}


def guess(column: str, fields: dict[str, Field]) -> str | None:
    word = plain(column)
    if word in BY_WORD:
        return BY_WORD[word]
    field = find_field(column, fields)
    return field.alias if field is not None else None


def plain(column: str) -> str:
    """Lower-case ASCII words joined by _: `Numéro de téléphone` → numero_de_telephone."""
    bare = unicodedata.normalize("NFKD", column.lower())
    return re.sub(
        r"[^a-z0-9]+", "_", "".join(c for c in bare if not unicodedata.combining(c))
    ).strip("_")


def column_of_numbers(
    columns: Sequence[str], samples: Sequence[Sequence[str]], taken: Mapping[str, str]
) -> str | None:
    """The first free column most of whose values look like phone numbers."""
    for index, column in enumerate(columns):
        values = [row[index].strip() for row in samples if index < len(row) and row[index].strip()]
        if column in taken or not values:
            continue
        if sum(looks_like_number(value) for value in values) >= LEAST_NUMBERS * len(values):
            return column
    return None


def known_column(column: str, columns: Sequence[str]) -> str:
    for name in columns:
        if name == column or plain(name) == plain(column):
            return name
    close = difflib.get_close_matches(column, columns, n=1)
    mend = f"Did you mean {close[0]!r}?" if close else f"Columns: {', '.join(columns)}."
    raise BadInput("--map", "is no column of the file", value=column, mend=mend)


def known_alias(name: str, fields: dict[str, Field]) -> str:
    if plain(name) == TAGS:
        return TAGS
    field = find_field(name, fields)
    if field is not None:
        return field.alias
    names = [*fields, TAGS]
    close = difflib.get_close_matches(name, names, n=1)
    mend = f"Did you mean {close[0]}?" if close else f"Fields: {', '.join(names)}."
    raise BadInput("--map", "is no field", value=name, mend=mend)


def no_mobile(columns: Sequence[str]) -> BadInput:
    return BadInput(
        "file",
        "has no column of mobile numbers",
        value=", ".join(columns),
        mend=f'Say which it is: --map "{columns[0]}"=mobile.',
    )
