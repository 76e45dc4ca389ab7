"""Commands: what other tools would fill is refused, or kept by an option."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.campaigns import get_campaign
from heliograph.db import db
from tests.campaigns.drawing import drafted, event

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WRITTEN, KEPT = "Hi [firstname], use {SAVE20}", r"Hi \[firstname], use \{SAVE20}"


def test_a_message_is_written_with_what_is_kept_on_purpose(run: Any) -> None:
    make = ("messages", "create", "--name", "Sale", "--text", WRITTEN)
    refused = run(*make, code=1)
    assert "'[firstname]' is how another tool writes a field" in refused
    assert "Write {contactfield=first_name} instead" in refused
    assert r"To send it as it is, write \[firstname]" in refused
    assert run("messages", "list", "--json") == []
    assert run(*make, "--keep-placeholders", "--json")["text"] == KEPT


def test_a_campaign_is_published_with_what_is_kept_on_purpose(run: Any) -> None:
    config = {"number": "+33612345678", "text": WRITTEN}
    run("segments", "create", "All")
    drawn = event("tell", "core.text_staff", config=config)
    campaign = drafted(drawn, source=run("segments", "list", "--json")[0]["id"])
    refused = run("campaigns", "publish", str(campaign), code=1)
    assert "'[firstname]' is how another tool writes a field" in refused
    run("campaigns", "publish", str(campaign), "--keep-placeholders")
    db.session.rollback()
    found = get_campaign(campaign)
    assert found.published
    assert found.draft["events"][0]["config"]["text"] == KEPT
