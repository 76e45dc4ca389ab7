"""Ids and codes that providers give: how they are stored, the same wherever they come in."""

from __future__ import annotations

import hashlib

LONGEST_ID = 255
LONGEST_CODE = 64
DIGEST = 32  # hexadecimal digits: no two ids share them by chance


def stored_id(given: object) -> str:
    """A provider's id as it stands in the database.

    The id itself where it fits. A longer one, or one with characters that databases refuse,
    keeps its beginning and ends in a hash of the whole, so that two ids never become one.
    """
    return fitted(given, LONGEST_ID)


def stored_code(given: object) -> str:
    """A provider's error code as it stands in the database, by the same rule."""
    return fitted(given, LONGEST_CODE)


def fitted(given: object, longest: int) -> str:
    whole = "" if given is None else str(given)
    if len(whole) <= longest and whole.isprintable():
        return whole
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]
    begin = "".join(one if one.isprintable() else "?" for one in whole[: longest - DIGEST - 1])
    return f"{begin}~{digest}"
