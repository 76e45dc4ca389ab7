"""Members: picked by hand, left out, and kept up to date by filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, insert, select, update

from heliograph.contacts import Contact, add_custom_field, delete_contact
from heliograph.contacts.models import CustomField
from heliograph.db import db, transaction
from heliograph.errors import BadInput, HeliographError, NotFound
from heliograph.messages.models import TextMessage
from heliograph.segments import (
    Refreshed,
    add_members,
    count_members,
    create_segment,
    edit_segment,
    find_segment,
    member_ids,
    refresh_all,
    refresh_segment,
    remove_members,
)
from heliograph.segments.members import settle_counts
from heliograph.segments.models import BY_FILTER, BY_HAND, LEFT_OUT, SegmentMember
from tests.segments.conftest import Person, where

PARIS = where("city", "is", "Paris")


def origins(segment_id: int) -> dict[int, str]:
    rows = select(SegmentMember.contact_id, SegmentMember.origin).where(
        SegmentMember.segment_id == segment_id
    )
    return {row.contact_id: row.origin for row in db.session.execute(rows)}


def move(contact_id: int, city: str) -> None:
    with transaction() as session:
        session.execute(update(Contact).where(Contact.id == contact_id).values(city=city))


def test_hand_picked_contacts_become_members_once(person: Person) -> None:
    ann, bea = person("Ann"), person("Bea")
    segment = create_segment("Friends")
    assert add_members(segment.id, [ann]) == 1
    assert add_members(segment.id, [ann, bea, bea, 4711]) == 1
    assert origins(segment.id) == {ann: BY_HAND, bea: BY_HAND}
    assert count_members(segment.id) == find_segment(segment.id).member_count == 2


def test_members_are_only_stamped_when_somebody_joined(person: Person) -> None:
    ann = person("Ann")
    segment = create_segment("Friends")
    add_members(segment.id, [])
    assert find_segment(segment.id).members_added_at is None
    add_members(segment.id, [ann])
    stamp = find_segment(segment.id).members_added_at
    assert stamp is not None
    add_members(segment.id, [ann])
    remove_members(segment.id, [ann])
    assert find_segment(segment.id).members_added_at == stamp


def test_a_refresh_adds_removes_and_keeps(person: Person) -> None:
    ann, bea, cem, dan, eve = (
        person(name, city="Paris") for name in ("Ann", "Bea", "Cem", "Dan", "Eve")
    )
    segment = create_segment("Paris", PARIS)
    assert refresh_segment(segment.id) == Refreshed(added=5, removed=0, total=5)
    stamp = find_segment(segment.id).members_added_at
    remove_members(segment.id, [bea])
    add_members(segment.id, [cem])
    for one in (ann, bea, cem):
        move(one, "Rome")
    now = datetime(2026, 3, 31, tzinfo=UTC)
    assert refresh_segment(segment.id, now=now) == Refreshed(added=0, removed=1, total=3)
    assert origins(segment.id) == {bea: LEFT_OUT, cem: BY_HAND, dan: BY_FILTER, eve: BY_FILTER}
    after = find_segment(segment.id)
    assert (after.member_count, after.refreshed_at) == (3, now)
    assert after.members_added_at == stamp
    move(bea, "Paris")
    assert refresh_segment(segment.id) == Refreshed(added=0, removed=0, total=3)


def test_a_hand_picked_member_stays_when_the_filter_lets_go(person: Person) -> None:
    ann = person("Ann", city="Paris")
    segment = create_segment("Paris", PARIS)
    refresh_segment(segment.id)
    assert add_members(segment.id, [ann]) == 0
    move(ann, "Rome")
    assert refresh_segment(segment.id) == Refreshed(added=0, removed=0, total=1)


def test_who_was_taken_out_stays_out_however_she_came_in(person: Person) -> None:
    ann, bea, cem = person("Ann", city="Paris"), person("Bea", city="Paris"), person("Cem")
    segment = create_segment("Paris", PARIS)
    add_members(segment.id, [bea, cem])
    refresh_segment(segment.id)
    assert remove_members(segment.id, [ann, bea, cem]) == 3
    assert remove_members(segment.id, [ann, bea, cem]) == 0
    assert origins(segment.id) == {ann: LEFT_OUT, bea: LEFT_OUT}
    assert refresh_segment(segment.id) == Refreshed(added=0, removed=0, total=0)
    assert list(db.session.scalars(member_ids([segment.id]))) == []
    assert add_members(segment.id, [ann]) == 1
    assert count_members(segment.id) == find_segment(segment.id).member_count == 1


def test_a_hand_picked_member_of_a_plain_segment_is_just_deleted(person: Person) -> None:
    ann = person("Ann")
    segment = create_segment("Friends")
    add_members(segment.id, [ann])
    assert remove_members(segment.id, [ann]) == 1
    assert origins(segment.id) == {}


def test_someone_can_be_taken_out_while_the_filters_are_broken(person: Person) -> None:
    ann = person("Ann", custom={"plan": "gold"})
    add_custom_field("plan", "Plan")
    segment = create_segment("Gold", where("plan", "is", "gold"))
    refresh_segment(segment.id)
    with transaction() as session:
        session.execute(delete(CustomField))
    assert remove_members(segment.id, [ann]) == 1
    assert origins(segment.id) == {ann: LEFT_OUT}


def test_without_filters_only_the_hand_picked_stay(person: Person) -> None:
    ann, bea = person("Ann", city="Paris"), person("Bea")
    segment = create_segment("Paris", PARIS)
    add_members(segment.id, [bea])
    refresh_segment(segment.id)
    edit_segment(segment.id, filters=None)
    assert find_segment(segment.id).filters is None
    assert origins(segment.id) == {bea: BY_HAND}
    assert find_segment(segment.id).member_count == 1
    assert ann not in origins(segment.id)


def test_a_member_of_two_segments_is_one_contact(person: Person) -> None:
    ann, bea, cem = person("Ann"), person("Bea"), person("Cem")
    one, two = create_segment("One"), create_segment("Two")
    add_members(one.id, [ann, bea])
    add_members(two.id, [bea, cem])
    assert sorted(db.session.scalars(member_ids([one.id, two.id]))) == [ann, bea, cem]
    assert list(db.session.scalars(member_ids([]))) == []


@pytest.mark.parametrize("segment_id", [4711, 0, -1, 10**30])
def test_a_segment_that_is_not_there_is_named(app: Flask, segment_id: int) -> None:
    for act in (refresh_segment, lambda key: add_members(key, [1])):
        with pytest.raises(NotFound, match=f"no segment {segment_id}"):
            act(segment_id)


def test_a_message_that_was_deleted_stops_the_refresh_and_adds_nobody(person: Person) -> None:
    person("Ann")
    with transaction() as session:
        message = TextMessage(name="Hi", text="Hi")
        session.add(message)
    segment = create_segment("New", where("received_message", "not_received", message.id))
    with transaction() as session:
        session.execute(delete(TextMessage))
    with pytest.raises(BadInput, match="is no message"):
        refresh_segment(segment.id)
    assert count_members(segment.id) == 0


def test_a_segment_is_refreshed_after_those_it_builds_on(person: Person) -> None:
    person("Ann", city="Paris")
    top = create_segment("Top")
    middle = create_segment("Middle")
    bottom = create_segment("Bottom", PARIS)
    edit_segment(middle.id, filters=where("segment", "has_any", ["Bottom"]))
    edit_segment(top.id, filters={"not": where("segment", "has_none", [middle.id])})
    assert refresh_all() == "3 refreshed, 3 changed"
    assert [count_members(one.id) for one in (top, middle, bottom)] == [1, 1, 1]
    assert refresh_all() == "3 refreshed, 0 changed"


def test_a_refresh_of_what_builds_on_its_own_kind_removes_too(person: Person) -> None:
    ann, bea = person("Ann", city="Paris"), person("Bea", city="Paris")
    base = create_segment("Base", PARIS)
    upon = create_segment("Upon", where("segment", "has_any", [base.id]))
    refresh_all()
    move(ann, "Rome")
    refresh_all()
    assert origins(upon.id) == {bea: BY_FILTER}


def test_a_broken_segment_is_named_and_stops_no_other(person: Person) -> None:
    person("Ann", city="Paris", custom={"plan": "gold"})
    add_custom_field("plan", "Plan")
    gold = create_segment("Gold", where("plan", "is", "gold"))
    refresh_segment(gold.id)
    paris = create_segment("Paris", PARIS)
    with transaction() as session:
        session.execute(delete(CustomField))
    with pytest.raises(HeliographError, match=r"Gold: filters\.field: 'plan' is no field"):
        refresh_all()
    assert count_members(paris.id) == 1
    assert count_members(gold.id) == 1


def test_without_segments_there_is_nothing_to_refresh(app: Flask) -> None:
    assert refresh_all() is None
    create_segment("Friends")
    assert refresh_all() is None


def test_the_count_follows_contacts_that_were_deleted(person: Person) -> None:
    ann, bea = person("Ann"), person("Bea")
    segment = create_segment("Friends")
    add_members(segment.id, [ann, bea])
    delete_contact(ann)
    refresh_all()
    assert find_segment(segment.id).member_count == 1


def crowd(count: int, **values: Any) -> None:
    with transaction() as session:
        rows = [{"first_name": f"P{n}", "custom": {}} | values for n in range(count)]
        session.execute(insert(Contact), rows)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile, but for the settings, read once a second."""
    sent: list[str] = []

    def noted(_c: Any, _cursor: Any, statement: str, _p: Any, _x: Any, many: bool) -> None:
        if statement != "BEGIN" and not statement.endswith("FROM settings"):
            sent.append(f"many: {statement}" if many else statement)

    event.listen(db.engine, "before_cursor_execute", noted)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", noted)


def test_twenty_thousand_contacts_take_as_few_statements_as_one(person: Person) -> None:
    person("Ann", city="Paris")
    segment = create_segment("Paris", PARIS)
    with statements() as few:
        refresh_segment(segment.id)
    crowd(20_000, city="Paris")
    with statements() as sent:
        assert refresh_segment(segment.id) == Refreshed(added=20_000, removed=0, total=20_001)
    assert len(sent) == len(few) < 10
    assert not [statement for statement in sent if statement.startswith("many:")]
    with transaction() as session:
        session.execute(update(Contact).values(city="Rome"))
    with statements() as sent:
        assert refresh_segment(segment.id) == Refreshed(added=0, removed=20_001, total=0)
    assert len(sent) == len(few)


def test_twenty_thousand_contacts_are_picked_in_chunks(app: Flask) -> None:
    crowd(20_000)
    ids = list(db.session.scalars(select(Contact.id)))
    segment = create_segment("All")
    with statements() as sent:
        assert add_members(segment.id, ids) == 20_000
    assert len(sent) < 20
    with statements() as sent:
        assert remove_members(segment.id, ids) == 20_000
    assert len(sent) <= 20  # one of them reads which plugins are on
    assert find_segment(segment.id).member_count == 0


def at_once(app: Flask, *acts: Any) -> list[Any]:
    """Run each of *acts* in a thread of its own, begun together; their answers."""
    barrier = Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                answers[place] = acts[place]()
            except Exception as error:
                answers[place] = error
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_two_refreshes_at_once_add_each_contact_once(app: Flask) -> None:
    crowd(3000, city="Paris")
    segment = create_segment("Paris", PARIS)
    db.session.remove()
    key = segment.id
    answers = at_once(app, *[lambda: refresh_segment(key)] * 2)
    assert sorted(answer.added for answer in answers) == [0, 3000]
    assert [answer.total for answer in answers] == [3000, 3000]
    assert find_segment(key).member_count == count_members(key) == 3000


def test_hand_picking_and_refreshing_at_once_keep_the_count_true(app: Flask) -> None:
    crowd(2000, city="Paris")
    crowd(2000, city="Rome")
    segment = create_segment("Paris", PARIS)
    ids = list(db.session.scalars(select(Contact.id).order_by(Contact.id.desc())))
    key = segment.id
    db.session.remove()
    answers = at_once(
        app,
        lambda: add_members(key, ids),
        lambda: refresh_segment(key),
        lambda: add_members(key, ids[:1000]),
        lambda: remove_members(key, ids[:500]),
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert find_segment(key).member_count == count_members(key)
    assert count_members(key) in (3500, 4000)


def test_counts_are_settled_after_rows_were_written_directly(person: Person) -> None:
    ann, bea = person("Ann"), person("Bea")
    segment = create_segment("Friends")
    with transaction() as session:
        for contact_id, origin in ((ann, BY_HAND), (bea, LEFT_OUT)):
            row = {"segment_id": segment.id, "contact_id": contact_id, "origin": origin}
            session.execute(insert(SegmentMember), [row])
        assert settle_counts(segment.id, added=1) == 1
    after = find_segment(segment.id)
    assert after.member_count == 1
    assert after.members_added_at is not None
