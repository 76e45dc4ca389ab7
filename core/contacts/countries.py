"""Countries by code or by name, as files and forms give them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel import Locale

LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi")
NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
ALSO = {
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "holland": "NL",
    "czech republic": "CZ",
    "turkey": "TR",
    "hong kong": "HK",
    "macau": "MO",
    "macao": "MO",
    "ivory coast": "CI",
    "macedonia": "MK",
    "swaziland": "SZ",
    "burma": "MM",
    "myanmar": "MM",
    "russian federation": "RU",
    "korea": "KR",
    "republic of korea": "KR",
    "viet nam": "VN",
    "palestine": "PS",
    "vatican": "VA",
    "democratic republic of the congo": "CD",
    "republic of the congo": "CG",
}


def country_code(text: str) -> str:
    """ISO 3166 code of a country given by code or name, "" when there is none."""
    code = text.strip().upper()
    if len(code) == 2 and code in country_codes():
        return code
    return codes_by_name().get(folded(text), "")


@cache
def country_codes() -> frozenset[str]:
    names = map(str, Locale("en").territories)
    return frozenset(
        code for code in names if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    )


@cache
def codes_by_name() -> dict[str, str]:
    codes = dict(ALSO)
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in country_codes():
                codes.setdefault(folded(name), code)
    return codes


def folded(name: str) -> str:
    """*name* without case, accents and signs, so that spellings meet."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join("saint" if word == "st" else word for word in words)
