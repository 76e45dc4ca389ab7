"""What commands print for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from heliograph.cli.output import shown

NOON = datetime(2026, 11, 30, 12, 0, 5, 70, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        ("", "–"),
        ([], "–"),
        (False, "no"),
        (NOON, "2026-11-30 12:00 UTC"),
        ([True, None, "a"], "yes, –, a"),
        ({"reason": "manual", "since": NOON}, "reason manual, since 2026-11-30 12:00 UTC"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, words: str) -> None:
    assert shown(value) == words
