"""`heliograph plugins` says which provider texts go through, before and after."""

from __future__ import annotations

from typing import Any

from heliograph.host.state import forget_states
from heliograph.providers import default_provider


def in_use() -> str:
    forget_states()
    return default_provider()


def test_enabling_says_where_texts_go_and_how_to_change_it(run: Any) -> None:
    said = run("plugins", "enable", "twilio")
    assert "Texts go through recorder, as before." in said
    assert "heliograph plugins enable twilio --default" in said
    assert in_use() == "recorder"
    assert "Texts go through recorder." in run("plugins", "list")
    rows = run("plugins", "list", "--json")
    assert [row["name"] for row in rows if row["in_use"]] == ["recorder"]


def test_the_default_is_an_explicit_act_that_needs_no_configuration(run: Any) -> None:
    said = run("plugins", "enable", "twilio", "--default")
    assert "Texts went through recorder, and go through twilio from now on." in said
    assert "Before it can work: The configuration of twilio is incomplete." in said
    assert in_use() == "twilio"


def test_disabling_the_default_says_who_takes_over(run: Any) -> None:
    run("plugins", "enable", "twilio", "--default")
    said = run("plugins", "disable", "twilio")
    assert "Texts went through twilio, and go through recorder from now on." in said
    assert in_use() == "recorder"
    assert "so nothing can be sent" in run("plugins", "disable", "recorder")
    assert "No provider is enabled" in run("plugins", "list")
    assert "Texts go through twilio." in run("plugins", "enable", "twilio")
