"""Undoing an import: nobody with whom something happened since, and no later edit, is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.broadcasts.models import BroadcastSkip
from heliograph.campaigns.models import Campaign, CampaignMember
from heliograph.contacts import (
    add_contact,
    add_custom_field,
    edit_contact,
    tag_contact,
    tag_contacts,
)
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.errors import Conflict
from heliograph.imports import Import, get_import, run_pending_imports, runner, undo
from heliograph.imports.undo import begin_undo, count_made, last_undoable
from heliograph.imports.upload import keep_upload, map_again
from heliograph.messages import create_message
from heliograph.replies.models import Reply
from heliograph.segments import add_members, create_segment, find_segment, refresh_all
from tests.imports.files import contact, load, numbers

ADA, GRACE, JOAN = "+33612345601", "+33612345602", "+33612345603"
FILE = f"mobile,first name,city\n{ADA},Ada,Paris\n{GRACE},Grace,Lyon\n"


def take_back(job: Import) -> Import:
    begin_undo(job.id)
    run_pending_imports()
    db.session.expire_all()
    return get_import(job.id)


def store(*things: Any) -> None:
    with transaction() as session:
        session.add_all(things)


def texted(ada: Contact) -> None:
    store(Delivery(source="test", contact_id=ada.id, number=ADA, provider="x", status="sent"))


def replied(ada: Contact) -> None:
    store(Reply(provider="x", provider_id="1", number=ADA, contact_id=ada.id, text="Hello"))


def skipped(ada: Contact) -> None:
    message = create_message(name="Sale", text="Hello", segments=[create_segment("All").id])
    store(BroadcastSkip(broadcast_id=message.id, contact_id=ada.id, reason="dnc"))


def in_campaign(ada: Contact) -> None:
    store(Campaign(name="Welcome"))
    campaign = db.session.scalars(select(Campaign)).one()
    store(CampaignMember(campaign_id=campaign.id, contact_id=ada.id))


def picked(ada: Contact) -> None:
    add_members(create_segment("Friends").id, [ada.id])


def tagged(ada: Contact) -> None:
    tag_contact(ada, ["vip"])


def tagged_with_others(ada: Contact) -> None:
    tag_contacts([ada.id], ["vip"])


def edited(ada: Contact) -> None:
    edit_contact(ada.id, {"city": "Nice"}, region="FR")


HAPPENINGS = (texted, replied, skipped, in_campaign, picked, tagged, tagged_with_others, edited)


@pytest.mark.parametrize("happens", HAPPENINGS)
def test_who_has_something_happen_since_stays(
    app: Flask, tmp_path: Path, happens: Callable[[Contact], None]
) -> None:
    job = load(tmp_path, FILE)
    happens(contact(ADA))
    done = take_back(job)
    assert (done.status, numbers()) == ("undone", [ADA])
    assert count_made(done) == 1
    assert contact(ADA).first_name == "Ada"


def test_who_replies_between_the_question_and_the_lock_stays(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = load(tmp_path, FILE)
    begin_undo(job.id)
    ada, lock, locked = contact(ADA), undo.lock_untouched, []

    def lock_late(*of: Any) -> list[int]:
        ids = lock(*of)
        if not locked:
            replied(ada)
        locked.extend(ids)
        return ids

    monkeypatch.setattr(undo, "lock_untouched", lock_late)
    run_pending_imports()
    assert ada.id in locked
    assert numbers() == [ADA]


def test_nobody_stays_when_nothing_happened(app: Flask, tmp_path: Path) -> None:
    job = load(tmp_path, FILE, segment="Fair")
    done = take_back(job)
    assert (numbers(), done.undone_at is not None, count_made(done)) == ([], True, 0)
    assert find_segment("Fair").member_count == 0


def test_tags_and_a_segment_of_the_file_itself_keep_nobody(app: Flask, tmp_path: Path) -> None:
    job = load(tmp_path, f"mobile,tags\n{ADA},vip\n{GRACE},\n", segment="Fair")
    take_back(job)
    assert numbers() == []


def test_a_segment_with_filters_keeps_nobody(app: Flask, tmp_path: Path) -> None:
    segment = create_segment(
        "Parisians", {"all": [{"field": "city", "operator": "is", "value": "Paris"}]}
    )
    job = load(tmp_path, FILE)
    refresh_all()
    take_back(job)
    assert numbers() == []
    assert find_segment(segment.name).member_count == 0


def test_a_contact_that_the_file_has_twice_goes_too(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 1)  # the second row finds what the first one stored
    job = load(tmp_path, f"mobile,city\n{ADA},Paris\n{ADA},Lyon\n")
    assert (job.created, job.updated, contact(ADA).city) == (1, 1, "Lyon")
    take_back(job)
    assert numbers() == []


def test_updated_contacts_get_their_values_back(app: Flask, tmp_path: Path) -> None:
    add_custom_field("shoe", "Shoe", "text")
    known = {"mobile": ADA, "first_name": "Augusta", "shoe": "red", "country": "FR"}
    add_contact(known, region="FR")
    job = load(tmp_path, f"mobile,first name,city,shoe\n{ADA},Ada,Paris,blue\n")
    assert (contact(ADA).first_name, contact(ADA).custom) == ("Ada", {"shoe": "blue"})
    take_back(job)
    ada = contact(ADA)
    assert (ada.first_name, ada.city, ada.custom) == ("Augusta", "", {"shoe": "red"})


def test_what_was_edited_since_is_not_overwritten(app: Flask, tmp_path: Path) -> None:
    add_custom_field("shoe", "Shoe", "text")
    add_contact({"mobile": ADA, "first_name": "Augusta", "city": "Oslo"}, region="FR")
    job = load(tmp_path, f"mobile,first name,city,shoe\n{ADA},Ada,Paris,blue\n")
    edit_contact(contact(ADA).id, {"city": "Nice", "shoe": "green"}, region="FR")
    take_back(job)
    ada = contact(ADA)
    assert (ada.first_name, ada.city, ada.custom) == ("Augusta", "Nice", {"shoe": "green"})


def test_a_contact_that_was_there_before_is_never_deleted(app: Flask, tmp_path: Path) -> None:
    add_contact({"mobile": ADA}, region="FR")
    job = load(tmp_path, FILE)
    take_back(job)
    assert numbers() == [ADA]


@pytest.mark.parametrize("status", ["failed", "cancelled", "finished"])
def test_an_import_that_has_ended_anyhow_can_be_undone(
    app: Flask, tmp_path: Path, status: str
) -> None:
    job = load(tmp_path, FILE)
    with transaction() as session:
        session.get_one(Import, job.id).status = status
    take_back(job)
    assert numbers() == []


def test_only_the_last_import_can_be_undone(app: Flask, tmp_path: Path) -> None:
    first = load(tmp_path, FILE)
    load(tmp_path, f"mobile\n{JOAN}\n")
    with pytest.raises(Conflict):
        begin_undo(first.id)
    assert get_import(first.id).status == "finished"


def test_an_upload_that_was_not_started_keeps_nobody_from_undoing(
    app: Flask, tmp_path: Path
) -> None:
    job = load(tmp_path, FILE)
    with (tmp_path / "people.csv").open("rb") as stream:
        keep_upload(stream, "other.csv")
    map_again(job.id)
    newest = last_undoable()
    assert newest is not None
    assert newest.id == job.id
    take_back(job)
    assert numbers() == []


def test_an_import_is_undone_once(app: Flask, tmp_path: Path) -> None:
    job = load(tmp_path, FILE)
    take_back(job)
    with pytest.raises(Conflict):
        begin_undo(job.id)
