"""A plugin's config: checked, with its secrets sealed, and the keys that seal them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from heliograph.db import db
from heliograph.errors import BadInput, Changed, ConfigIncomplete, SecretUnreadable
from heliograph.host import PluginState, current_host
from heliograph.host.state import forget_states, states
from tests.plugins.sources import GOOD, put
from tests.visitor import sign_in


@pytest.fixture
def acme(heliograph: Callable[..., Flask], folder: Path) -> Flask:
    put(folder, "acme", GOOD)
    return heliograph(plugin_dirs=str(folder))


def stored() -> str:
    db.session.rollback()
    return json.dumps(db.session.get_one(PluginState, "acme", populate_existing=True).config)


def test_config_is_checked_and_secrets_are_sealed(acme: Flask) -> None:
    host = current_host()
    with pytest.raises(BadInput, match="Did you mean api_key"):
        host.configure("acme", {"api_kay": "x"})
    with pytest.raises(BadInput, match="pace"):
        host.configure("acme", {"api_key": "hush", "pace": "fast"})
    assert db.session.get(PluginState, "acme") is None
    assert host.configure("acme", {"pace": "2"}) == ["api_key: is required"]
    with pytest.raises(ConfigIncomplete, match="api_key: is required"):
        host.config("acme")
    assert host.configure("acme", {"api_key": "hush-hush"}) == []
    assert "hush-hush" not in stored()
    assert host.shown_config("acme") == {"api_key": "set", "pace": "2"}
    assert "hush-hush" not in repr(host.config("acme"))
    host.configure("acme", {"pace": ""})
    assert host.shown_config("acme")["pace"] is None


def test_callbacks_read_a_config_that_is_a_moment_old(acme: Flask) -> None:
    host = current_host()
    host.configure("acme", {"api_key": "hush", "pace": "2"})
    before: Any = host.recent_config("acme", 60)
    host.configure("acme", {"pace": "3"})
    kept: Any = host.recent_config("acme", 60)
    fresh: Any = host.recent_config("acme", 0)
    assert (before.pace, kept.pace, fresh.pace) == (2, 2, 3)


def test_a_secret_may_live_in_the_environment(acme: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    host = current_host()
    missing = host.configure("acme", {"api_key": "$env:ACME_KEY"})
    assert missing == ["api_key: the environment variable ACME_KEY is not set"]
    with pytest.raises(ConfigIncomplete, match="ACME_KEY"):
        host.config("acme")
    monkeypatch.setenv("ACME_KEY", "from outside")
    config: Any = host.config("acme")
    assert config.api_key.get_secret_value() == "from outside"
    assert "from outside" not in stored()


def test_keys_can_be_changed_and_a_lost_key_is_named(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "acme", GOOD)
    first, second = "the first key of this test", "the second key of this test"
    heliograph(plugin_dirs=str(folder), secret_key=first)
    current_host().configure("acme", {"api_key": "hush"})
    heliograph(plugin_dirs=str(folder), secret_key=second)
    with pytest.raises(SecretUnreadable, match=r"acme\.api_key.*HELIOGRAPH_SECRET_KEY"):
        current_host().config("acme")
    heliograph(plugin_dirs=str(folder), secret_key=f"{second},{first}")
    assert current_host().rotate_secrets() == 1
    heliograph(plugin_dirs=str(folder), secret_key=second)
    config: Any = current_host().config("acme")
    assert config.api_key.get_secret_value() == "hush"


WHERE = GOOD.replace(
    "    pace: float",
    """    address: str = Field(
        "https://acme.example", json_schema_extra={"secret_destination": True}
    )
    backup_key: SecretStr | None = None
    pace: float""",
)


@pytest.fixture
def elsewhere(heliograph: Callable[..., Flask], folder: Path) -> Flask:
    """A plugin of a third party that declares where its secrets go."""
    put(folder, "acme", WHERE)
    app = heliograph(plugin_dirs=str(folder))
    current_host().configure("acme", {"api_key": "hush", "backup_key": "$env:ACME_BACKUP"})
    return app


@pytest.mark.parametrize("address", ["https://evil.example", "$env:ACME_ADDRESS"])
def test_a_stored_secret_goes_nowhere_else_unless_it_is_entered_again(
    elsewhere: Flask, address: str
) -> None:
    host, before = current_host(), stored()
    with pytest.raises(BadInput, match=r"api_key.*entered again, because address changes"):
        host.configure("acme", {"address": address})
    with pytest.raises(BadInput, match="backup_key"):
        host.configure("acme", {"address": address, "api_key": "hush"})
    assert stored() == before
    host.configure("acme", {"address": address, "api_key": "hush", "backup_key": None})
    assert host.shown_config("acme")["address"] == address
    with pytest.raises(BadInput, match="api_key"):  # nor back again
        host.configure("acme", {"address": None})


def test_what_goes_to_the_same_place_asks_for_nothing(elsewhere: Flask) -> None:
    host = current_host()
    host.configure("acme", {"pace": "2", "address": "https://acme.example/"})
    host.configure("acme", {"pace": "3", "address": None})
    host.configure("acme", {"api_key": "new"})
    assert host.shown_config("acme")["pace"] == "3"


def test_the_page_asks_for_the_token_where_the_address_changes(elsewhere: Flask) -> None:
    admin = sign_in(elsewhere)
    form = {"address": "https://evil.example", "pace": "7"}
    refused = admin.post("/admin/plugins/acme", form)
    assert refused.status_code == 400
    assert 'id="api_key-error"' in refused.text
    assert 'value="https://evil.example"' in refused.text  # what was typed stays
    again = form | {"api_key": "hush", "backup_key": "x"}
    assert admin.post("/admin/plugins/acme", again).status_code == 303


def test_what_twilio_is_reached_by_takes_the_token_along_only_when_typed(acme: Flask) -> None:
    host = current_host()
    host.configure("twilio", {"account_sid": "AC" + "1" * 32, "auth_token": "a" * 32})
    with pytest.raises(BadInput, match="auth_token"):
        host.configure("twilio", {"api_base_url": "https://evil.example"})


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "METRICS_TOKEN"])
def test_secrets_of_heliograph_itself_go_to_no_plugin(acme: Flask, name: str) -> None:
    with pytest.raises(BadInput, match="goes to no plugin"):
        current_host().configure("acme", {"api_key": f"$env: HELIOGRAPH_{name}"})
    current_host().configure("acme", {"api_key": "$env:HELIOGRAPH_ACME_KEY"})


def test_two_who_configure_at_once_overwrite_nothing(acme: Flask) -> None:
    host = current_host()
    host.configure("acme", {"api_key": "hush"})
    assert states()["acme"].config  # one has read it, then another one stores
    with acme.app_context():
        host.configure("acme", {"pace": "5"})
        db.session.remove()
    with pytest.raises(Changed):
        host.configure("acme", {"api_key": "other"})
    forget_states()
    db.session.rollback()
    assert host.shown_config("acme")["pace"] == "5"
