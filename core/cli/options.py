"""Options that are given as NAME=VALUE."""

from __future__ import annotations

from heliograph.errors import BadInput


def pairs(option: str, values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for item in values:
        key, equals, value = item.rpartition("=") if option == "--map" else item.partition("=")
        if not equals:
            raise BadInput(option, "has no =", value=item, mend="Write NAME=VALUE.")
        found[key.strip()] = value.strip()
    return found
