from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from heliograph.channel import InboundText, Media, Opt
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.dnc import MANUAL, DncChange, add_dnc, find_dnc
from heliograph.replies.inbox import receive_reply
from heliograph.replies.models import Reply
from heliograph.replies.optout import meaning
from tests.fixtures import add_people

ANN = "+33612000000"


def reply(text: str, *, number: str = ANN, key: str = "", **more: Any) -> InboundText:
    return InboundText(provider_id=key or f"IN-{text}", number=number, text=text, **more)


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop", " Stop. ", "«stop»", "Stopall", "UNSUBSCRIBE!", "cancel", "End"),
        *("quit", "revoke", "OptOut", "\tSTOP\n", "stop 🛑", "ＳＴＯＰ", "_stop_"),
    ],
)
def test_opt_out_words_count_as_a_whole_message(text: str) -> None:
    assert meaning(text, opted_out=False) is Opt.OUT


@pytest.mark.parametrize("text", ["stop by at 5", "nonstop", "the end", "", "?!"])
def test_ordinary_words_do_not_opt_out(text: str) -> None:
    assert meaning(text, opted_out=False) is None


def test_opting_in_again() -> None:
    assert meaning("Start", opted_out=False) is Opt.IN
    assert meaning("unstop", opted_out=True) is Opt.IN
    assert meaning("yes", opted_out=True) is Opt.IN
    assert meaning("yes", opted_out=False) is None
    assert meaning("help", opted_out=False) is Opt.HELP


def test_a_stop_is_stored_and_obeyed(app: Flask) -> None:
    ids = add_people(1)
    assert receive_reply("recorder", reply("Stop"))
    entry = find_dnc(ANN)
    assert entry is not None
    assert (entry.reason, entry.comment) == ("unsubscribed", "Replied 'Stop'")
    kept = db.session.scalars(db.select(Reply)).one()
    assert (kept.contact_id, kept.opt, kept.text) == (ids[0], "out", "Stop")


def test_a_repeated_stop_changes_nothing_more(app: Flask) -> None:
    add_people(1)
    assert receive_reply("recorder", reply("STOP", key="one"))
    assert receive_reply("recorder", reply("START", key="two"))
    assert not receive_reply("recorder", reply("STOP", key="one"))
    assert find_dnc(ANN) is None
    changes = db.session.scalars(db.select(DncChange.change).order_by(DncChange.id)).all()
    assert changes == ["on", "off"]


def test_a_hand_made_entry_is_not_lifted_by_a_reply(app: Flask) -> None:
    add_dnc(ANN, reason=MANUAL)
    receive_reply("recorder", reply("START"))
    assert find_dnc(ANN) is not None


def test_a_stop_of_somebody_on_the_list_comes_on_top_and_a_start_takes_it_away(app: Flask) -> None:
    add_people(1)
    add_dnc(ANN, reason=MANUAL, comment="asked by phone")
    receive_reply("recorder", reply("STOP", key="one"))
    entry = find_dnc(ANN)
    assert entry is not None
    assert (entry.reason, entry.comment) == ("unsubscribed", "Replied 'STOP'")
    receive_reply("recorder", reply("START", key="two"))
    entry = find_dnc(ANN)
    assert entry is not None
    assert (entry.reason, entry.comment) == ("manual", "asked by phone")
    changes = db.session.execute(db.select(DncChange.change, DncChange.reason))
    assert [tuple(row) for row in changes] == [
        ("on", "manual"),
        ("on", "unsubscribed"),
        ("off", "unsubscribed"),
    ]


def test_yes_opts_in_only_who_opted_out(app: Flask) -> None:
    add_dnc(ANN, reason=MANUAL)
    receive_reply("recorder", reply("YES", key="one"))
    receive_reply("recorder", reply("STOP", key="two"))
    receive_reply("recorder", reply("YES", key="three"))
    opts = db.session.scalars(db.select(Reply.opt).order_by(Reply.id)).all()
    assert opts == ["", "out", "in"]


def test_a_sender_that_is_no_number_is_kept_as_it_came(app: Flask) -> None:
    long = "messenger:" + "9" * 50
    for key, number in enumerate((long + "1", long + "2", "messenger:0612000000", "\x00ACME ")):
        assert receive_reply("recorder", reply("STOP", number=number, key=str(key)))
    kept = db.session.scalars(db.select(Reply).order_by(Reply.id)).all()
    senders = [long + "1", long + "2", "messenger:0612000000", "ACME"]
    assert [one.sender for one in kept] == senders
    assert len({one.number for one in kept}) == 4
    assert max(len(one.number) for one in kept) == 32
    assert {one.opt for one in kept} == {"out"}
    assert all(find_dnc(one.number) for one in kept)
    assert find_dnc(ANN) is None


def test_a_reply_from_a_number_keeps_no_sender(app: Flask) -> None:
    receive_reply("recorder", reply("hello", number="whatsapp:+33612000000"))
    kept = db.session.scalars(db.select(Reply)).one()
    assert (kept.number, kept.sender) == (ANN, "")


def test_unknown_numbers_media_and_the_text_zero_are_kept(app: Flask) -> None:
    receive_reply("recorder", reply("0", number="+33699999999"))
    pictures = tuple(Media(f"https://x.example/{n}", "image/png") for n in range(10))
    receive_reply("recorder", reply("", number="12345", key="mms", media=pictures))
    kept = db.session.scalars(db.select(Reply).order_by(Reply.id)).all()
    assert [item.text for item in kept] == ["0", ""]
    assert kept[0].contact_id is None
    assert len(kept[1].media) == 10


def test_the_provider_s_own_word_comes_first(app: Flask) -> None:
    receive_reply("recorder", reply("Hola", opt=Opt.OUT))
    assert find_dnc(ANN) is not None


def test_a_reply_finds_the_contact_that_was_texted(
    crowd: Callable[..., Any], send: Callable[..., Any], desk: Any
) -> None:
    _, ids = crowd(1)
    send()
    with transaction() as session:
        session.add(Contact(mobile=ANN, first_name="Twin"))
    receive_reply("recorder", reply("hello"))
    kept = db.session.scalars(db.select(Reply)).one()
    assert kept.contact_id == ids[0]
    assert kept.delivery_id is not None


@pytest.mark.parametrize("length", [65, 83, 255, 256, 3_000])
def test_a_stop_with_a_long_id_is_obeyed_once(app: Flask, length: int) -> None:
    add_people(1)
    key = "wamid." + "Q" * (length - 7)
    assert receive_reply("recorder", reply("hello", key=key + "1"))
    assert receive_reply("recorder", reply("STOP", key=key + "2"))
    assert not receive_reply("recorder", reply("STOP", key=key + "2"))
    assert find_dnc(ANN) is not None
    kept = db.session.scalars(db.select(Reply.provider_id).order_by(Reply.id)).all()
    assert [one == key + end for one, end in zip(kept, "12", strict=True)] == [length < 256] * 2


def test_replies_without_an_id_are_all_kept(app: Flask) -> None:
    add_people(1)
    for text in ("hello", "STOP"):
        nameless = InboundText(provider_id="", number=ANN, text=text)
        assert receive_reply("recorder", nameless)
    assert find_dnc(ANN) is not None
    assert len(db.session.scalars(db.select(Reply)).all()) == 2


def test_an_id_that_is_a_number_is_an_id(app: Flask) -> None:
    add_people(1)
    numbered = InboundText(provider_id=17, number=ANN, text="STOP")  # type: ignore[arg-type]  # JSON
    assert receive_reply("recorder", numbered)
    assert not receive_reply("recorder", numbered)
    assert find_dnc(ANN) is not None
