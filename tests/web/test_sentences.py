"""Sentences of the domain on pages: each in French for who reads French, in English elsewhere."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale

from heliograph import clock
from heliograph.broadcasts.counts import SKIP_REASONS
from heliograph.campaigns import unpublish
from heliograph.campaigns.explanation import ENDED
from heliograph.campaigns.membership import remove_contacts
from heliograph.channel import Failure, FailureKind
from heliograph.contacts.fields import add_custom_field
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import STATUSES
from heliograph.deliveries.obstacles import WORDS
from heliograph.host import current_host
from heliograph.installation import current_settings
from heliograph.segments.models import Segment
from heliograph.sentences import Moment, Names, Sentence, together
from heliograph.timeline import TimelineEntry
from heliograph.timeline.campaigns import MEMBERS, STEPS
from heliograph.timeline.happenings import (
    CHANGES,
    CLICKS,
    DNC_REASONS,
    DNC_TITLES,
    IMPORTS,
    REPLIES,
)
from heliograph.timeline.texts import SHOWN
from heliograph.web.sentence_words import KEPT, kept, told
from heliograph.web.timeline_words import LABELS, fact_words
from tests.campaigns.drawing import after, tag
from tests.campaigns.stage import Stage, replies, text
from tests.deliveries.test_explanation import made
from tests.visitor import Visitor, sign_in

NOON = datetime(2027, 3, 29, 1, 0, tzinfo=UTC)
# words that every English sentence has at least one of, and no French one
ENGLISH = re.compile(r"\b(it|the|is|was|of|that|by|and|goes|not|has|only)\b", re.IGNORECASE)


@pytest.fixture
def french(sending: Flask) -> Callable[[str], str]:
    """What a French page says for a sentence."""

    def said(words: str) -> str:
        with sending.test_request_context(), force_locale("fr"):
            return told(words).replace("\u00a0", " ")

    return said


def in_french(words: str) -> bool:
    return bool(words) and not ENGLISH.search(words)


def test_a_sentence_is_plain_english_for_everything_but_pages() -> None:
    when = Moment(NOON, ZoneInfo("Asia/Tokyo"))
    words = together(Sentence("It waits for its time: %(when)s.", when=when), "", Sentence("100%"))
    english = "It waits for its time: 2027-03-29 10:00 Asia/Tokyo. 100%"
    assert words == english == f"{words}" == copy.deepcopy(words) == json.loads(json.dumps(words))
    assert copy.deepcopy(words).values == words.values
    assert str(Moment(NOON)) == "2027-03-29 01:00 UTC"
    assert str(Names(("Shop", "Friends"))) == "'Shop' and 'Friends'"
    assert together() == together("", "") == ""


def test_times_and_names_are_written_as_the_reader_writes_them(
    sending: Flask, french: Callable[[str], str]
) -> None:
    when = Moment(NOON, ZoneInfo("Asia/Tokyo"))
    waits = Sentence("It waits for its time: %(when)s.", when=when)
    assert french(waits) == "Il attend son heure : le 29 mars 2027, 10:00 (heure de Tokyo)."
    one = Sentence("It is in the segment %(name)s.", name=Names(("Replies",)))
    several = Sentence("It is in the segments %(names)s.", names=Names(("Shop", "The 100%", "B")))
    assert french(one) == "Il est dans le segment « Replies »."
    assert french(several) == "Il est dans les segments « Shop », « The 100% » et « B »."
    with sending.test_request_context(), force_locale("en"):
        assert told(waits) == "It waits for its time: Mar 29, 2027, 10:00 Tokyo time."
        assert told(one) == "It is in the segment “Replies”."


def test_names_that_people_gave_are_never_translated(french: Callable[[str], str]) -> None:
    line = Sentence("%(path)s: %(event)s", path=Sentence("Yes"), event="Replies")
    assert french(line) == "Oui : Replies"
    assert french("Replies") == "Replies"
    assert french(Sentence("Replies")) == "Réponses"


@pytest.mark.parametrize("status", STATUSES)
def test_each_state_of_a_text_is_told_in_french(french: Callable[[str], str], status: str) -> None:
    assert in_french(french(explain(made(status, reason="dnc" if status == "skipped" else ""))))


@pytest.mark.parametrize("kind", list(FailureKind))
def test_each_kind_of_failure_is_told_in_french(
    french: Callable[[str], str], kind: FailureKind
) -> None:
    for status in ("failed", "undelivered", "sending"):
        assert in_french(french(explain(made(status, reason=kind.value))))


@pytest.mark.parametrize("reason", list(SKIP_REASONS))
def test_each_reason_to_skip_is_told_in_french(french: Callable[[str], str], reason: str) -> None:
    assert in_french(french(explain(made("skipped", reason=reason))))


def test_what_a_text_waits_for_is_told_in_french(french: Callable[[str], str]) -> None:
    later = utcnow() + timedelta(hours=1)
    for reason in ("", "quiet", "held"):
        assert in_french(french(explain(made("queued", not_before=later, reason=reason))))
    again = french(explain(made("queued", detail="Sent again after it had failed.")))
    assert again == "Il attend son tour. Renvoyé après un échec."
    current_host().disable("recorder")
    waits = french(explain(made("queued")))
    assert waits.startswith("Il attend. Le fournisseur ne peut pas envoyer. ")


@pytest.mark.parametrize("sentence", [*KEPT, *WORDS.values(), *ENDED.values()])
def test_what_was_kept_as_text_is_found_again(sending: Flask, sentence: Sentence) -> None:
    given = {
        "number": "+33600000001",
        "why": Sentence("The provider asked to slow down."),
        "seconds": 30,
        "count": 20,
        "code": "30007",
        "size": 1700,
        "most": 1600,
        "id": "SM1",
        "status": 404,
        "words": "Pas là",
        "sender": "Shop",
        "until": "12:00",
    }
    text = str(sentence.filled(**given))
    with sending.test_request_context(), force_locale("fr"):
        found = kept(text) if sentence in KEPT else told(sentence.filled(**given))
    assert in_french(found), found
    if "%(why)s" in sentence.template:
        assert "Le fournisseur a demandé de ralentir." in found
    with sending.test_request_context(), force_locale("en"):
        assert kept(text) == text


def test_words_of_strangers_stay_as_they_are(sending: Flask) -> None:
    with sending.test_request_context(), force_locale("fr"):
        for words in ("", "Unreachable destination handset", "%(why)s", "100% of %s", "50 %"):
            assert kept(words) == words


@pytest.fixture
def stage(sending: Flask, desk: Any) -> Stage:
    return Stage()


@pytest.fixture
def lea(sending: Flask, stage: Stage) -> Visitor:
    """A marketer who reads French, at the time of the stage."""
    with clock.at(stage.now):
        visitor = sign_in(sending, "marketer")
        form = {"locale": "fr", "timezone": "Europe/Paris", "theme": "auto"}
        assert visitor.post("/account", form).status_code == 303
    return visitor


def page_of(stage: Stage, reader: Visitor, path: str) -> str:
    with clock.at(stage.now):
        answer = reader.get(path)
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", answer.text))


def test_where_a_contact_stands_is_told_in_french(stage: Stage, lea: Visitor) -> None:
    source, (ann,) = stage.cast(1, timezone="Asia/Tokyo")
    campaign = stage.play(
        tag("first"),
        replies("ask", "first", config={"to": "any"}, timing=after(1)),
        tag("yes", "ask", path="yes"),
        text("no", "ask", path="no", name="Replies"),
        source=source,
    )
    place = f"/campaigns/{campaign}/members/{ann}"
    stage.turn()
    page = page_of(stage, lea, place)
    name = db.session.get_one(Segment, source).name
    assert f"Il est dans le segment « {name} »." in page
    assert "Il attend son heure : le 24 nov. 2026, 21:00 (heure de Tokyo)." in page
    assert "<li>Oui : Changer les étiquettes</li><li>Non : Replies</li>" in page
    stage.leap(days=1)
    stage.turn()
    page = page_of(stage, lea, place)
    assert "En attente du contact jusqu'au 27 nov. 2026, 21:00 (heure de Tokyo)." in page
    with clock.at(stage.now):
        unpublish(campaign)
    assert "La campagne n'est pas publiée : rien ne se passe." in page_of(stage, lea, place)
    with clock.at(stage.now):
        remove_contacts(campaign, [ann])
    page = page_of(stage, lea, place)
    assert "Il a été retiré et ne fait plus d'étapes." in page
    assert "<div>Le contact a été retiré.</div>" in page


def test_what_holds_a_contact_is_told_in_french(stage: Stage, lea: Visitor) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), text("hello", "a", timing=after(1)), source=source)
    stage.turn()
    current_host().disable("recorder")
    page = page_of(stage, lea, f"/campaigns/{campaign}/members/{ann}")
    held = r"Il attend ici\. Le plugin Recorder .* est désactivé\. Il continuera de lui-même"
    assert re.search(held, page)
    for path in (f"/campaigns/{campaign}", f"/campaigns/{campaign}/events/hello"):
        page = page_of(stage, lea, path)
        assert re.search(r"Le plugin Recorder .* est désactivé\.", page), path


def test_what_became_of_a_text_is_told_in_french(stage: Stage, lea: Visitor) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.outage = True
    campaign = stage.play(text("hello"), source=source)
    stage.turn()
    waits = "Il attend son tour : les SMS partent aussi vite que l'expéditeur le peut."
    assert waits in page_of(stage, lea, f"/campaigns/{campaign}/members/{ann}")
    stage.outage = False
    number = db.session.get_one(Contact, ann).mobile or ""
    stage.failing[number] = Failure(FailureKind.UNREACHABLE, "")
    with transaction() as session:
        session.get_one(Contact, bob).mobile = "+33600000099"
    stage.turn()
    failed, skipped = stage.deliveries(ann)[0], stage.deliveries(bob)[0]
    page = page_of(stage, lea, f"/broadcasts/texts/{failed.id}")
    assert "Le téléphone n'a pas pu être joint." in page
    page = page_of(stage, lea, f"/broadcasts/texts/{skipped.id}")
    assert "Il n'a pas été envoyé. Le contact a maintenant un autre numéro." in page
    page = page_of(stage, lea, f"/campaigns/{campaign}/members/{ann}")
    assert "<div>Le téléphone n'a pas pu être joint.</div>" in page


def test_the_timeline_is_told_in_french(stage: Stage, lea: Visitor) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(text("hello"), replies("ask", "hello"), source=source)
    with transaction() as session:
        session.get_one(Contact, ann).number_status = "invalid"
    stage.turn()
    page = page_of(stage, lea, f"/contacts/{ann}")
    assert "<strong>Campagne : échoué</strong>" in page
    assert "<summary>Le numéro du contact a été marqué invalide.</summary>" in page
    assert '<dt>Pourquoi</dt><dd class="text-break">Le numéro du contact' in page
    assert re.search(r"<dt>Jusqu'à</dt><dd[^>]*><time [^>]*>26 nov\. 2026", page)
    with clock.at(stage.now):
        remove_contacts(campaign, [ann])
    assert "<strong>Retiré d'une campagne</strong>" in page_of(stage, lea, f"/contacts/{ann}")


def test_each_title_and_label_of_the_timeline_is_in_french(sending: Flask) -> None:
    titles = [*SHOWN.values(), *STEPS.values(), *MEMBERS.values()]
    found = [title for title, _ in titles]
    found += [*REPLIES.values(), *CLICKS.values(), *CHANGES.values(), *IMPORTS.values()]
    found += [*DNC_TITLES.values(), *DNC_REASONS.values()]
    with sending.test_request_context(), force_locale("fr"):
        for title in found:
            assert told(title) != title
        for label, words in LABELS.items():
            assert str(words) != label
        known = {"Why": "daily cap", "Status": "sent", "Until": "soon", "Colour": "red"}
        entry = TimelineEntry(NOON, "text", "Ours", details=known)
        assert fact_words(entry) == [
            ("Pourquoi", "Limite quotidienne de l'expéditeur atteinte"),
            *(("État", "Envoyé"), ("Jusqu'à", "soon"), ("Colour", "red")),
        ]


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59+00:00", "0001-01-01", "for ever"])
def test_a_time_that_the_reader_has_not_stays_as_it_is(sending: Flask, until: str) -> None:
    entry = TimelineEntry(NOON, "text", "Ours", details={"Until": until})
    zone = "America/New_York" if until < "1" else "Asia/Tokyo"
    settings = replace(current_settings(), timezone=zone)
    with (
        sending.test_request_context(),
        patch.dict(sending.extensions, {"heliograph_settings": settings}),
    ):
        assert fact_words(entry) == [("Until", until)]


def test_fields_of_contacts_are_named_in_french(sending: Flask, lea: Visitor, stage: Stage) -> None:
    add_custom_field("shoe_size", "City", "number")
    form = page_of(stage, lea, "/contacts/new")
    for label in ("Prénom", "Société", "Ville", "Pays", "Langue et région", "Fuseau horaire"):
        assert re.search(rf"<label[^>]*>{label}", form), label
    assert re.search(r"<label[^>]*>City", form)
    assert "Fuseau horaire" in page_of(stage, lea, "/contacts/fields")
