"""A stranger's plugin, in one file, brings something that segments can ask about contacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from heliograph.contacts import add_contact, get_contact, tag_contact, untag_contact
from heliograph.errors import BadInput, HeliographError
from heliograph.host import current_host
from heliograph.segments import create_segment, edit_segment, find_segment
from heliograph.segments.filters import check_filters
from heliograph.segments.follower import follow_changes
from heliograph.segments.members import refresh_segment
from heliograph.segments.refresh import refresh_all
from tests.plugins.sources import HEAD, put
from tests.visitor import sign_in

# it asks about tags, so that it needs no table of its own
SOURCE = (
    HEAD
    + '''
"""Loyal - levels of customers."""
from heliograph.plugin import Operator, SegmentSubject, db
import sqlalchemy as sa

def has_level(operand):
    level = operand.text()
    if level == "crash":
        {}["level"]
    if level not in ("gold", "silver"):
        raise operand.refused("is no level", "Use gold or silver.")
    tags, links = db.metadata.tables["tags"], db.metadata.tables["contact_tags"]
    contacts = db.metadata.tables["contacts"]
    return sa.exists().where(
        links.c.contact_id == contacts.c.id, links.c.tag_id == tags.c.id, tags.c.name == level
    )

LEVEL = SegmentSubject(
    "loyal.level",
    "Level",
    lambda: {"is": Operator(has_level), "was_never": Operator(has_level, turned=True)},
    inputs={"is": "one", "was_never": "one"},
    words={"was_never": "was never"},
    options=lambda: [("gold", "Gold"), ("silver", "Silver")],
)

@hookimpl
def register_segment_subjects():
    return [LEVEL]
'''
)


@pytest.fixture
def app(make_app: Callable[..., Flask], folder: Path) -> Iterator[Flask]:
    put(folder, "loyal", SOURCE)
    app = make_app(plugin_dirs=str(folder))
    with app.app_context():
        assert not current_host().get("loyal").fault
        current_host().enable("loyal")
        yield app


def level(value: str, operator: str = "is") -> dict[str, object]:
    return {"field": "loyal.level", "operator": operator, "value": value}


def people() -> tuple[int, int]:
    ann = add_contact({"first_name": "Ann"}, region="FR")
    bob = add_contact({"first_name": "Bob"}, region="FR")
    tag_contact(ann, ["gold"])
    return ann.id, bob.id


def count(segment_id: int) -> int:
    refresh_segment(segment_id)
    return find_segment(segment_id).member_count


def test_it_finds_contacts_and_its_opposite_the_others(app: Flask) -> None:
    people()
    gold = create_segment("Gold", {"not": {"any": [level("gold", "was_never")]}})
    others = create_segment("Others", {"any": [level("gold", "was_never"), level("silver")]})
    assert (count(gold.id), count(others.id)) == (1, 1)


def test_a_value_that_it_refuses_is_told_by_its_place(app: Flask) -> None:
    with pytest.raises(BadInput, match="is no level") as caught:
        check_filters({"all": [level("gold"), level("brass")]})
    assert caught.value.field == "filters.all[1].value"
    with pytest.raises(BadInput, match="the plugin loyal failed with KeyError"):
        check_filters(level("crash"))
    with pytest.raises(BadInput, match=r"is no operator of loyal\.level"):
        check_filters(level("gold", "over"))


def test_while_it_is_off_segments_keep_their_members_and_name_it(app: Flask) -> None:
    people()
    gold, none = create_segment("Gold", level("gold")), create_segment("Plain")
    assert count(gold.id) == 1
    current_host().disable("loyal")
    with pytest.raises(HeliographError, match=r"Gold: .*belongs to the plugin loyal"):
        refresh_all()
    assert find_segment(gold.id).member_count == 1
    with pytest.raises(BadInput, match="disabled or missing"):
        edit_segment(none.id, filters=level("gold"))
    current_host().enable("loyal")
    assert refresh_all() == "1 refreshed, 0 changed"


def test_the_filter_builder_offers_it_by_its_own_words(app: Flask) -> None:
    visitor = sign_in(app)
    page = visitor.get("/segments/new").text
    assert all(word in page for word in ("loyal.level", "was never", "Silver"))
    current_host().disable("loyal")
    assert "loyal.level" not in visitor.get("/segments/new").text


def test_its_key_must_be_its_own(heliograph: Callable[..., Flask], folder: Path) -> None:
    put(folder, "loyal", SOURCE.replace('"loyal.level"', '"replied"'))
    heliograph(plugin_dirs=str(folder))
    assert "must begin with 'loyal.'" in current_host().get("loyal").reason


FOLLOWS = (
    HEAD
    + """
seen = []
followed = set()

@hookimpl
def segments_followed(): return followed

@hookimpl
def segment_members_left(contact_ids):
    seen.append(("left", list(contact_ids)))
    {}["undone"]

@hookimpl
def segments_refreshed(contact_ids): seen.append(("refreshed", list(contact_ids)))
"""
)


def test_a_plugin_follows_a_segment_and_hears_who_leaves_it(
    make_app: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "follows", FOLLOWS)
    with make_app(plugin_dirs=str(folder)).app_context():
        current_host().enable("follows")
        plugin = current_host().get("follows").module
        assert plugin is not None
        ann, _ = people()
        gold = {"field": "tag", "operator": "has_any", "value": "gold"}
        segment, other = create_segment("Gold", gold), create_segment("Other", gold)
        plugin.followed.add(segment.id)
        refresh_all()
        untag_contact(get_contact(ann), ["gold"])
        plugin.seen.clear()
        assert follow_changes() == "1 segments changed"
        assert plugin.seen == [("left", [ann]), ("refreshed", [ann])]
        counts = [find_segment(one.id).member_count for one in (segment, other)]
        assert counts == [0, 1]
