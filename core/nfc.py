"""One spelling of each character: é is one character, never an e and an accent.

Texts that a Mac or a PDF gives come decomposed (NFD). An accent of its own is not in GSM-7, so
such a text would be sent as UCS-2, and equal names would differ.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import regex

# more marks on one letter than any language has; composing them takes time by their square
TOO_MANY = regex.compile(r"\p{M}{31}")
SHORT = 100


def nfc(text: str) -> str:
    """*text* composed (NFC); what is composed already, or is no language, stays as it is."""
    if text.isascii() or (len(text) > SHORT and TOO_MANY.search(text)):
        return text
    return unicodedata.normalize("NFC", text)


def nfc_json(value: Any) -> Any:
    """*value*, as JSON gives it, with each text in it composed."""
    if isinstance(value, str):
        return nfc(value)
    if isinstance(value, dict):
        return {nfc_json(key): nfc_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [nfc_json(one) for one in value]
    return value
