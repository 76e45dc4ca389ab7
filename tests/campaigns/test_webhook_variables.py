"""Variables of the server in headers of webhooks: what an admin allowed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import current_app

from heliograph import clock
from heliograph.campaigns import publish
from heliograph.campaigns.builtin.webhook import WEBHOOK, Webhook, call
from heliograph.campaigns.checks import check_canvas
from heliograph.campaigns.library import NotReady
from heliograph.db import db
from heliograph.errors import BadInput, Conflict
from heliograph.host.state import change_state
from heliograph.installation import settings_of
from heliograph.stored_settings import change_settings, forget_stored
from tests.campaigns.drawing import drafted, drawn, event
from tests.campaigns.receiver import Receiver, receiver
from tests.campaigns.stage import Stage, steps, tags
from tests.campaigns.test_webhooks import allow, hooked
from tests.conftest import KEY


def open_to_this_machine() -> None:
    given = settings_of(current_app)
    current_app.extensions["heliograph_settings"] = replace(given, webhook_private="1")
    forget_stored()


def found_in(*headers: str) -> list[str]:
    config = {"url": "https://example.com/", "headers": list(headers)}
    return [one.words for one in check_canvas(drawn(event("a", "core.webhook", config=config)))]


@pytest.mark.parametrize("name", ["PATH", "CRM_KEY", "HELIOGRAPH_SECRET_KEY", "", "NO_SUCH_NAME"])
def test_by_default_no_variable_may_be_named(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CRM_KEY", "s3cret")
    assert any("is not allowed in webhooks" in words for words in found_in(f"X: $env:{name}"))
    campaign = drafted(event("a", "core.webhook", config={"url": "https://example.com/"}))
    assert found_in("X: plain") == found_in()
    with clock.at(stage.now):
        source, _ = stage.cast(1)
        bad = drafted(*hooked("https://example.com/", headers=[f"X: $env:{name}"]), source=source)
        with pytest.raises(NotReady, match="is not allowed in webhooks"):
            publish(bad)
    assert campaign


def test_what_was_allowed_before_is_judged_again_at_the_call(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_KEY", "s3cret")
    open_to_this_machine()
    allow("CRM_KEY")
    with receiver() as address:
        source, (ann,) = stage.cast(1)
        events = hooked(f"{address}/", headers=["X-Key: $env:CRM_KEY"])
        stage.play(*events, source=source)
        allow("")
        stage.turn()
        assert (Receiver.took, steps(ann)) == ([], {"call": "waiting"})
        allow("CRM_KEY")
        stage.leap(minutes=10)
        stage.turn()
        assert [headers["x-key"] for headers, _ in Receiver.took] == ["s3cret"]
        assert tags(ann) == ["told"]


def test_a_call_itself_sends_nothing_that_is_not_allowed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where nobody looked before: the last line of defence."""
    monkeypatch.setenv("CRM_KEY", "s3cret")
    open_to_this_machine()
    with receiver() as address:
        _, (ann,) = stage.cast(1)
        outcome = call(context_of(ann, Webhook(url=address, headers=["X: $env:CRM_KEY"])))
        assert (outcome.reason, Receiver.took) == ("refused", [])
        assert "CRM_KEY is not allowed" in outcome.text


def context_of(contact_id: int, config: Webhook) -> Any:
    from heliograph.actions import ActionContext, Outcome, Result  # noqa: PLC0415

    return ActionContext(contact_id, config, None, lambda *_: Outcome(Result.DONE))


@pytest.mark.parametrize(
    "name",
    [
        *("HELIOGRAPH_SECRET_KEY", "heliograph_secret_key", "HELIOGRAPH_DATABASE_URL"),
        *("HELIOGRAPH_METRICS_TOKEN", "DATABASE_URL", "SECRET_KEY", "POSTGRES_PASSWORD"),
        *("PGPASSWORD", "PATH"),
    ],
)
def test_some_can_never_be_allowed(stage: Stage, name: str) -> None:
    with pytest.raises(BadInput, match="can never be allowed"):
        change_settings(settings_of(current_app), {"webhook_env": f"CRM_KEY,{name}"})


@pytest.mark.parametrize("name", ["A B", "1A", "A-B", "Ä", "$env:A", "A" * 81])
def test_what_is_no_name_is_refused(stage: Stage, name: str) -> None:
    with pytest.raises(BadInput, match="is no name of a variable"):
        change_settings(settings_of(current_app), {"webhook_env": name})


@pytest.mark.parametrize("held", [KEY, f"prefix {KEY} suffix"])
def test_the_secret_key_under_another_name_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setenv("CRM_KEY", held)
    allow("CRM_KEY")
    assert any("holds a secret of Heliograph itself" in one for one in found_in("X: $env:CRM_KEY"))
    assert WEBHOOK.ready is not None
    assert "holds a secret" in WEBHOOK.ready(
        Webhook(url="https://a.b", headers=["X: $env:CRM_KEY"])
    )


def test_the_databases_password_under_another_name_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings_of(current_app)
    url = "postgresql://helio:geheim%21geheim@db.internal/heliograph"
    current_app.extensions["heliograph_settings"] = replace(given, database_url=url)
    allow("CRM_KEY")
    for held in (url, "geheim!geheim"):
        monkeypatch.setenv("CRM_KEY", held)
        assert any("holds a secret" in one for one in found_in("X: $env:CRM_KEY"))


def test_what_a_plugin_is_configured_with_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "token of the provider")
    allow("TWILIO_AUTH_TOKEN")
    assert not any("secret" in one for one in found_in("X: $env:TWILIO_AUTH_TOKEN"))
    change_state("twilio", config={"auth_token": {"env": "TWILIO_AUTH_TOKEN"}})
    assert any("holds a secret" in one for one in found_in("X: $env:TWILIO_AUTH_TOKEN"))


def test_a_variable_that_is_not_set_keeps_contacts_waiting(stage: Stage) -> None:
    allow("CRM_KEY")
    assert any("is not set in the server" in one for one in found_in("X: $env:CRM_KEY"))


def test_the_environment_may_say_which(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_KEY", "s3cret")
    given = settings_of(current_app)
    fixed = replace(given, webhook_env="SHOP_KEY, CRM_KEY")
    current_app.extensions["heliograph_settings"] = fixed
    forget_stored()
    assert not any("CRM_KEY" in one for one in found_in("X: $env:CRM_KEY"))
    with pytest.raises(Conflict, match="HELIOGRAPH_WEBHOOK_ENV"):
        change_settings(fixed, {"webhook_env": "OTHER"})
    db.session.rollback()
    with pytest.raises(BadInput, match=r"HELIOGRAPH_WEBHOOK_ENV.*can never be allowed"):
        replace(given, webhook_env="HELIOGRAPH_SECRET_KEY").validate()
