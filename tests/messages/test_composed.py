"""Text that comes in decomposed (NFD) is composed wherever it comes in: é is one character."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from flask import Flask

from heliograph.campaigns import create_campaign, get_campaign, publish, save_draft
from heliograph.contacts import add_contact, edit_contact, find_contacts
from heliograph.contacts.fields import add_custom_field
from heliograph.contacts.models import Contact
from heliograph.contacts.tags import list_tags, tag_contact
from heliograph.db import db
from heliograph.deliveries.rendering import Renderer
from heliograph.installation import current_zone
from heliograph.messages import create_message, edit_message, get_message, measure, preview
from heliograph.nfc import nfc, nfc_json
from heliograph.segments import create_segment, find_segment, refresh_segment
from heliograph.segments.members import member_ids
from heliograph.users import create_user
from tests.campaigns.drawing import drawn, event, tag

CAFE = "Café ouvert"
LOOSE = unicodedata.normalize("NFD", CAFE)
ZOE, LOOSE_ZOE = "Zoë", unicodedata.normalize("NFD", "Zoë")


def test_typed_text_is_composed_before_it_is_counted_and_stored(app: Flask) -> None:
    assert LOOSE != CAFE
    assert (measure(LOOSE).encoding, measure(LOOSE).parts) == ("gsm7", 1)
    assert measure(LOOSE).characters == len(CAFE)
    message = create_message(name=LOOSE, text=LOOSE, category=LOOSE)
    assert (message.name, message.text, message.category) == (CAFE, CAFE, CAFE)
    edit_message(message.id, text=f"{LOOSE}!", name=LOOSE_ZOE)
    assert (get_message(message.id).text, get_message(message.id).name) == (f"{CAFE}!", ZOE)


def test_token_values_that_are_stored_loose_are_sent_composed(app: Flask) -> None:
    ann = add_contact({"mobile": "+33612345678", "firstname": "x"}, region="FR")
    row = db.session.get_one(Contact, ann.id)
    row.first_name = LOOSE_ZOE  # as it was stored before
    db.session.commit()
    for text in ("Hi {contactfield=firstname}", "Hi {{ contact.first_name }}"):
        shown = preview(text, row)
        assert (shown.text, shown.measure.encoding) == (f"Hi {ZOE}", "ucs2")
        assert Renderer(text, current_zone()).render(1, None, row)[0] == f"Hi {ZOE}"
    row.first_name = unicodedata.normalize("NFD", "Adé")
    shown = preview("Hi {contactfield=firstname}", row)
    assert (shown.text, shown.measure.encoding) == ("Hi Adé", "gsm7")
    # an accent that meets its letter only when the token is filled
    row.first_name = "Ade"
    assert preview("Hi {contactfield=firstname}\u0301", row).text == "Hi Adé"
    assert Renderer("{contactfield=firstname}\u0301", current_zone()).render(1, None, row)[:2] == (
        "Adé",
        "gsm7",
    )


def test_names_fields_and_tags_are_composed(app: Flask) -> None:
    field = add_custom_field("mot", LOOSE, "choice", [LOOSE, "other"])
    assert (field.label, field.choices[0]) == (CAFE, CAFE)
    values = {"mobile": "+33612345678", "firstname": LOOSE_ZOE, "mot": LOOSE}
    ann = add_contact(values, region="FR")
    assert (ann.first_name, ann.custom["mot"]) == (ZOE, CAFE)
    edit_contact(ann.id, {"city": LOOSE}, region="FR")
    assert db.session.get_one(Contact, ann.id).city == CAFE
    assert [one.id for one in find_contacts(LOOSE_ZOE)] == [ann.id]
    tag_contact(ann, [LOOSE])
    tag_contact(ann, [CAFE])
    assert [one.name for one in list_tags()] == [CAFE]
    assert [one.id for one in find_contacts(f'tag:"{LOOSE}"')] == [ann.id]
    user = create_user("o@example.com", "four words make one", first_name=LOOSE_ZOE)
    assert user.first_name == ZOE


def test_segments_are_named_and_filtered_by_composed_text(app: Flask) -> None:
    ann = add_contact({"mobile": "+33612345678", "city": CAFE}, region="FR")
    for operator, value in (("is", LOOSE), ("in", [LOOSE]), ("contains", LOOSE[:5])):
        condition = {"field": "city", "operator": operator, "value": value}
        segment = create_segment(f"{LOOSE} {operator}", {"all": [condition]})
        assert segment.name == f"{CAFE} {operator}"
        assert find_segment(f"{LOOSE} {operator}").id == segment.id
        refresh_segment(segment.id)
        assert list(db.session.scalars(member_ids([segment.id]))) == [ann.id]


def test_a_campaign_and_its_own_texts_are_composed(app: Flask) -> None:
    campaign = create_campaign(name=LOOSE, description=LOOSE)
    assert (campaign.name, campaign.description) == (CAFE, CAFE)
    staff = {"number": "+33612345678", "text": f"{LOOSE} {{contactfield=city|{LOOSE}}}"}
    canvas = drawn(
        event("a", "core.text_staff", name=LOOSE, config=staff),
        tag("b", "a"),
        event("c", "core.replies", "b", config={"how": "words", "words": [LOOSE]}),
        sources=(),
    )
    save_draft(campaign.id, canvas.stored(), seen=0)
    stored: Any = get_campaign(campaign.id).draft["events"]
    assert stored[0]["name"] == CAFE
    assert stored[0]["config"]["text"] == f"{CAFE} {{contactfield=city|{CAFE}}}"
    assert stored[2]["config"]["words"] == [CAFE]
    with pytest.raises(Exception, match="no source"):
        publish(campaign.id, note=LOOSE)


def test_what_json_holds_is_composed_at_any_depth() -> None:
    given = {LOOSE: [LOOSE, {"a": LOOSE}, 1, None, True]}
    assert nfc_json(given) == {CAFE: [CAFE, {"a": CAFE}, 1, None, True]}


def test_a_heap_of_accents_costs_no_time() -> None:
    """Composing them takes time by their square: 10 s for these."""
    heap = "a" + "\u0316\u0301" * 60_000
    begun = time.process_time()
    assert nfc(heap) == heap
    assert time.process_time() - begun < 1
