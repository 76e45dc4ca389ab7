"""Short links as a phone, a scanner and a stranger ask for them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from heliograph.contacts import Contact, add_custom_field, delete_contact, merge_contacts
from heliograph.contacts.models import CustomField
from heliograph.db import change_rows, db, dialect_name, transaction, utcnow
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.models import Delivery
from heliograph.links.clicks import MOST_ROWS
from heliograph.links.clicks import desk as click_desk
from heliograph.links.codes import ALPHABET
from heliograph.links.models import Click, Link
from heliograph.messages import create_message, delete_message
from tests.databases import Postgres
from tests.links.conftest import PHONE, URL, Clicker, code_in, kinds, long_ago, texts_of

Sent = Callable[..., tuple[Any, list[Delivery]]]

ANDROID = "Mozilla/5.0 (Linux; Android 14; CUBOT_X18) AppleWebKit/537.36 Chrome/131.0 Mobile Safari"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"
MACHINES = [
    ({"method": "HEAD"}, "head"),
    ({"Sec-Purpose": "prefetch;prerender"}, "prefetch"),
    ({"X-Purpose": "preview"}, "prefetch"),
    ({"agent": ""}, "robot"),
    ({"agent": "curl/8.5.0"}, "robot"),
    ({"agent": "WhatsApp/2.23.20.0 A"}, "robot"),
    ({"agent": "bitlybot/3.0 (+http://bit.ly/)"}, "robot"),
    ({"agent": "Mozilla/5.0 (Macintosh) facebookexternalhit/1.1 Facebot Twitterbot/1.0"}, "robot"),
    (
        {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        "robot",
    ),
    ({"agent": "Slackbot-LinkExpanding 1.0"}, "robot"),
    ({"agent": "python-requests/2.32"}, "robot"),
]


def test_a_person_is_led_on_and_counted(sent: Sent, click: Clicker, desk: Any) -> None:
    _, (first, second, _third) = sent(3)
    answer = click(code_in(first.text))
    assert (answer.status_code, answer.location, answer.data) == (302, URL, b"")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    click(code_in(first.text), ANDROID)
    click(code_in(second.text) + ".", DESK)  # the full stop was taken for a part of the link
    db.session.rollback()
    rows = db.session.scalars(select(Click).order_by(Click.id)).all()
    assert [(row.delivery_id, row.contact_id, row.kind, row.device) for row in rows] == [
        (first.id, first.contact_id, "person", "iphone"),
        (first.id, first.contact_id, "person", "android"),
        (second.id, second.contact_id, "person", "desktop"),
    ]
    assert all(abs(row.at - utcnow()) < timedelta(minutes=5) for row in rows)
    assert desk.clicks == [(first.number, URL), (first.number, URL), (second.number, URL)]


@pytest.mark.parametrize(("given", "kind"), MACHINES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_machines_are_led_on_and_not_counted(
    sent: Sent, click: Clicker, desk: Any, given: dict[str, str], kind: str
) -> None:
    _, (text,) = sent(1)
    answer = click(code_in(text.text), **given)
    assert (answer.status_code, answer.location, answer.data) == (302, URL, b"")
    assert kinds() == [kind]
    assert desk.clicks == []


def test_nobody_reads_within_a_breath(sent: Sent, click: Clicker, desk: Any) -> None:
    _, (text,) = sent(1)
    for seconds in (0, 2, 10):
        with transaction():
            at = utcnow() - timedelta(seconds=seconds)
            change_rows(update(Delivery).values(attempted_at=at))
        click(code_in(text.text))
    assert kinds()[0] == "early"
    assert kinds()[-1] == "person"


def test_clicks_on_test_texts_count_for_nothing(sending: Flask, click: Clicker, desk: Any) -> None:
    message = create_message(name="Sale", text=URL)
    row = queue_text(
        message.id, number="+33612345678", contact=None, provider="recorder", source="test"
    )
    code = code_in(row.text)
    long_ago()
    assert click(code).location == URL
    assert (kinds(), desk.clicks) == (["test"], [])
    delete_message(message.id)
    db.session.rollback()
    assert click(code).location == URL  # a phone keeps its texts


@pytest.mark.parametrize(
    "code", ["x", "aaaaaaaaaa", "0000000000", "aaaaaaaaaaa", "%00" * 10, "é" * 10]
)
def test_a_bad_code_is_told_in_plain_words(sent: Sent, click: Clicker, code: str) -> None:
    sent(1)
    answer = click(code)
    assert answer.status_code == 404
    assert "This link does not work" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert kinds() == []
    assert "ne fonctionne pas" in click(code, **{"Accept-Language": "fr"}).text


def test_it_leads_nowhere_but_to_what_was_sent(sent: Sent, click: Clicker) -> None:
    _, (first, second) = sent(2)
    words = random.Random(2)
    code = code_in(first.text)
    wrong = [code[:place] + words.choice(ALPHABET) + code[place + 1 :] for place in range(10)]
    wrong += [code.swapcase(), code[::-1], code[5:] + code[:5]]
    for one in set(wrong) - {code, code_in(second.text)}:
        assert click(one).status_code == 404, one
    for tail in ("?url=https://evil.example", "/https://evil.example", "//evil.example"):
        answer = click(code + tail)
        assert answer.location == URL if tail[0] == "?" else answer.status_code == 404


def test_a_click_adds_so_many_rows_and_no_more(sent: Sent, click: Clicker, desk: Any) -> None:
    _, (text,) = sent(1)
    code = code_in(text.text)
    for _ in range(MOST_ROWS + 5):
        assert click(code, "curl/8").status_code == 302
    click(code)
    assert kinds() == ["robot"] * MOST_ROWS + ["person"]


def test_tokens_are_filled_for_whoever_clicks(sent: Sent, click: Clicker) -> None:
    add_custom_field("code", "Code", "text")
    url = "https://a.example/{contactfield=code|none}?n={contactfield=firstname|you|true}"
    _, (text,) = sent(1, text=f"Hi {url}#top")
    with transaction() as session:
        contact = session.get_one(Contact, text.contact_id)
        contact.custom, contact.first_name = {"code": "a b//evil.example/\r\nX: y"}, "Ann & Bea"
    code = code_in(text.text)
    assert click(code).location == (
        "https://a.example/a%20b//evil.example/%20X:%20y?n=Ann%20%26%20Bea#top"
    )
    delete_contact(text.contact_id or 0)
    assert click(code).location == "https://a.example/none?n=you#top"
    with transaction() as session:
        session.delete(session.scalars(select(CustomField)).one())
    assert click(code).location == "https://a.example/"
    assert kinds() == ["person"] * 3


def test_an_address_in_any_script_is_one_a_browser_can_go_to(sent: Sent, click: Clicker) -> None:
    _, (text,) = sent(1, text="Hi https://müller.example/größe?q=ж&a=[1]#ö")
    place = "https://xn--mller-kva.example/gr%C3%B6%C3%9Fe?q=%D0%B6&a=%5B1%5D#%C3%B6"
    assert click(code_in(text.text)).location == place
    _, (text,) = sent(1, text="Hi https://a.example:8/x?a=1&b=%zz+%20")
    assert click(code_in(text.text)).location == "https://a.example:8/x?a=1&b=%zz+%20"


def test_clicks_follow_the_contact(sent: Sent, click: Clicker) -> None:
    _, (first, second, third) = sent(3)
    for one in (first, second, third):
        click(code_in(one.text))
    merge_contacts(first.contact_id or 0, second.contact_id or 0)
    delete_contact(third.contact_id or 0)
    db.session.rollback()
    rows = db.session.scalars(select(Click.contact_id).order_by(Click.id)).all()
    assert list(rows) == [first.contact_id, first.contact_id, None]
    click(code_in(second.text))
    db.session.rollback()
    last = db.session.scalars(select(Click.contact_id).order_by(Click.id.desc())).first()
    assert last == first.contact_id


def hold_writers(app: Flask, held: threading.Event, done: threading.Event) -> None:
    """Keep everybody from writing clicks until *done*."""
    with app.app_context(), transaction() as session:
        if dialect_name() == "postgresql":
            session.execute(text("LOCK TABLE clicks IN EXCLUSIVE MODE"))
        held.set()
        done.wait(120)


def test_a_person_does_not_wait_for_a_busy_database(sending: Flask, sent: Sent) -> None:
    _, (first,) = sent(1)
    code = code_in(first.text)
    db.session.rollback()
    held, done = threading.Event(), threading.Event()
    holder = threading.Thread(target=hold_writers, args=(sending, held, done))
    holder.start()
    try:
        assert held.wait(60)
        begun = time.monotonic()
        with sending.app_context():
            answer = sending.test_client().get(f"/mautic/l/{code}", headers={"User-Agent": PHONE})
        assert (answer.status_code, answer.location) == (302, URL)
        assert time.monotonic() - begun < 10  # the lock lasts for as long as we like
        assert not done.is_set()
    finally:
        done.set()
        holder.join()
    click_desk().join()
    assert kinds() == ["person"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_its_database_it_asks_for_patience(
    sent: Sent, click: Clicker, postgres: Postgres
) -> None:
    _, (first,) = sent(1)
    code = code_in(first.text)
    db.session.rollback()
    name = str(db.engine.url.database)
    postgres.allow(name, False)
    try:
        answer = click(code)
    finally:
        postgres.allow(name, True)
    assert answer.status_code == 503
    assert "Try again in a moment" in answer.text
    assert click(code).location == URL


def test_many_click_at_once(sending: Flask, sent: Sent) -> None:
    _, texts = sent(20)
    codes = [code_in(text.text) for text in texts]
    db.session.rollback()

    def ask(code: str) -> None:
        with sending.app_context():
            sending.test_client().get(f"/mautic/l/{code}", headers={"User-Agent": PHONE})

    threads = [threading.Thread(target=ask, args=(code,)) for code in codes * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    click_desk().join()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Click)) == 60
    assert db.session.scalar(select(func.count(Click.contact_id.distinct()))) == 20
    assert db.session.scalar(select(func.count()).select_from(Link)) == 1
    assert len(texts_of(texts[0].broadcast_id or 0)) == 20
