"""Every text explains itself in whole sentences, whatever its state, and none says it twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from heliograph.broadcasts.counts import SKIP_REASONS
from heliograph.channel import FailureKind
from heliograph.db import utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import STATUSES, Delivery
from heliograph.deliveries.policy import POLICIES
from heliograph.host import current_host


def made(status: str, **values: object) -> Delivery:
    """A row as it is read, without a database to read it from."""
    given = {"provider": "recorder", "sender": "+15005550006", "attempts": 1}
    given |= {"reason": "", "detail": "", "lease_until": utcnow() + timedelta(seconds=60)}
    given |= {"attempted_at": utcnow(), "broadcast_id": None, "not_before": None}
    return Delivery(status=status, **(given | values))


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_its_words(sending: Flask, status: str) -> None:
    words = explain(made(status, reason="dnc" if status == "skipped" else ""))
    assert words.endswith(".")
    assert len(words) > 15


@pytest.mark.parametrize("kind", list(FailureKind))
def test_each_kind_of_failure_has_its_words_once(sending: Flask, kind: FailureKind) -> None:
    words = POLICIES[kind].words
    assert explain(made("failed", reason=kind.value, detail=words)) == words
    more = explain(made("undelivered", reason=kind.value, detail="Switched off."))
    assert more == f"{words} Switched off."


@pytest.mark.parametrize("reason", list(SKIP_REASONS))
def test_each_reason_to_skip_has_its_words(sending: Flask, reason: str) -> None:
    words = explain(made("skipped", reason=reason)).removeprefix("It was not sent: ")
    subject = words.removesuffix(f"{SKIP_REASONS[reason]}.")
    assert (subject, SKIP_REASONS[reason].split()[0]) in {
        *(("the contact ", verb) for verb in ("has", "was", "shares", "left")),
        *(("the contact is ", "on"), ("the ", "number"), ("the ", "text"), ("", "a")),
    }


def test_a_waiting_text_names_what_holds_it_back_the_longest(sending: Flask) -> None:
    later = utcnow() + timedelta(hours=1)
    assert "as fast as the sender may" in explain(made("queued"))
    assert f"again at {later:%Y-%m-%d %H:%M} UTC. Busy." in explain(
        made("queued", not_before=later, detail="Busy.")
    )
    assert "quiet hours" in explain(made("queued", not_before=later, reason="quiet"))
    assert explain(made("queued", detail="Sent again after it had failed.")).endswith("failed.")
    current_host().disable("recorder")
    assert "recorder is disabled" in explain(made("queued", not_before=later))


def test_a_text_without_an_answer_says_that_the_provider_is_asked(sending: Flask) -> None:
    assert "right now" in explain(made("sending"))
    old = utcnow() - timedelta(minutes=3)
    for values in ({"lease_until": old}, {"attempted_at": old}, {"reason": "unknown_outcome"}):
        assert "the provider is asked" in explain(made("sending", **values))
