"""Contacts, segments, plugins and jobs by their pages."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from heliograph.contacts import add_contact, find_contacts, get_contact
from heliograph.db import db
from heliograph.dnc import find_dnc
from heliograph.host import current_host
from heliograph.host.state import forget_states
from heliograph.providers import default_provider
from heliograph.segments import create_segment, find_segment
from tests.visitor import Visitor, sign_in

NUMBER = "+33612345678"


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


@pytest.fixture
def ada(app: Flask) -> int:
    return add_contact({"mobile": NUMBER, "first_name": "Ada"}, region="FR").id


def test_a_contact_is_added_found_edited_and_deleted(marc: Visitor) -> None:
    bad = marc.post("/contacts/new", {"mobile": "letters", "first_name": "Zoë"})
    assert bad.status_code == 400
    assert 'value="Zoë"' in bad.text
    assert 'id="mobile-error"' in bad.text
    made = marc.post("/contacts/new", {"mobile": NUMBER, "first_name": "Zoë", "city": "Oslo"})
    place = made.location.removeprefix("/mautic")
    for query in ("zo", "Zoë", "+33 6 12 34 56 78", "+33612", "oslo"):
        page = marc.get(f"/contacts/?q={query.replace('+', '%2B')}").text
        assert (">Zoë</a>" in page) == (query != "oslo"), query
    assert marc.post(place + "/edit", {"city": "Bergen"}).status_code == 303
    assert "Bergen" in marc.get(place).text
    assert marc.post(place + "/delete").status_code == 303
    assert marc.get(place).status_code == 404


def test_tags_segments_and_do_not_contact(marc: Visitor, ada: int) -> None:
    create_segment("Friends")
    place = f"/contacts/{ada}"
    marc.post(place + "/tags", {"tag": "vip, two words"})
    marc.post(place + "/segments", {"segment": "Friends"})
    marc.post(place + "/dnc", {"reason": "manual", "comment": "asked by phone"})
    page = marc.get(place).text
    assert "two words" in page
    assert "asked by phone" in page
    entry = find_dnc(NUMBER)
    assert entry is not None
    assert entry.source == "user marketer@example.com"
    assert NUMBER in marc.get("/contacts/dnc").text
    marc.post(place + "/tags", {"remove": "vip"})
    marc.post(place + "/segments", {"remove": "Friends"})
    marc.post(place + "/dnc", {"lift": "1", "comment": "came back"})
    db.session.rollback()
    assert find_dnc(NUMBER) is None
    assert [tag.name for tag in get_contact(ada).tags] == ["two words"]
    assert find_segment("Friends").member_count == 0
    history = marc.get(place + "/timeline?kind=dnc").text
    assert "Taken off do-not-contact" in history
    assert "Tags were added" not in history


def test_many_contacts_at_once(marc: Visitor, ada: int) -> None:
    other = add_contact({"first_name": "Grace"}, region="FR").id
    create_segment("Both")
    ticked = {"contact": [str(ada), str(other)]}
    marc.post("/contacts/selected", ticked | {"do": "tag", "tag": "both"})
    marc.post("/contacts/selected", ticked | {"do": "segment", "segment": "Both"})
    db.session.rollback()
    assert len(find_contacts("tag:both")) == 2
    assert find_segment("Both").member_count == 2
    marc.post("/contacts/selected", {"do": "delete"})
    assert len(find_contacts("")) == 2
    marc.post("/contacts/selected", ticked | {"do": "delete"})
    db.session.rollback()
    assert find_contacts("") == []


def test_two_contacts_become_one(marc: Visitor, ada: int) -> None:
    other = add_contact({"first_name": "Ada", "email": "ada@example.com"}, region="FR").id
    marc.post(f"/contacts/{ada}/merge", {"other": "ada"})
    page = marc.get(f"/contacts/{ada}").text
    assert "ada@example.com" in page
    assert marc.get(f"/contacts/{other}").status_code == 404


def test_lists_are_read_page_by_page_both_ways(marc: Visitor, app: Flask) -> None:
    for number in range(120):
        add_contact({"first_name": f"Nr{number:03}"}, region="FR")

    def names(path: str) -> tuple[list[str], str, str]:
        page = marc.get(path).text
        links = re.findall(r">(Nr\d{3})</a>", page)
        newer = re.search(r'href="/mautic([^"]+)" rel="prev"', page)
        older = re.search(r'href="/mautic([^"]+)" rel="next"', page)
        marks = [html.unescape(found[1]) if found else "" for found in (newer, older)]
        return links, marks[0], marks[1]

    first, newer, older = names("/contacts/")
    assert (first[0], len(first), newer) == ("Nr119", 50, "")
    second, newer, older = names(older)
    assert (second[0], len(second)) == ("Nr069", 50)
    back, _, _ = names(newer)
    assert back == first
    third, newer, older = names(older)
    assert (third[-1], len(third), older) == ("Nr000", 20, "")
    assert names(newer)[0] == second


def test_a_segment_is_built_counted_and_used(marc: Visitor, ada: int) -> None:
    filters = '{"all": [{"field": "first_name", "operator": "is", "value": "Ada"}]}'
    sample = marc.post("/segments/preview", {"filters": filters}).text
    assert "contact fits" in sample
    wrong = filters.replace("first_name", "shoe")
    assert (
        'data-place="filters.all[0].field"'
        in marc.post("/segments/preview", {"filters": wrong}).text
    )
    refused = marc.post("/segments/new", {"name": "Adas", "filters": wrong})
    assert refused.status_code == 400
    assert "shoe" in refused.text
    made = marc.post("/segments/new", {"name": "Adas", "filters": filters})
    place = made.location.removeprefix("/mautic")
    page = marc.get(place).text
    assert ">Ada</a>" in page
    marc.post(place + "/members", {"remove": str(ada)})
    assert "Nobody is in it" in marc.get(place).text
    marc.post(place + "/members", {"who": NUMBER})
    assert ">Ada</a>" in marc.get(place).text
    assert marc.post(place + "/delete").status_code == 303
    assert marc.get(place).status_code == 404


def test_a_filter_on_a_segment_that_is_used_cannot_vanish(marc: Visitor, app: Flask) -> None:
    base = create_segment("Base")
    create_segment("Above", {"field": "segment", "operator": "has_any", "value": ["Base"]})
    marc.post(f"/segments/{base.id}/delete")
    page = marc.get(f"/segments/{base.id}").text
    assert "the segment &#39;Above&#39;" in page


def test_a_field_of_ones_own_is_in_forms_and_texts(marc: Visitor, ada: int) -> None:
    bad = marc.post("/contacts/fields", {"label": "X", "alias": "1x", "kind": "text"})
    assert bad.status_code == 400
    field = {"label": "Size", "alias": "size", "kind": "choice", "choices": "S\nM\n"}
    assert marc.post("/contacts/fields", field).status_code == 303
    page = marc.get(f"/contacts/{ada}/edit").text
    assert '<option value="M">' in page
    marc.post(f"/contacts/{ada}/edit", {"size": "M"})
    text = {"text": "You wear {contactfield=size|nothing}", "as": "ada"}
    assert "You wear M" in marc.post("/messages/preview", text).text


def test_the_preview_names_what_is_wrong_and_where(marc: Visitor, app: Flask) -> None:
    page = marc.post("/messages/preview", {"text": "Hi {contactfield=frstname}"}).text
    assert "column 4" in page
    assert "Did you mean" in page
    long = marc.post("/messages/preview", {"text": "é" * 1601 + "ł"}).text
    assert "1600 characters is the most" in long
    assert "latin small letter l with stroke" in long


def test_the_default_provider_is_chosen_among_several(app: Flask) -> None:
    admin = sign_in(app)
    host = current_host()
    host.enable("simulator")
    host.enable("twilio")
    admin.post("/admin/plugins/simulator/default")
    db.session.rollback()
    forget_states()
    assert default_provider() == "simulator"
    assert "Texts go through it" in admin.get("/admin/plugins/").text
    admin.post("/admin/plugins/simulator/disable")
    assert admin.get("/plugins/simulator/").status_code == 404


def test_a_wrong_config_is_refused_with_all_that_was_typed(app: Flask) -> None:
    admin = sign_in(app)
    form = {"account_sid": "XX", "auth_token": "a" * 32, "from_number": "+15551234567"}
    answer = admin.post("/admin/plugins/twilio", form)
    assert answer.status_code == 400
    assert 'value="XX"' in answer.text
    assert 'id="account_sid-error"' in answer.text
    assert "a" * 32 not in answer.text
    assert current_host().shown_config("twilio")["auth_token"] is None


def test_a_job_is_run_by_its_button_and_its_fault_is_shown(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = sign_in(app)
    admin.post("/admin/jobs/segments.refresh/run")
    assert "segments.refresh" in admin.get("/admin/jobs/").text

    def fall() -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr("heliograph.jobs.register.refresh_segments", fall)
    admin.post("/admin/jobs/segments.refresh/run")
    assert "out of paper" in admin.get("/admin/jobs/rows").text
    assert "out of paper" in admin.get("/").text
    assert admin.post("/admin/jobs/nonsense/run").status_code == 404
