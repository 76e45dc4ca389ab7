"""Regular expressions: they keep their time, run in no transaction, and hold nobody up."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from flask import Flask

from heliograph import clock
from heliograph.campaigns import expressions, publish
from heliograph.campaigns.builtin.decisions import Replies
from heliograph.campaigns.event_warnings import event_warnings
from heliograph.campaigns.expressions import regex_matches, why_not_sound
from heliograph.campaigns.library import NotReady, check_draft
from heliograph.campaigns.matcher import SECONDS, Matcher
from heliograph.campaigns.models import CampaignVersion
from heliograph.campaigns.slow import SlowExpression, note_slow
from heliograph.checkup.replies import look_at_replies
from heliograph.db import db, transaction
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.stage import Stage, steps, tags
from tests.visitor import sign_in

NASTY = r"(?:q|q)+z"
Q = "q" * 2000


@pytest.fixture(scope="module")
def matcher() -> Iterator[Matcher]:
    found = Matcher()
    yield found
    found.close()


@pytest.mark.parametrize("soft", [0.8, 1000], ids=["by the engine", "by the system"])
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (NASTY, Q),
        (r"(q+)+z", Q),
        (r"(\w+\s?)+\d$", "word " * 400 + "!"),
        (r"(?=(q*))(?:\1b|\1c)*(?<=(q|qq)+)$", Q),
    ],
)
def test_no_expression_takes_longer_than_its_time(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch, pattern: str, text: str, soft: float
) -> None:
    """By the processor time of the process that compares, whatever else the machine does."""
    monkeypatch.setattr("heliograph.campaigns.matcher.SOFT", soft)
    before = spent_by_children()
    assert matcher.verdicts(pattern, [text]) == [None]
    matcher.close()  # its time is known once it has ended
    assert spent_by_children() - before < SECONDS + 0.6  # with the start of the process


def spent_by_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def test_a_slow_text_costs_the_others_their_answer_never(matcher: Matcher) -> None:
    texts = [Q, "qz", "no", Q, "a qqz", Q, "z", Q, "qqqz"]
    expected = [None, True, False, None, True, None, False, None, True]
    assert matcher.verdicts(NASTY, texts) == expected


def test_many_slow_texts_cost_little_each(matcher: Matcher) -> None:
    begun = time.monotonic()
    assert matcher.verdicts(NASTY, [*[Q] * 40, "qz"]) == [*[None] * 40, True]
    assert time.monotonic() - begun < 40 * SECONDS * 2


def test_answers_are_right_beside_each_other_in_threads(matcher: Matcher) -> None:
    found: dict[int, Sequence[object]] = {}

    def ask(number: int) -> None:
        found[number] = matcher.verdicts(f"^{number}$", [str(one) for one in range(8)])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [one == n for one in range(8)] for n in range(8)}


def test_a_helper_that_was_killed_is_begun_again(matcher: Matcher) -> None:
    matcher.verdicts("a", ["a"])
    assert matcher._process is not None
    matcher._process.kill()
    matcher._process.wait()
    assert matcher.verdicts("a", ["a", "b"]) == [True, False]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("yes|oui", ""),
        (r"^\d{4}$", ""),
        (r"(?<!not )interested\b", ""),
        ("", ""),
        ("(", "is no regular expression"),
        ("[z-a]", "is no regular expression"),
        ("(a|aa)+$", "may take too long"),
        (NASTY, "may take too long"),
        (r"(?:foo|foo)+!", "may take too long"),
    ],
)
def test_unsound_expressions_are_told(pattern: str, words: str) -> None:
    assert why_not_sound(pattern).startswith(words)
    assert bool(why_not_sound(pattern)) is bool(words)


def asking(pattern: str) -> dict[str, object]:
    return {"how": "regex", "regex": pattern, "to": "any"}


def drawn_by(pattern: str) -> list[dict[str, object]]:
    return [
        event("ask", "core.replies", config=asking(pattern)),
        tag("said", "ask", path="yes"),
        event("also", "core.replies", config=asking("hello")),
        tag("greeted", "also", path="yes"),
    ]


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a transaction was open at each comparing."""
    seen: list[bool] = []
    ask = expressions.MATCHER.verdicts

    def verdicts(pattern: str, texts: Sequence[str]) -> object:
        writing = db.session().info.get("writing", False)
        seen.append(writing or db.session().in_transaction())
        return ask(pattern, texts)

    monkeypatch.setattr(expressions.MATCHER, "verdicts", verdicts)
    expressions.soundness.cache_clear()
    return seen


def test_no_expression_runs_inside_a_transaction(stage: Stage, outside: list[bool]) -> None:
    source, (ann, ben) = stage.cast(2)
    stage.play(*drawn_by("qz"), source=source)
    assert outside == [False, False]  # publishing looks whether they are sound
    stage.turn()
    stage.reply(ann, "a qz, hello")
    stage.reply(ben, "nothing")
    stage.turn()
    assert set(tags(ann)) == {"said", "greeted"}
    assert tags(ben) == []
    assert len(outside) > 2
    assert not any(outside)


def test_replies_of_before_are_compared_outside_too(stage: Stage, outside: list[bool]) -> None:
    source, (ann,) = stage.cast(1)
    stage.reply(ann, "a qz")
    stage.play(
        tag("first"), event("ask", "core.replies", "first", config=asking("qz")), source=source
    )
    stage.turn()
    stage.reply(ann, "a qz")
    stage.turn()
    assert steps(ann) == {"first": "done", "ask": "done yes"}
    assert not any(outside)


def publish_unchecked(stage: Stage, campaign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that was published before its expression was looked at so closely."""
    with monkeypatch.context() as patch, clock.at(stage.now):
        patch.setattr("heliograph.campaigns.expressions.soundness", lambda _pattern: "")
        publish(campaign)


def test_one_slow_expression_holds_up_no_other_and_is_named(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, people = stage.cast(4)
    with clock.at(stage.now):
        campaign = drafted(*drawn_by(NASTY), source=source)
    publish_unchecked(stage, campaign, monkeypatch)
    stage.turn()
    for number, one in enumerate(people[:3]):
        stage.reply(one, f"{Q[: 1500 + number]} hello")
    stage.reply(people[3], "qz, hello")
    stage.turn()
    assert [tags(one) for one in people[:3]] == [["greeted"]] * 3
    assert set(tags(people[3])) == {"said", "greeted"}
    (slow,) = db.session.scalars(db.select(SlowExpression)).all()
    assert (slow.pattern, slow.times) == (NASTY, 3)
    (warned,) = event_warnings(campaign)
    assert NASTY in warned.words
    assert "3 times" in warned.words
    assert any(
        "ran out of time" in one.words and one.event == "ask" for one in check_draft(campaign)
    )
    assert any(NASTY in one.text for one in look_at_replies())
    ann = sign_in(stage_app(), "reader")
    page = ann.get(f"/campaigns/{campaign}").text
    assert "(?:q|q)+z" in page
    assert "ran out of time" in page


def stage_app() -> Flask:
    from heliograph.installation import running_app  # noqa: PLC0415

    return running_app()


def test_how_often_it_was_is_counted(stage: Stage) -> None:
    note_slow(["a", "b", "a"])
    note_slow(["a"])
    rows = db.session.execute(db.select(SlowExpression.pattern, SlowExpression.times))
    assert sorted(map(tuple, rows)) == [("a", 3), ("b", 1)]


def test_an_unsound_expression_is_not_published(stage: Stage, outside: list[bool]) -> None:
    source, _ = stage.cast(1)
    with clock.at(stage.now):
        campaign = drafted(*drawn_by(NASTY), source=source)
        with pytest.raises(NotReady, match="may take too long"):
            publish(campaign)
    assert not any(outside)
    db.session.rollback()
    assert db.session.scalars(db.select(CampaignVersion)).all() == []


def test_in_a_transaction_of_somebody_else_it_is_answered_at_once(stage: Stage) -> None:
    """Plugins may ask inside of theirs; nothing is undone for it."""
    with transaction():
        assert regex_matches("qz", "a qz")
        assert not regex_matches("qz", "a q")


def test_reading_a_form_runs_no_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are read inside of transactions."""
    asked: list[Callable[..., object]] = []
    monkeypatch.setattr(expressions.MATCHER, "verdicts", lambda *_: asked.append(print))
    Replies.model_validate(asking(NASTY))
    assert asked == []
