"""`heliograph settings`: what is stored, by whom, and what the environment fixes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from heliograph.installation import current_settings, current_zone, settings_of
from heliograph.stored_settings import change_settings


def test_a_setting_is_stored_shown_and_taken_away(run: Any) -> None:
    said = run("settings", "set", "timezone", "europe/paris")
    assert "timezone is Europe/Paris; it was UTC." in said
    assert "What is scheduled already keeps its moment." in said
    assert current_zone().key == "Europe/Paris"
    assert "timezone is Europe/Paris, as before." in run(
        "settings", "set", "timezone", "Europe/Paris"
    )
    row = run("settings", "list", "--json")[0]
    assert (row["key"], row["value"], row["from"]) == ("timezone", "Europe/Paris", "stored")
    assert row["changed_by"] == "a command"
    assert "Europe/Paris" in run("settings", "list")
    gone = run("settings", "unset", "timezone", "--json")
    assert (gone["value"], gone["from"], gone["changed"]) == ("UTC", "default", True)
    assert current_zone().key == "UTC"


def test_who_changed_it_is_shown(run: Any, sending: Flask) -> None:
    change_settings(settings_of(sending), {"default_region": "FR"}, by="ann@example.com")
    row = run("settings", "list", "--json")[1]
    assert (row["value"], row["changed_by"]) == ("FR", "ann@example.com")


def test_what_cannot_be_used_is_refused(run: Any) -> None:
    assert "'Mars/Phobos' is not a time zone" in run(
        "settings", "set", "timezone", "Mars/Phobos", code=1
    )
    assert "Use one of timezone, default_region, webhook_env." in run(
        "settings", "unset", "tz", code=1
    )
    assert current_settings().timezone == "UTC"


def test_the_environment_is_named_where_it_wins(
    run: Any, sending: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = replace(settings_of(sending), timezone="Asia/Tokyo")
    monkeypatch.setitem(sending.extensions, "heliograph_settings", fixed)
    assert run("settings", "list", "--json")[0]["from"] == "HELIOGRAPH_TIMEZONE"
    said = run("settings", "set", "timezone", "UTC", code=1)
    assert "HELIOGRAPH_TIMEZONE is set to 'Asia/Tokyo'" in said


def test_the_doctor_says_where_zone_and_country_come_from(run: Any) -> None:
    run("settings", "set", "default_region", "fr")
    report = run("doctor")
    assert "time zone: UTC (the default)" in report
    assert "country of numbers written without one: FR (stored)" in report
