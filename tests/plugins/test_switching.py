"""Which provider texts go through: enabling one never takes sending from one that works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.db import db, transaction
from heliograph.demo import set_up_demo
from heliograph.errors import Conflict
from heliograph.host import PluginState, current_host
from heliograph.host.state import forget_states
from heliograph.providers import default_provider
from tests.plugins.sources import CONFIG, GOOD, HEAD, put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Plugins beside the bundled simulator (a demo) and Twilio: two providers, and none."""
    path = tmp_path / "more"
    path.mkdir()
    put(path, "acme", GOOD)
    put(path, "bolt", GOOD.replace("acme", "bolt").replace("Acme", "Bolt"))
    put(path, "notes", HEAD + CONFIG)
    return path


@pytest.fixture
def app(make_app: Callable[..., Flask], folder: Path) -> Any:
    app = make_app(plugin_dirs=str(folder))
    with app.app_context():
        current_host().upgrade_tables()
        yield app


def defaults() -> list[str]:
    query = select(PluginState.name).where(PluginState.is_default, PluginState.enabled)
    found = list(db.session.scalars(query))
    db.session.rollback()
    return found


def test_the_first_provider_that_is_enabled_is_used(app: Flask) -> None:
    with pytest.raises(Conflict, match="No provider is enabled"):
        default_provider()
    current_host().enable("notes")
    assert current_host().enable("twilio") == ("", "twilio")
    assert default_provider() == "twilio"
    assert defaults() == ["twilio"]


@pytest.mark.parametrize("first", ["simulator", "acme", "twilio"])
def test_enabling_another_one_leaves_texts_where_they_go(app: Flask, first: str) -> None:
    host = current_host()
    host.enable(first)
    for name in ("acme", "bolt", "simulator", "twilio", "notes"):
        assert host.enable(name).now == first
    assert default_provider() == first
    assert defaults() == [first]


def test_enabling_one_as_the_default_needs_no_configuration(app: Flask) -> None:
    current_host().enable("simulator")
    assert current_host().enable("twilio", default=True) == ("simulator", "twilio")
    assert default_provider() == "twilio"
    assert defaults() == ["twilio"]


def test_what_brings_no_provider_cannot_be_the_default(app: Flask) -> None:
    current_host().enable("simulator")
    with pytest.raises(Conflict, match="notes brings no provider"):
        current_host().enable("notes", default=True)
    assert not current_host().is_enabled("notes")
    assert default_provider() == "simulator"


def test_the_one_that_was_enabled_first_takes_over_from_a_disabled_default(app: Flask) -> None:
    host = current_host()
    host.enable("acme")
    for name in ("twilio", "simulator", "bolt"):
        host.enable(name)
    host.enable("bolt", default=True)
    assert host.disable("acme") == ("bolt", "bolt")
    assert host.enable("acme") == ("bolt", "bolt")  # now the last of them
    assert host.disable("bolt") == ("bolt", "twilio")
    assert defaults() == ["twilio"]
    assert host.enable("bolt") == ("twilio", "twilio")
    assert host.disable("twilio").now == "simulator"
    assert host.disable("simulator").now == "acme"
    assert host.disable("acme").now == "bolt"
    assert host.disable("bolt") == ("bolt", "")
    assert host.enable("simulator").now == "simulator"


def before_the_rule(**states: bool) -> None:
    """Plugins as an older version left them enabled: each with whether it was the default."""
    with transaction() as session:
        for name, default in states.items():
            session.add(PluginState(name=name, enabled=True, is_default=default, config={}))
    forget_states()


def test_what_was_used_before_the_rule_was_written_down_is_used_on(app: Flask) -> None:
    before_the_rule(simulator=False, twilio=False, notes=False)
    assert default_provider() == "twilio"  # a real one, though the simulator comes first
    assert current_host().enable("acme") == ("twilio", "twilio")  # first by name, too
    assert defaults() == ["twilio"]


def test_the_default_of_before_stays_the_default(app: Flask) -> None:
    before_the_rule(simulator=True, twilio=False, notes=True)
    assert default_provider() == "simulator"
    assert current_host().enable("acme").now == "simulator"


def test_nobody_takes_over_from_a_default_that_is_not_loaded(
    app: Flask, make_app: Callable[..., Flask]
) -> None:
    current_host().enable("acme")
    current_host().enable("simulator")
    without = make_app()  # its folder is gone
    with without.app_context():
        with pytest.raises(Conflict, match="Texts go through acme, which is not loaded"):
            default_provider()
        assert current_host().enable("twilio").now == "acme"
        assert current_host().enable("simulator", default=True) == ("acme", "simulator")
        assert default_provider() == "simulator"


def test_the_demo_works_at_once(app: Flask) -> None:
    assert set_up_demo() == "simulator"
    assert default_provider() == "simulator"
    assert set_up_demo() is None


def together(app: Flask, *acts: Callable[[], object]) -> None:
    """Do each on a thread of its own, all at the same time."""
    gate = threading.Barrier(len(acts))

    def act(do: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait()
            do()

    threads = [threading.Thread(target=act, args=(do,)) for do in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_admins_at_once_leave_one_default(app: Flask) -> None:
    def switch(name: str, on: bool) -> Callable[[], object]:
        return lambda: current_host().enable(name) if on else current_host().disable(name)

    names = ("acme", "bolt", "simulator", "twilio")
    for _ in range(5):
        together(app, *(switch(name, True) for name in names))
        in_use = only_default()
        others = [name for name in names if name != in_use]
        together(app, switch(in_use, False), *(switch(name, True) for name in others))
        assert only_default() != in_use
        for name in names:
            current_host().disable(name)


def only_default() -> str:
    """The one that is written down, which is also the one in use."""
    db.session.rollback()
    forget_states()
    in_use = default_provider()
    assert defaults() == [in_use]
    return in_use


def test_a_broadcast_goes_through_the_provider_that_works(
    sending: Flask, crowd: Callable[..., Any], send: Callable[..., Any], desk: Any
) -> None:
    message, _ = crowd(3)
    current_host().enable("twilio")  # not configured
    assert send()[0].status == "finished"
    assert len(desk.texts) == 3
    assert get_broadcast(message.id).provider == "recorder"
