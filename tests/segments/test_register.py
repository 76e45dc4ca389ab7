"""Making, changing, finding and deleting segments."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from heliograph.db import db, transaction
from heliograph.errors import BadInput, Conflict, NotFound
from heliograph.messages.models import TextMessage
from heliograph.segments import (
    Segment,
    SegmentMember,
    add_members,
    create_segment,
    delete_segment,
    edit_segment,
    find_segment,
    list_segments,
)
from tests.segments.conftest import Person, where

PARIS = where("city", "is", "Paris")


def test_a_segment_is_found_by_name_and_by_id(app: Flask) -> None:
    made = create_segment("  Friends ", PARIS)
    for key in (made.id, str(made.id), "Friends", " Friends "):
        assert find_segment(key).id == made.id
    assert (made.name, made.filters, made.member_count) == ("Friends", PARIS, 0)


def test_a_name_of_digits_wins_over_an_id(app: Flask) -> None:
    first = create_segment("Friends")
    named = create_segment(str(first.id))
    assert find_segment(str(first.id)).id == named.id
    assert find_segment(first.id).id == first.id


@pytest.mark.parametrize("key", ["Freinds", "4711", 4711, -1, 10**30, str(10**30), "", "\x00", "²"])
def test_what_is_not_there_is_named_with_the_nearest(app: Flask, key: int | str) -> None:
    create_segment("Friends")
    with pytest.raises(NotFound, match="There is no segment") as caught:
        find_segment(key)
    hint = "Did you mean 'Friends'?" if key == "Freinds" else "heliograph segments list"
    assert hint in caught.value.message


def test_segments_are_listed_by_name(app: Flask) -> None:
    for name in ("Zoe", "Ann", "Mia"):
        create_segment(name)
    assert [segment.name for segment in list_segments()] == ["Ann", "Mia", "Zoe"]


@pytest.mark.parametrize(
    ("name", "words"), [("", "is empty"), ("  \x00", "is empty"), ("x" * 121, "is too long")]
)
def test_a_name_that_is_none_is_refused(app: Flask, name: str, words: str) -> None:
    kept = create_segment("Kept")
    for act in (create_segment, lambda new: edit_segment(kept.id, name=new)):
        with pytest.raises(BadInput, match=words):
            act(name)
    assert [segment.name for segment in list_segments()] == ["Kept"]


def test_a_name_is_taken_once(app: Flask) -> None:
    create_segment("One")
    two = create_segment("Two")
    with pytest.raises(BadInput, match="is taken"):
        create_segment("One")
    with pytest.raises(BadInput, match="is taken"):
        edit_segment(two.id, name="One")
    assert edit_segment(two.id, name="Two").name == "Two"
    assert edit_segment(two.id, name="Three").name == "Three"


def test_filters_that_do_not_fit_store_nothing(app: Flask) -> None:
    with pytest.raises(BadInput, match=r"filters\.field"):
        create_segment("Bad", where("cty", "is", "Paris"))
    with pytest.raises(BadInput, match=r"filters: "):
        create_segment("Bad", {})
    assert list_segments() == []
    good = create_segment("Good", PARIS)
    with pytest.raises(BadInput):
        edit_segment(good.id, name="Worse", filters={"all": []})
    assert (find_segment(good.id).name, find_segment(good.id).filters) == ("Good", PARIS)


def test_what_cannot_be_changed_is_named(app: Flask) -> None:
    good = create_segment("Good")
    with pytest.raises(BadInput, match=r"'member_count' cannot be changed\. Use name or filters"):
        edit_segment(good.id, member_count=5)  # type: ignore[call-arg]


def test_no_filters_are_stored_as_nothing(app: Flask) -> None:
    plain = create_segment("Plain")
    cleared = create_segment("Cleared", PARIS)
    edit_segment(cleared.id, filters=None)
    nothing = select(Segment.id).where(Segment.filters.is_(None)).order_by(Segment.id)
    assert list(db.session.scalars(nothing)) == [plain.id, cleared.id]


def test_segments_that_lead_back_to_themselves_are_refused(app: Flask) -> None:
    one, two, three = (create_segment(name) for name in ("One", "Two", "Three"))
    with pytest.raises(BadInput, match="lead back"):
        edit_segment(one.id, filters=where("segment", "has_any", ["One"]))
    edit_segment(two.id, filters={"any": [PARIS, {"not": where("segment", "has_any", "One")}]})
    edit_segment(three.id, filters=where("segment", "has_all", [two.id]))
    with pytest.raises(BadInput, match=r"filters: lead back to the segment itself"):
        edit_segment(one.id, filters={"all": [where("segment", "has_none", [three.id])]})
    assert find_segment(one.id).filters is None
    edit_segment(three.id, filters=where("segment", "has_any", [one.id, two.id]))


def test_two_edits_at_once_close_no_circle(app: Flask) -> None:
    one, two = create_segment("One").id, create_segment("Two").id
    barrier, errors = Barrier(2), []
    db.session.remove()

    def edit(segment_id: int, other: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                edit_segment(segment_id, filters=where("segment", "has_any", [other]))
            except BadInput as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [Thread(target=edit, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(errors) == 1
    assert sum(segment.filters is not None for segment in list_segments()) == 1


def test_a_segment_in_use_is_not_deleted(app: Flask) -> None:
    vip = create_segment("VIP")
    create_segment("Others", {"not": where("segment", "has_any", ["VIP"])})
    with transaction() as session:
        session.add(
            TextMessage(name="Sale", text="Hi", segments=[session.get_one(Segment, vip.id)])
        )
    with pytest.raises(Conflict) as caught:
        delete_segment(vip.id)
    assert "the text message 'Sale'" in caught.value.message
    assert "the segment 'Others'" in caught.value.message
    assert find_segment("VIP").id == vip.id


def test_a_deleted_segment_takes_its_members_along(person: Person) -> None:
    ann = person("Ann")
    segment = create_segment("Friends")
    add_members(segment.id, [ann])
    delete_segment(segment.id)
    assert list_segments() == []
    assert db.session.scalar(select(func.count()).select_from(SegmentMember)) == 0
    with pytest.raises(NotFound):
        delete_segment(segment.id)
