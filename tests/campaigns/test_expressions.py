"""Regular expressions: any script, no time to speak of, and no silence about one that is unfit."""

from __future__ import annotations

import time

import pytest

from heliograph import clock
from heliograph.campaigns import publish
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.expressions import LONGEST, regex_matches, why_not_sound
from heliograph.campaigns.library import NotReady
from heliograph.campaigns.models import CampaignEvent, CampaignVersion
from heliograph.db import change_rows, db, transaction
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.stage import Stage, steps, tags

LOOKS_BACK = r"(?<!not )interested\b"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\d{4}$", "1234", True),
        ("YES|oui", "ah, Oui", True),
        (r"\bété\b", "en ÉTÉ, oui", True),
        (r"\btel\b", "hôtel", False),
        (r"^да\b", "Да!", True),
        (r"^\w+$", "नमस्ते", True),
        (r"^\d+$", "٣٤", True),
        ("straẞe", "STRAßE", True),
        ("σας", "ΣΑΣ", True),
        ("iptal", "İPTAL", True),
        ("ISLAK", "ıslak", True),
        ("ＹＥＳ", "yes", True),
        ("^stop$", "STOP\n", True),
        (r"^stop\Z", "stop", True),
        (r"\<3", "<3", True),
        (r"caf\é", "CAFÉ", True),
        ("^b", "a\nb", False),
        ("(?m)^b", "a\nb", True),
        ("a.b", "a\nb", False),
        (r"\.", "no", False),
        ("x", "a" * LONGEST + "x", False),
    ],
)
def test_an_expression_is_looked_for_anywhere_in_any_case_and_script(
    pattern: str, text: str, found: bool
) -> None:
    assert regex_matches(pattern, text) is found


@pytest.mark.parametrize(
    "pattern", [r"(?:q|q)+z", r"(q+)+z", r"(\w+\s?)+\d$", r"(a|aa)+$", r"(.*.*=.*){20}"]
)
def test_an_expression_that_others_take_for_ever_over_is_done_at_once(pattern: str) -> None:
    assert why_not_sound(pattern) == ""
    for text in ("q" * LONGEST, "word " * 400 + "!", "a" * 1999 + "b", "é" * LONGEST):
        begun = time.thread_time()
        assert regex_matches(pattern, text) is False
        assert time.thread_time() - begun < 0.1


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "is not valid: unclosed group"),
        ("[z-a]", "is not valid: invalid character class range"),
        (LOOKS_BACK, "is not valid: look-around"),
        (r"(a)\1", "is not valid: backreferences are not supported"),
        (r"(?>a)b", "is not valid: unrecognized flag"),
        (r"(\w{1000}){1000}", "is not valid: Compiled regex exceeds size limit"),
        ("((.?){999}){9}z", "takes too long"),
        ("((a?b?c?d?e?){500}){20}z", "takes too long"),
        ("[a&&b]", "has && between brackets"),
        ("[[:alpha:]]", "has [: between brackets"),
    ],
)
def test_an_unfit_expression_is_told_why_and_is_never_found(pattern: str, words: str) -> None:
    assert why_not_sound(pattern).startswith(words)
    assert regex_matches(pattern, "interested") is False


def asking(pattern: str) -> dict[str, object]:
    return {"how": "regex", "regex": pattern, "to": "any"}


def drawn_by(pattern: str) -> list[dict[str, object]]:
    return [
        event("ask", "core.replies", config=asking(pattern)),
        tag("said", "ask", path="yes"),
        event("also", "core.replies", config=asking("hello")),
        tag("greeted", "also", path="yes"),
    ]


@pytest.mark.parametrize("pattern", [LOOKS_BACK, "((.?){999}){9}z"])
def test_an_unfit_expression_is_not_published(stage: Stage, pattern: str) -> None:
    source, _ = stage.cast(1)
    with clock.at(stage.now):
        campaign = drafted(*drawn_by(pattern), source=source)
        with pytest.raises(NotReady, match=r"the regular expression (is not valid|takes too long)"):
            publish(campaign)
    db.session.rollback()
    assert db.session.scalars(db.select(CampaignVersion)).all() == []


def test_contacts_wait_at_an_expression_of_before_that_is_unfit_now(stage: Stage) -> None:
    """What looks around was published once: nobody takes the path No because of that."""
    source, (ann,) = stage.cast(1)
    wait = {"wait_amount": 1, "wait_unit": "days"}
    ask = event("ask", "core.replies", config=asking("interested") | wait)
    campaign = stage.play(ask, tag("lost", "ask", path="no"), *drawn_by("hello")[2:], source=source)
    with transaction():
        change_rows(
            db.update(CampaignEvent)
            .where(CampaignEvent.key == "ask")
            .values(config=asking(LOOKS_BACK) | wait)
        )
    stage.turn()
    stage.reply(ann, "I am interested, hello")
    stage.wait(days=3)
    stage.turn()
    assert tags(ann) == ["greeted"]
    assert steps(ann)["ask"] == "waiting"
    with clock.at(stage.now):
        parked = Engine(Scope(only=campaign)).run().parked
    assert [str(why) for why in parked.values()] == [
        "Its form does not fit any more. Open it in the builder, and publish."
    ]
    with clock.at(stage.now):
        publish(campaign)
    stage.turn()
    stage.reply(ann, "I am interested")
    stage.turn()
    assert steps(ann)["ask"] == "done yes"
    assert tags(ann) == ["greeted"]
