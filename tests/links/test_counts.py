"""Where clicks are shown: pages, commands, the timeline, segments."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from heliograph.contacts import Contact, get_contact
from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.models import Delivery
from heliograph.errors import BadInput
from heliograph.installation import settings_of
from heliograph.links.clicks import NewClick, store_clicks
from heliograph.links.counts import LinkCount, count_new_clicks, link_counts
from heliograph.links.models import MACHINES, PERSON, TEST, Click, Link
from heliograph.messages import create_message
from heliograph.segments import check_filters, compile_filters
from heliograph.timeline import timeline
from tests.links.conftest import URL, code_in
from tests.visitor import Visitor, sign_in

Sent = Callable[..., tuple[Any, list[Delivery]]]

OTHER = "https://shop.example/other"


def clicked(delivery: Delivery, kind: str = PERSON, url: str = URL, days: int = 0) -> None:
    """A click as the desk writes it, so many days ago."""
    ours = (Link.message_id == delivery.message_id, Link.url == url)
    link_id = db.session.scalars(select(Link.id).where(*ours)).one()
    at = utcnow() - timedelta(days=days)
    store_clicks([NewClick(link_id, delivery.id, kind, "iphone", at, url)])


def found(*condition: object) -> list[str]:
    """First names of the contacts that a condition on clicks finds."""
    names = ("operator", "value")[: len(condition)]
    filters = {"field": "clicked", **dict(zip(names, condition, strict=True))}
    query = select(Contact.first_name).where(Contact.id.in_(compile_filters(filters)))
    return sorted(db.session.scalars(query))


def test_people_count_once_and_machines_apart(sent: Sent) -> None:
    message, (first, second, third) = sent(3, text=f"{URL} {OTHER}")
    for kind in (PERSON, PERSON, TEST, *MACHINES):
        clicked(first, kind)
    clicked(second)
    clicked(third, "robot")
    clicked(third, PERSON, OTHER)
    db.session.rollback()
    counts = {one.url: (one.clicks, one.contacts, one.machines) for one in link_counts(message.id)}
    assert counts == {URL: (3, 2, len(MACHINES) + 1), OTHER: (1, 1, 0)}
    assert [one.url for one in link_counts(message.id)] == [URL, OTHER]


def test_whoever_is_no_contact_is_somebody_all_the_same(sending: Flask, desk: Any) -> None:
    message = create_message(name="Sale", text=URL)
    to = {"provider": "recorder", "contact": None, "source": "api"}
    texts = [queue_text(message.id, number=f"+3361234567{n}", **to) for n in (1, 2)]  # type: ignore[arg-type]
    for text in (texts[0], texts[0], texts[1]):
        clicked(text)
    assert [(one.clicks, one.contacts) for one in link_counts(message.id)] == [(3, 2)]


def test_many_clicks_are_counted_by_a_job_and_kept(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, texts = sent(5)
    for text in texts:
        clicked(text)
    exact = link_counts(message.id)
    monkeypatch.setattr("heliograph.links.counts.FEW", 3)
    assert [one.clicks for one in link_counts(message.id)] == [0]  # nothing was kept yet
    count_new_clicks()
    assert link_counts(message.id) == exact == [LinkCount(exact[0].link_id, URL, 5, 5, 0)]
    clicked(texts[0])
    count_new_clicks()
    assert [(one.clicks, one.contacts) for one in link_counts(message.id)] == [(6, 5)]
    with transaction():  # what was not clicked since is not counted again
        change_rows(update(Click).values(at=utcnow() - timedelta(hours=1)))
        change_rows(update(Link).values(clicks=77))
    count_new_clicks()
    assert [one.clicks for one in link_counts(message.id)] == [77]


def test_clicks_stand_in_the_timeline(sent: Sent) -> None:
    _, (text,) = sent(1)
    for kind, days in ((PERSON, 2), (TEST, 1), ("robot", 0)):
        clicked(text, kind, days=days)
    entries = timeline(get_contact(text.contact_id or 0), kinds=["click"])
    assert [(one.title, one.text, one.icon) for one in entries] == [
        ("Link of a test text was clicked", URL, "link"),
        ("Link was clicked", URL, "link"),
    ]
    assert entries[0].details == {"Device": "iphone", "Delivery": str(text.id)}
    older = timeline(get_contact(text.contact_id or 0), kinds=["click"], before=entries[0].at)
    assert older == entries[1:]


def test_segments_are_made_of_who_clicked(sent: Sent) -> None:
    message, (first, second, third) = sent(3, text=f"{URL} {OTHER}")
    clicked(first, days=10)
    clicked(second, PERSON, OTHER)
    clicked(third, "robot")
    clicked(third, TEST)
    empty = create_message(name="Empty", text=URL)
    for condition, names in {
        ("ever",): ["Ann0", "Ann1"],
        ("never",): ["Ann2"],
        ("since", "-3 days"): ["Ann1"],
        ("not_since", "-3 days"): ["Ann0", "Ann2"],
        ("within", "-20 days"): ["Ann0", "Ann1"],
        ("contains", "SALE"): ["Ann0"],
        ("contains", "%"): [],
        ("not_contains", "sale"): ["Ann1", "Ann2"],
        ("in_message", message.id): ["Ann0", "Ann1"],
        ("in_message", empty.id): [],
        ("not_in_message", message.id): ["Ann2"],
    }.items():
        assert found(*condition) == names, condition
    with pytest.raises(BadInput, match="is no message"):
        check_filters({"field": "clicked", "operator": "in_message", "value": 4711})


def test_commands_tell_of_clicks(sending: Flask, sent: Sent) -> None:
    message, (first, _second) = sent(2)
    clicked(first)
    clicked(first, "head")
    db.session.rollback()
    line = ["broadcasts", "show", str(message.id)]
    shown = json.loads(run(sending, [*line, "--json"]))
    assert shown["links"] == [{"url": URL, "clicks": 1, "contacts": 1, "machines": 1}]
    assert f"{URL} (1 by 1)" in run(sending, line)
    made = ["messages", "create", "--name", "A", "--text", f"Hi {'x' * 120} {URL}", "--json"]
    tracked, as_is = (
        json.loads(run(sending, [*made, *more])) for more in ([], ["--no-track-links"])
    )
    assert (tracked["track_links"], as_is["track_links"]) == (True, False)
    short = "https://sms.example.com/mautic/l/xxxxxxxxxx"
    assert tracked["characters"] == as_is["characters"] - len(URL) + len(short)


def run(app: Flask, arguments: list[str]) -> str:
    """What `heliograph ...` prints, in a process of its own."""
    settings = dataclasses.asdict(settings_of(app))
    given = {f"HELIOGRAPH_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-c", "from heliograph.cli import main; main()", *arguments]
    environment = os.environ | given
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pages_show_clicks(sending: Flask, sent: Sent) -> None:
    marc: Visitor = sign_in(sending, "marketer")
    message, (first, second) = sent(2)
    code = code_in(first.text)
    clicked(first)
    clicked(second, "early")
    db.session.rollback()
    for page in (f"/broadcasts/{message.id}", f"/messages/{message.id}"):
        rows = marc.get(page).text.partition('id="links"')[2].partition("</table>")[0]
        assert URL in rows, page
        assert re.findall(r">(\d+)</td>", rows) == ["1", "1", "1"], page
    page = marc.get(f"/broadcasts/texts/{second.id}").text
    assert "Too soon for a person" in page
    page = marc.get(f"/broadcasts/texts/{first.id}").text
    assert "Person" in page
    assert f"/l/{code}" in page
    page = marc.get(f"/contacts/{first.contact_id}/timeline?kind=click").text
    assert "Link was clicked" in page


def test_the_editor_shows_what_is_sent(sending: Flask) -> None:
    marc: Visitor = sign_in(sending, "marketer")
    short = "https://sms.example.com/mautic/l/xxxxxxxxxx"
    assert short in marc.get("/messages/new").text
    typed = {"text": f"Sale: {URL}"}
    assert short in marc.post("/messages/preview", typed | {"track_links": "1"}).text
    page = marc.post("/messages/preview", typed).text
    assert (short in page, URL in page) == (False, True)
    form = {"name": "Sale", "kind": "template", "language": "en", **typed}
    made = marc.post("/messages/new", form).location.removeprefix("/mautic")
    assert 'name="track_links" value="1">' in marc.get(made).text
    marc.post(made, form | {"track_links": "1"})
    assert 'name="track_links" value="1" checked>' in marc.get(made).text


def test_a_sent_message_can_be_saved_and_keeps_its_switch(sending: Flask, sent: Sent) -> None:
    marc: Visitor = sign_in(sending, "marketer")
    message, _ = sent(1)
    place = f"/messages/{message.id}"
    assert '<input type="hidden" name="track_links" value="1">' in marc.get(place).text
    form = {"name": "New name", "text": message.text, "kind": "segment", "language": "en"}
    form |= {"segments": str(message.segments[0].id)}
    assert marc.post(place, form | {"track_links": "1"}).status_code == 303
    refused = marc.post(place, form)
    assert (refused.status_code, "track_links cannot change" in refused.text) == (409, True)


def test_the_review_says_how_links_are_sent(sending: Flask, crowd: Callable[..., Any]) -> None:
    marc: Visitor = sign_in(sending, "marketer")
    for text, track, told in ((URL, True, True), (URL, False, False), ("Hello", True, False)):
        message, _ = crowd(1, text=text, publish_up=None, track_links=track)
        page = marc.get(f"/broadcasts/{message.id}").text
        assert ("/l/xxxxxxxxxx" in page) == told
