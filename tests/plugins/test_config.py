"""A plugin's config: checked, with its secrets sealed, and the keys that seal them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.db import db
from core.errors import BadInput, ConfigIncomplete, SecretUnreadable
from core.host import PluginState, current_host
from tests.plugins.sources import GOOD, put


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
