"""When a broadcast goes out: nothing leaves before its time, and nobody is surprised."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from heliograph.broadcasts.lifecycle import begin, due_broadcasts, get_broadcast, pause
from heliograph.db import db, transaction, utcnow
from heliograph.errors import Changed, Conflict
from heliograph.messages import create_message, edit_message, review_version, send_now, unschedule
from heliograph.segments import add_members, create_segment, edit_segment
from heliograph.users import User
from tests.fixtures import add_people
from tests.visitor import Visitor, sign_in

NINE = "2031-12-01T09:00"
NINE_IN_PARIS = datetime(2031, 12, 1, 8, tzinfo=UTC)


@pytest.fixture
def marc(sending: Flask) -> Visitor:
    """A marketer in Paris; the installation is in UTC."""
    visitor = sign_in(sending, "marketer")
    with transaction():
        user = db.session.scalars(db.select(User)).one()
        user.timezone = "Europe/Paris"
    return visitor


@pytest.fixture
def sale(sending: Flask) -> int:
    """A message to three contacts, not scheduled."""
    segment = create_segment("Regulars")
    add_members(segment.id, add_people(3))
    return create_message(name="Sale", text="x" * 200, segments=[segment.id]).id


def stands(sale: int) -> tuple[str, datetime | None]:
    db.session.rollback()
    broadcast = get_broadcast(sale)
    return broadcast.status, broadcast.message.publish_up


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no {name} in the page"
    return found[1]


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)).replace("&#39;", "'")


def test_the_question_names_all_that_will_happen(marc: Visitor, sale: int) -> None:
    page = marc.get(f"/broadcasts/{sale}").text
    form = {"seen": hidden(page, "seen"), "when": "later", "at": NINE}
    asked = marc.post(f"/broadcasts/{sale}/confirm", form)
    words = words_of(asked.text)
    assert asked.status_code == 200
    assert "Schedule “Sale”?" in words
    assert "Mon, Dec 1, 2031, 09:00 Paris time" in words
    assert "3 contacts" in words
    assert "about 6 parts" in words
    assert "Regulars" in words
    assert "+15005550006" in words
    assert stands(sale) == ("draft", None)  # asking has no effect
    now = marc.post(f"/broadcasts/{sale}/confirm", form | {"when": "now", "at": ""})
    assert "Send to 3 contacts now" in words_of(now.text)
    assert stands(sale) == ("draft", None)


@pytest.mark.parametrize("at", ["9999-12-31T23:59+00:00", "0001-01-01T00:00Z", "9999-12-31T00:00"])
def test_a_time_that_not_every_zone_can_show_is_refused(marc: Visitor, sale: int, at: str) -> None:
    place = f"/broadcasts/{sale}"
    form = {"seen": hidden(marc.get(place).text, "seen"), "when": "later", "at": at}
    asked = marc.post(place + "/confirm", form)
    assert asked.status_code == 400
    assert "Is not a date and time." in words_of(asked.text)
    assert marc.post(place + "/send", form).status_code == 400
    assert stands(sale) == ("draft", None)


def test_without_a_script_the_question_is_a_page(marc: Visitor, sale: int) -> None:
    place = f"/broadcasts/{sale}"
    form = {"seen": hidden(marc.get(place).text, "seen"), "when": "later", "at": NINE}
    asked = marc.post(place + "/confirm", form).text
    answer = {name: hidden(asked, name) for name in ("form_key", "seen", "when", "at")}
    assert marc.post(place + "/send", answer).status_code == 303
    assert stands(sale) == ("scheduled", NINE_IN_PARIS)
    page = words_of(marc.get(place).text)
    assert "Mon, Dec 1, 2031, 09:00 Paris time" in page
    for offered in ("Change the time", "Unschedule", "Send now instead"):
        assert offered in page
    assert 'type="radio"' not in marc.get(place).text  # nothing stands on Now any more


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"when": "now", "at": NINE}, "Is typed, but Now is chosen. Choose At"),
        ({"when": "later", "at": ""}, "Is empty. Choose a day and an hour in the future."),
        ({"when": "later", "at": "2020-01-01T10:00"}, "Is in the past: it is"),
        ({"when": "later", "at": "nonsense"}, "Is not a date and time."),
        ({"when": "later", "at": "0001-01-01T00:00"}, "Is not a date and time."),
        ({"when": "later", "at": "2031-03-30T02:30"}, "Does not exist in Paris time: the clocks"),
        ({"when": "", "at": NINE}, "Is neither Now nor At."),
        ({"at": ""}, "Is neither Now nor At."),
    ],
)
@pytest.mark.parametrize("word", ["confirm", "send"])
def test_contradictions_are_refused_and_nothing_typed_is_lost(
    marc: Visitor, sale: int, typed: dict[str, str], said: str, word: str
) -> None:
    form = typed | {"seen": review_version(get_broadcast(sale))}
    answer = marc.post(f"/broadcasts/{sale}/{word}", form)
    assert answer.status_code == 400
    assert said in words_of(answer.text)
    assert f'name="at" min="{hidden_min(answer.text)}" value="{typed["at"]}"' in answer.text
    assert stands(sale) == ("draft", None)


def hidden_min(page: str) -> str:
    found = re.search(r'name="at" min="([^"]*)"', page)
    assert found
    return found[1]


def change_text(sale: int) -> None:
    edit_message(sale, text="Another text")


def change_filters(sale: int) -> None:
    segment = get_broadcast(sale).message.segments[0]
    edit_segment(
        segment.id, filters={"all": [{"field": "country", "operator": "is", "value": "FR"}]}
    )


def schedule(sale: int) -> None:
    send_now(sale, at=NINE_IN_PARIS)


@pytest.mark.parametrize("change", [change_text, change_filters, schedule])
@pytest.mark.parametrize("word", ["confirm", "send"])
def test_a_page_made_before_a_change_sends_nothing(
    marc: Visitor, sale: int, change: object, word: str
) -> None:
    seen = hidden(marc.get(f"/broadcasts/{sale}").text, "seen")
    assert callable(change)
    change(sale)
    before = stands(sale)
    later = {"seen": seen, "when": "later", "at": "2031-12-24T18:00"}
    for form in ({"seen": seen, "when": "now"}, later):
        answer = marc.post(f"/broadcasts/{sale}/{word}", form)
        assert answer.status_code == 409
        assert "was changed meanwhile. Nothing was sent: look again" in answer.text
        assert stands(sale) == before
    assert 'value="2031-12-24T18:00"' in answer.text
    assert hidden(answer.text, "seen") != seen  # from here it can be decided again


def test_of_two_people_who_decide_at_once_the_second_is_told(
    sending: Flask, marc: Visitor, sale: int
) -> None:
    lea = sign_in(sending, "marketer", "lea@example.com")
    place = f"/broadcasts/{sale}"
    forms = [{"seen": hidden(who.get(place).text, "seen")} for who in (marc, lea)]
    assert marc.post(place + "/send", forms[0] | {"when": "later", "at": NINE}).status_code == 303
    assert lea.post(place + "/send", forms[1] | {"when": "now"}).status_code == 409
    assert stands(sale) == ("scheduled", NINE_IN_PARIS)


def test_a_form_that_is_sent_twice_acts_once(marc: Visitor, sale: int) -> None:
    place = f"/broadcasts/{sale}"
    seen = hidden(marc.get(place).text, "seen")
    asked = marc.post(place + "/confirm", {"seen": seen, "when": "later", "at": NINE}).text
    form = {name: hidden(asked, name) for name in ("form_key", "seen", "when", "at")}
    assert marc.post(place + "/send", form).location == marc.post(place + "/send", form).location
    marc.post(place + "/unschedule")
    marc.post(place + "/send", form)
    assert stands(sale) == ("draft", None)


def test_an_hour_that_comes_twice_is_said(marc: Visitor, sale: int) -> None:
    form = {"seen": review_version(get_broadcast(sale)), "when": "later"}
    form["at"] = "2031-10-26T02:30"
    words = words_of(marc.post(f"/broadcasts/{sale}/confirm", form).text)
    assert "02:30 comes twice: UTC+02:00 is meant." in words
    assert "02:30 Paris time, UTC+02:00" in words
    marc.post(f"/broadcasts/{sale}/send", form)
    assert stands(sale) == ("scheduled", datetime(2031, 10, 26, 0, 30, tzinfo=UTC))
    assert "comes twice" in words_of(marc.get(f"/broadcasts/{sale}").text)


def test_a_page_that_is_saved_as_it_stood_moves_no_time(marc: Visitor, sale: int) -> None:
    second = datetime(2031, 10, 26, 1, 30, 17, tzinfo=UTC)  # the second 02:30, and its seconds
    edit_message(sale, publish_up=second)
    form = {"name": "Sale", "text": "y", "language": "en", "published": "1"}
    form |= {"segments": str(get_broadcast(sale).message.segments[0].id)}
    marc.post(f"/messages/{sale}", form | {"publish_up": "2031-10-26T02:30"})
    assert stands(sale) == ("scheduled", second)


def test_a_broadcast_that_has_begun_is_not_sent_again(marc: Visitor, sale: int) -> None:
    seen = hidden(marc.get(f"/broadcasts/{sale}").text, "seen")
    send_now(sale)
    begin(sale)
    for word in ("confirm", "send"):
        answer = marc.post(f"/broadcasts/{sale}/{word}", {"seen": seen, "when": "now"})
        assert answer.status_code == 409
        assert "has begun already" in answer.text
    assert marc.post(f"/broadcasts/{sale}/unschedule").status_code == 303
    assert stands(sale)[0] == "running"


@pytest.mark.parametrize("typed", ["2031-12-01T09:00", "2020-01-01T09:00"])
def test_saving_a_text_neither_schedules_nor_sends_it(marc: Visitor, typed: str) -> None:
    segment = create_segment("Regulars")
    add_members(segment.id, add_people(2))
    form = {"name": "A", "text": "Hi", "language": "en", "published": "1", "kind": "segment"}
    form |= {"segments": str(segment.id), "publish_up": typed}
    answer = marc.post("/messages/new", form)
    place = answer.location.removeprefix("/mautic")
    assert f"at={typed.replace(':', '%3A')}" in place or f"at={typed}" in place
    page = marc.get(place).text
    assert f'value="{typed}"' in page
    assert re.search(r'value="later"\s+checked', page)
    made = int(re.findall(r"/broadcasts/(\d+)", place)[0])
    assert stands(made) == ("draft", None)
    marc.post(f"/messages/{made}", form)
    assert stands(made) == ("draft", None)


def test_publishing_what_was_due_before_asks_first(marc: Visitor, sale: int) -> None:
    edit_message(sale, publish_up=utcnow() - timedelta(days=1), published=False)
    form = {"name": "Sale", "text": "y", "language": "en", "published": "1"}
    form |= {"segments": str(get_broadcast(sale).message.segments[0].id)}
    page = marc.get(f"/messages/{sale}").text
    found = re.search(r'name="publish_up" type="datetime-local" value="([^"]+)"', page)
    assert found
    marc.post(f"/messages/{sale}", form | {"publish_up": found[1]})
    assert stands(sale) == ("draft", None)
    assert due_broadcasts(utcnow()) == []


def test_a_broadcast_given_another_time_after_it_was_found_due_waits_for_it(sale: int) -> None:
    send_now(sale)
    assert due_broadcasts(utcnow() + timedelta(seconds=1)) == [sale]
    send_now(sale, at=NINE_IN_PARIS)
    assert begin(sale).status == "scheduled"
    assert stands(sale) == ("scheduled", NINE_IN_PARIS)
    unschedule(sale)
    assert begin(sale).status == "draft"


def test_the_domain_refuses_what_a_page_refuses(sale: int) -> None:
    seen = review_version(get_broadcast(sale))
    change_text(sale)
    with pytest.raises(Changed):
        send_now(sale, seen=seen)
    send_now(sale)
    begin(sale)
    pause(sale)
    with pytest.raises(Conflict, match="paused"):
        send_now(sale)
    with pytest.raises(Conflict, match="cannot change"):
        edit_message(sale, text="Too late")
