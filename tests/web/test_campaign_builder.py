"""The builder's endpoints: who may, what is refused, and nobody's drawing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from heliograph.audit import read_audit
from heliograph.campaigns import get_campaign, list_versions, palette
from heliograph.campaigns.canvas import MAX_EVENTS
from heliograph.db import db
from heliograph.web.event_words import CHOICES, FIELDS, TYPES, translated_palette
from tests.campaigns.drawing import drafted, event, tag
from tests.visitor import Visitor, sign_in

Canvas = dict[str, Any]


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


def put(visitor: Visitor, campaign_id: int, canvas: object, version: object = 1) -> Any:
    body = {"canvas": canvas, "version": version}
    return visitor.send("PUT", f"/campaigns/{campaign_id}/builder/draft", body)


def test_the_canvas_comes_with_all_that_draws_it(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    found = marc.send("GET", f"/campaigns/{campaign_id}/builder/canvas", None).json
    assert [one["key"] for one in found["canvas"]["events"]] == ["a"]
    assert found["version"] == 1
    assert found["status"] == {"published": False, "number": 0, "changed": True}
    assert found["findings"] == []
    replies = next(one for one in found["palette"] if one["key"] == "core.replies")
    # in the order in which a form asks, and with words for each choice
    assert list(replies["fields"]["properties"])[:3] == ["to", "how", "pattern"]
    assert replies["fields"]["properties"]["how"]["labels"]["pattern"] == "a pattern"
    assert {"messages", "segments", "tags", "fields", "campaigns", "countries"} <= found[
        "choices"
    ].keys()
    fields = {one["value"] for one in found["choices"]["fields"]}
    assert {one["name"] for one in found["catalog"]["subjects"]} == fields


def test_a_draft_is_kept_and_checked(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    canvas = {"sources": [], "events": [tag("a"), event("b", "core.jump", "a")]}
    answer = put(marc, campaign_id, canvas)
    assert (answer.status_code, answer.json["version"]) == (200, 2)
    assert any("no source" in one["words"] for one in answer.json["findings"])
    assert {one["event"] for one in answer.json["findings"]} == {"", "b"}
    assert [one["key"] for one in get_campaign(campaign_id).draft["events"]] == ["a", "b"]
    put(marc, campaign_id, canvas, 2)
    db.session.rollback()
    drafts = [entry for entry in read_audit() if entry.action == "campaign_builder.draft"]
    assert [entry.changes for entry in drafts] == [{"draft": "2"}]  # drawing on is one entry


def test_who_saves_an_old_drawing_gets_the_new_one_beside_it(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    put(marc, campaign_id, {"events": [tag("first")]})
    answer = put(marc, campaign_id, {"events": [tag("second")]})
    assert answer.status_code == 409
    assert answer.json["canvas"]["events"][0]["key"] == "first"
    assert answer.json["version"] == 2
    assert "changed meanwhile" in answer.json["error"]
    assert put(marc, campaign_id, {"events": [tag("second")]}, 2).status_code == 200


@pytest.mark.parametrize(
    ("canvas", "words"),
    [
        (None, "is no canvas"),
        ([], "is no canvas"),
        ({"events": "none"}, "events"),
        ({"events": [{"key": "<script>"}]}, "should match pattern"),
        ({"events": [tag("a", parent=["b", "c"])]}, "has two parents"),  # type: ignore[arg-type]
        ({"events": [tag("a")], "more": 1}, "more"),
        ({"sources": [0]}, "is no id of a segment"),
        ({"sources": [1 << 70]}, "sources"),
        ({"events": [tag(f"e{n}") for n in range(MAX_EVENTS + 1)]}, "events"),
        ({"events": [tag("a", name="x" * 1_000_001)]}, "too large"),
        ({"events": [tag("a", name="\ud800")]}, "broken character"),
    ],
    ids=lambda one: str(one)[:40].encode("ascii", "replace").decode(),
)
def test_what_is_no_canvas_is_refused_in_words(marc: Visitor, canvas: Any, words: str) -> None:
    campaign_id = drafted(tag("a"))
    answer = put(marc, campaign_id, canvas)
    assert answer.status_code == 400
    assert words in answer.json["error"]
    assert get_campaign(campaign_id).draft_version == 1


@pytest.mark.parametrize("version", [None, "1", 1.5, True, [1]])
def test_a_version_is_a_number(marc: Visitor, version: object) -> None:
    answer = put(marc, drafted(tag("a")), {"events": []}, version)
    assert (answer.status_code, "version" in answer.json["error"]) == (400, True)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', "\xff", "[" * 100_000])
def test_what_is_no_json_is_refused(marc: Visitor, body: str) -> None:
    campaign_id = drafted(tag("a"))
    headers = {"Accept": "application/json", "X-CSRFToken": marc.token()}
    for method, view in (("PUT", "draft"), ("POST", "publish")):
        answer = marc.client.open(
            f"/mautic/campaigns/{campaign_id}/builder/{view}",
            method=method,
            data=body.encode("latin-1"),
            content_type="application/json",
            headers=headers,
        )
        assert (answer.status_code, "JSON" in answer.json["error"]) == (400, True)


def test_a_huge_body_is_not_even_read(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    answer = marc.client.put(
        f"/mautic/campaigns/{campaign_id}/builder/draft",
        data=b" " * 5_000_000,
        content_type="application/json",
        headers={"Accept": "application/json", "X-CSRFToken": marc.token()},
    )
    assert (answer.status_code, "too large" in answer.json["error"]) == (400, True)


def test_a_reader_looks_and_changes_nothing(app: Flask) -> None:
    campaign_id = drafted(tag("a"))
    rita = sign_in(app, "reader")
    page = rita.get(f"/campaigns/{campaign_id}/builder/")
    facts = json.loads(page.text.split('id="campaign-page">')[1].split("</script>")[0])
    assert facts["canWrite"] is False
    assert rita.send("GET", f"/campaigns/{campaign_id}/builder/canvas", None).status_code == 200
    assert put(rita, campaign_id, {"events": []}).status_code == 403
    publish = rita.send("POST", f"/campaigns/{campaign_id}/builder/publish", {"version": 1})
    assert publish.status_code == 403
    assert ">Hold<" not in rita.get(f"/campaigns/{campaign_id}").text


def test_a_stranger_and_a_forged_request_are_told_in_json(app: Flask, marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    stranger = put(Visitor(app), campaign_id, {"events": []})
    assert (stranger.status_code, stranger.json["error"]) == (401, "Sign in first.")
    path = f"/campaigns/{campaign_id}/builder/draft"
    body = {"canvas": {"events": []}, "version": 1}
    forged = marc.send("PUT", path, body, **{"X-CSRFToken": "nonsense"})
    assert (forged.status_code, forged.headers["X-Token-Refused"]) == (400, "1")
    assert "Open the page again" in forged.json["error"]
    token = marc.send("GET", f"/campaigns/{campaign_id}/builder/token", None).json["token"]
    assert marc.send("PUT", path, body, **{"X-CSRFToken": token}).status_code == 200


def test_publishing_keeps_a_version_or_says_what_is_wrong(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"), event("b", "core.jump", "a"))
    path = f"/campaigns/{campaign_id}/builder/publish"
    refused = marc.send("POST", path, {"version": 1})
    assert refused.status_code == 409
    assert "cannot be published" in refused.json["error"]
    assert refused.json["findings"][0]["event"] == "b"
    sources = get_campaign(campaign_id).draft["sources"]
    put(marc, campaign_id, {"sources": sources, "events": [tag("a")]})
    stale = marc.send("POST", path, {"version": 1})
    assert (stale.status_code, stale.json["version"]) == (409, 2)
    done = marc.send("POST", path, {"version": 2})
    assert done.json["status"] == {"published": True, "number": 1, "changed": False}
    db.session.rollback()
    assert [one.user for one in list_versions(campaign_id)] == ["marketer@example.com"]
    after = put(marc, campaign_id, {"sources": sources, "events": [tag("c")]}, 2)
    assert after.json["changed"] is True


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_a_campaign_that_is_not_there(marc: Visitor, number: str) -> None:
    for view in ("", "canvas", "token"):
        status = marc.get(f"/campaigns/{number}/builder/{view}").status_code
        assert status == (200 if view == "token" and len(number) < 19 else 404)
    assert put(marc, int(number), {"events": []}).status_code == 404


def test_a_message_is_written_in_a_dialog(marc: Visitor) -> None:
    form = marc.get("/messages/new?panel=1").text
    assert "<html" not in form
    assert 'name="kind" value="template"' in form
    typed = {"name": "Hello", "kind": "template", "language": "en", "published": "1"}
    refused = marc.post("/messages/new?panel=1", typed | {"text": "{contactfield=no}"})
    assert (refused.status_code, "<html" in refused.text) == (400, False)
    made = marc.post("/messages/new?panel=1", typed | {"text": "Hi"})
    saved = marc.get(made.location.removeprefix("/mautic")).json
    assert saved == {"value": saved["value"], "label": "Hello", "help": "Hi"}
    typed.pop("published")
    path = f"/messages/{saved['value']}?panel=1"
    changed = marc.post(path, typed | {"text": "Hi again"})
    again = marc.get(changed.location.removeprefix("/mautic")).json
    assert (again["label"], again["help"]) == ("Hello (not published)", "Hi again")


def test_each_word_of_our_own_palette_can_be_translated(app: Flask) -> None:
    known = {str(one) for one in (*TYPES, *FIELDS)}
    free = {"A", "B", "C", "D", "E"}
    for type_ in palette():
        if type_["key"].split(".")[0] not in ("core", "twilio", "simulator"):
            continue
        assert {type_["label"], type_["help"], type_["group"]} <= known
        assert {path["label"] for path in type_["paths"]} <= known | free
        for name, field in type_["fields"]["properties"].items():
            assert field["title"] in known
            assert field.get("description", field["title"]) in known
            if not name.endswith("_unit"):
                assert all((name, value) in CHOICES for value in field.get("enum", ()))
    with force_locale("fr"):
        assert "Envoyer" in str(translated_palette())
