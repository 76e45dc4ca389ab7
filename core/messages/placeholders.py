r"""Placeholders as other tools write them: `[firstname]`, `%FIRSTNAME%`, `*|FNAME|*`.

Pasted from there they would be sent to people as they stand, so a text with one is refused
with the token that is meant. A backslash before it says that it is meant to be sent:
`\[firstname]`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from heliograph.contacts.fields import Field, find_field

Names = tuple[tuple[str, str], ...]  # alias and label of each field

NAME = r"[^\W\d_][\w.\-]{0,40}"
WORDS = r"[^\W\d_][\w.\- ]{0,40}"
FALLBACK = r"(?:[,|:;][^\[\]<>(){}\n]{0,60})?"
# no text for people has these by chance
SURE = (
    r"\*\|(?P<mailchimp>[^|*\n]{1,60})\|\*",
    r"%%=?(?:v\(@)?(?P<salesforce>[^\W\d][^%\n]{0,60})%%",
    r"\{\{\s*\$\{(?P<braze>[^{}\n]{1,60})\}[^{}\n]{0,60}\}\}",
    r"\{\{\{\s*(?P<raw>[^{}\n]{1,60})\}\}\}",
    r"[#$]\{(?P<code>[^{}\n]{1,60})\}",
    r"\{[!$@#](?P<marked>[^\W\d][^{}\n]{0,60})\}",
    r"<%=?-?(?P<asp>[^%<>\n]{1,60})%>",
    r"\[%(?P<toolkit>[^%\n]{1,60})%\]",
)
# these may be ordinary text: they count when a field is named in them
NAMED = (
    rf"\[\[(?P<squares>{WORDS}){FALLBACK}\]\]",
    rf"\[(?P<square>{WORDS}){FALLBACK}\]",
    rf"<<(?P<angles>{WORDS})>>",
    rf"<(?P<angle>{WORDS})>",
    rf"«(?P<quotes>{WORDS})»",
    rf"\(\((?P<rounds>{WORDS}){FALLBACK}\)\)",
    rf"%(?P<percents>{NAME})%",
    r"(?<!\w)__(?P<lines>[^\W_]\w{0,40}?)__(?!\w)",
    rf"~(?P<tildes>[A-Za-z]+\.{NAME})~",
    r"\{(?P<brace>[^\W\d_]\w* [\w ]{0,40})\}",
)
# and these when it is a person's name
PERSONAL = (
    r"(?<![\w.])@(?P<at>[^\W\d_]\w{0,40})(?![\w.@])",
    r"(?<![\w$])\$(?P<dollar>[^\W\d_]\w{0,40})(?!\w)",
    r"(?<![\w:/]):(?P<colon>[^\W\d_]\w{0,40})(?![\w:])",
    rf"\((?P<round>{WORDS})\)",
)
FOREIGN = re.compile("|".join((*SURE, *NAMED, *PERSONAL)))
SURE_NAMES = frozenset(re.findall(r"\?P<(\w+)>", "".join(SURE)))
PERSONAL_NAMES = frozenset(re.findall(r"\?P<(\w+)>", "".join(PERSONAL)))

LIQUID_NAME = re.compile(r"\{\{-?\s*(?:\w+:)?([^\W\d_][\w.]*(?: \w+)*)")
LIQUID_TAG = re.compile(r"\{%-?\s*(\w+)\s*-?%\}")

# what others call the fields that every contact has
FIRST, LAST = "first_name", "last_name"
CALLED = {
    **dict.fromkeys(
        ("fname", "first", "given", "forename", "name", "full_name", "fullname", "nickname"), FIRST
    ),
    **dict.fromkeys(("prenom", "vorname", "nombre", "nome", "voornaam", "imie", "fornamn"), FIRST),
    **dict.fromkeys(("lname", "last", "surname", "family", "nom", "nachname", "apellido"), LAST),
    **dict.fromkeys(("apellidos", "cognome", "sobrenome", "achternaam", "efternamn"), LAST),
    **dict.fromkeys(("ville", "stadt", "ciudad", "citta", "town"), "city"),
    **dict.fromkeys(("pays", "land", "pais", "paese"), "country"),
    **dict.fromkeys(("societe", "firma", "empresa", "organization", "organisation"), "company"),
    **dict.fromkeys(("telefono", "telefon", "tel", "msisdn", "phonenumber"), "mobile"),
}
# what they have and we have not
OTHERS = frozenset(
    [
        "unsubscribe",
        "unsub",
        "unsubscribe_link",
        "unsubscribe_url",
        "unsubscribe_text",
        "opt_out",
        "optout",
        "optout_link",
        "opt_out_link",
        "webview_url",
        "preferences",
        "birthday",
        "title",
        "salutation",
        "address",
        "street",
        "zip",
        "postcode",
        "postal_code",
        "state",
        "code_postal",
        "coupon",
        "coupon_code",
        "discount_code",
        "order_number",
        "order_id",
        "tracking_url",
    ]
)
PERSON = frozenset((FIRST, LAST))
ROOTS = frozenset(
    [
        "contact",
        "subscriber",
        "user",
        "lead",
        "recipient",
        "customer",
        "person",
        "profile",
        "member",
        "client",
        "data",
        "var",
        "vars",
        "merge",
        "field",
        "fields",
        "attributes",
        "custom",
    ]
)
WORDS_TOO = frozenset(("first", "last", "given", "family", "name", "nom"))


class Placeholder(NamedTuple):
    """Another tool's placeholder in a text; `alias` is the field that it names, if it is known."""

    begin: int
    end: int
    written: str
    alias: str = ""


def find_placeholders(text: str, names: Names) -> Iterator[Placeholder]:
    """All of *text* but those with single braces and those of Liquid, escaped ones too."""
    at = 0
    while found := FOREIGN.search(text, at):
        style = found.lastgroup or ""
        alias = meant_field(found[style], names)
        at = found.end()
        if style in PERSONAL_NAMES and not is_person(found[style], alias):
            at = found.start() + 1
        elif style in SURE_NAMES or alias is not None:
            yield Placeholder(found.start(), found.end(), found[0], alias or "")
        else:
            at = found.start() + 1


def is_escaped(text: str, begin: int) -> bool:
    return text[begin - 1 : begin] == "\\"


def is_person(name: str, alias: str | None) -> bool:
    """Whether *name* can be nothing but a placeholder, as `first_name`; `name` may be a word."""
    return alias in PERSON and plain(name) not in WORDS_TOO


def meant_field(name: str, names: Names) -> str | None:
    """The field that *name* means, "" for one of others' that we have not; None when it is none."""
    return meant(plain(name), names)


@lru_cache(maxsize=4096)
def meant(name: str, names: Names) -> str | None:
    for part in (name, without_root(name)):
        fields = {alias: Field(alias, label, "text") for alias, label in names}
        field = find_field(part, fields)
        alias = field.alias if field else CALLED.get(part, "")
        if alias in fields:
            return alias
        if part in OTHERS:
            return ""
    return None


def without_root(name: str) -> str:
    """`first_name` of `contact_first_name`."""
    root, _, rest = name.partition("_")
    return rest if root in ROOTS and rest else name


def plain(name: str) -> str:
    """`first_name` of `FirstName`, `FIRST-NAME`, `Prénom` without its accent."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    letters = unicodedata.normalize("NFKD", words)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\s.:\-_]+", "_", bare.lower()).strip("_")


def liquid_field(span: str, names: Names) -> str | None:
    """The field that another tool's Liquid names, as `meant_field`."""
    found = LIQUID_NAME.match(span) or LIQUID_TAG.match(span)
    return meant_field(found[1], names) if found else None
