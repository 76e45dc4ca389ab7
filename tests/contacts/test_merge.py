"""Merging two contacts into one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Index, Integer, Table, insert, select

from heliograph.broadcasts.models import Broadcast, BroadcastSkip
from heliograph.contacts import (
    Contact,
    ContactEvent,
    add_contact,
    add_custom_field,
    get_contact,
    merge_contacts,
    tag_contact,
)
from heliograph.contacts.models import NUMBER_INVALID
from heliograph.db import Model, db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.dnc import UNSUBSCRIBED, add_dnc, find_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.imports.models import Import, ImportContact
from heliograph.messages.models import TextMessage
from heliograph.replies.models import Reply
from heliograph.segments.models import BY_FILTER, BY_HAND, LEFT_OUT, Segment, SegmentMember

ANNA, BEA = "+33612345678", "+33612345679"


def contact(**values: object) -> Contact:
    return add_contact({"first_name": "Anna", **values}, region="FR")


def test_the_winners_values_win_and_its_blanks_are_filled(app: Flask) -> None:
    add_custom_field("size", "Size", "number")
    add_custom_field("vip", "VIP", "boolean")
    winner = contact(city="Paris", size=40)
    loser = contact(first_name="Bea", last_name="Zola", city="Lyon", mobile=BEA, size=41, vip=False)
    with transaction():
        loser.number_status = NUMBER_INVALID
        loser.created_at = datetime(2020, 1, 1, tzinfo=UTC)
    merged = merge_contacts(winner.id, loser.id)
    db.session.expire_all()
    merged = get_contact(merged.id)
    assert (merged.id, merged.name, merged.city) == (winner.id, "Anna Zola", "Paris")
    assert (merged.mobile, merged.number_status) == (BEA, NUMBER_INVALID)
    assert merged.custom == {"size": 40, "vip": False}
    assert merged.created_at == datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(NotFound):
        get_contact(loser.id)


def test_the_winners_own_number_stays(app: Flask) -> None:
    winner, loser = contact(mobile=ANNA), contact(mobile=BEA)
    assert merge_contacts(winner.id, loser.id).mobile == ANNA


@pytest.mark.parametrize("blocked", [ANNA, BEA])
def test_do_not_contact_of_either_number_holds_for_the_winner(app: Flask, blocked: str) -> None:
    winner, loser = contact(mobile=ANNA), contact(mobile=BEA)
    add_dnc(blocked, reason=UNSUBSCRIBED, comment="Replied 'STOP'")
    merge_contacts(winner.id, loser.id)
    entry = find_dnc(ANNA)
    assert entry is not None
    assert entry.reason == UNSUBSCRIBED
    assert "Replied 'STOP'" in entry.comment
    assert (BEA in entry.comment) == (blocked == BEA)
    assert (find_dnc(BEA) is not None) == (blocked == BEA)


def test_tags_are_joined(app: Flask) -> None:
    winner, loser = contact(), contact()
    tag_contact(winner, ["a", "both"])
    tag_contact(loser, ["b", "both"])
    assert [tag.name for tag in merge_contacts(winner.id, loser.id).tags] == ["a", "b", "both"]


@pytest.mark.parametrize(
    ("winners", "losers", "merged"),
    [
        (None, BY_FILTER, BY_FILTER),
        (None, LEFT_OUT, LEFT_OUT),
        (BY_FILTER, None, BY_FILTER),
        (BY_FILTER, BY_HAND, BY_HAND),
        (BY_FILTER, LEFT_OUT, LEFT_OUT),
        (BY_HAND, LEFT_OUT, BY_HAND),
        (LEFT_OUT, BY_HAND, LEFT_OUT),
        (BY_HAND, BY_FILTER, BY_HAND),
    ],
)
def test_a_choice_about_a_segment_outlasts_a_filter(
    app: Flask, winners: str | None, losers: str | None, merged: str
) -> None:
    winner, loser = contact(), contact()
    with transaction() as session:
        segment = Segment(name="All")
        session.add(segment)
        session.flush()
        for who, origin in ((winner, winners), (loser, losers)):
            if origin:
                session.add(SegmentMember(segment_id=segment.id, contact_id=who.id, origin=origin))
    merge_contacts(winner.id, loser.id)
    db.session.expire_all()
    rows = db.session.execute(select(SegmentMember.contact_id, SegmentMember.origin)).all()
    assert [tuple(row) for row in rows] == [(winner.id, merged)]


def test_texts_replies_imports_and_history_move_over(app: Flask) -> None:
    winner, loser = contact(mobile=ANNA), contact(mobile=BEA)
    with transaction() as session:
        message = TextMessage(name="Hi", text="Hi", type="segment")
        session.add_all(
            [message, Import(filename="a.csv", path="a"), Import(filename="b", path="b")]
        )
        session.flush()
        session.add(Broadcast(id=message.id))
        session.flush()
        imports = list(session.scalars(select(Import.id).order_by(Import.id)))
        both = (winner, loser)
        session.add_all(
            [ImportContact(import_id=imports[0], contact_id=w.id, outcome="created") for w in both]
        )
        session.add(ImportContact(import_id=imports[1], contact_id=loser.id, outcome="updated"))
        session.add_all(
            [BroadcastSkip(broadcast_id=message.id, contact_id=w.id, reason="dnc") for w in both]
        )
        session.add_all(
            [
                Delivery(
                    source="broadcast",
                    broadcast_id=message.id,
                    contact_id=w.id,
                    recipient_id=w.id,
                    number=w.mobile or "",
                    provider="acme",
                )
                for w in both
            ]
        )
        session.add(Reply(provider="acme", provider_id="1", number=BEA, contact_id=loser.id))
    merge_contacts(winner.id, loser.id)
    db.session.expire_all()
    scalars = db.session.scalars
    assert set(scalars(select(Delivery.contact_id))) == {winner.id}
    assert set(scalars(select(Delivery.recipient_id))) == {winner.id, loser.id}
    assert list(scalars(select(Reply.contact_id))) == [winner.id]
    assert list(scalars(select(BroadcastSkip.contact_id))) == [winner.id]
    moved = db.session.execute(select(ImportContact.import_id, ImportContact.contact_id))
    assert {tuple(row) for row in moved} == {(number, winner.id) for number in imports}
    events = list(scalars(select(ContactEvent).order_by(ContactEvent.id)))
    assert [event.kind for event in events] == ["added", "added", "merged"]
    assert {event.contact_id for event in events} == {winner.id}
    assert events[-1].text == f"Merged with contact {loser.id}: Anna, {BEA}"


def test_a_plugins_rows_move_too_and_one_of_a_pair_stays(app: Flask) -> None:
    orders = Table(
        "mergeshop_orders",
        Model.metadata,
        Column("id", Integer, primary_key=True),
        Column("buyer", ForeignKey("contacts.id", ondelete="CASCADE")),
        Column("shop", Integer),
        Index("uq_mergeshop_orders", "buyer", "shop", unique=True),
    )
    absent = Table(
        "mergeshop_absent",
        Model.metadata,
        Column("id", Integer, primary_key=True),
        Column("contact_id", ForeignKey("contacts.id")),
    )
    try:
        orders.create(db.session.connection())
        db.session.commit()
        winner, loser = contact(), contact()
        rows = ((1, winner.id, 1), (2, loser.id, 1), (3, loser.id, 2))
        with transaction() as session:
            for number, buyer, shop in rows:
                session.execute(insert(orders).values(id=number, buyer=buyer, shop=shop))
        merge_contacts(winner.id, loser.id)
        kept = db.session.execute(select(orders).order_by(orders.c.id)).all()
        assert [tuple(row) for row in kept] == [(1, winner.id, 1), (3, winner.id, 2)]
    finally:
        Model.metadata.remove(orders)
        Model.metadata.remove(absent)


def test_a_contact_cannot_be_merged_with_itself(app: Flask) -> None:
    winner = contact()
    with pytest.raises(BadInput, match="is the winner itself"):
        merge_contacts(winner.id, winner.id)
    assert get_contact(winner.id)


def test_it_merges_nothing_when_one_is_missing(app: Flask) -> None:
    winner = contact()
    for missing in (99, 0, 10**40):
        for pair in ((winner.id, missing), (missing, winner.id)):
            with pytest.raises(NotFound, match=f"no contact {missing}"):
                merge_contacts(*pair)
    assert get_contact(winner.id).first_name == "Anna"


def test_a_merge_that_fails_half_way_changes_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner, loser = contact(), contact(last_name="Zola")
    tag_contact(loser, ["vip"])

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("heliograph.contacts.merge.remove", fail)
    with pytest.raises(OSError, match="disk full"):
        merge_contacts(winner.id, loser.id)
    db.session.expire_all()
    assert [tag.name for tag in get_contact(loser.id).tags] == ["vip"]
    assert get_contact(winner.id).last_name == ""


def test_plugins_hear_of_both(told: list[tuple[int, str, bool]]) -> None:
    winner, loser = contact(mobile=ANNA), contact(mobile=BEA)
    add_dnc(BEA, reason=UNSUBSCRIBED)
    told.clear()
    merge_contacts(winner.id, loser.id)
    assert told == [
        (winner.id, "merged", True),
        (winner.id, "dnc", True),
        (loser.id, "deleted", False),
    ]
