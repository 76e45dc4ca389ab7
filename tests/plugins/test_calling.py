"""Calling hooks: what one plugin does harms neither the others nor the transaction."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from heliograph.contacts.merge import merge_contacts
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import add_contact
from heliograph.contacts.tags import tag_contact
from heliograph.db import db, transaction
from heliograph.errors import BadInput
from heliograph.host import current_host, gather, notify
from heliograph.plugin.services import current_plugin
from tests.plugins.sources import HEAD, put

Start = Callable[..., Flask]
TOP = HEAD + "import contextlib\nfrom heliograph.plugin import db\nheard = []\n"
BREAK = "db.session.execute(db.text('SELECT * FROM no_such_table'))"
LOSE = "db.session.execute(db.text(\"UPDATE contacts SET city = 'Lost'\"))"
ENTRIES = "@hookimpl\ndef timeline_entries(contact):\n"
CHANGED = "@hookimpl\ndef contact_changed(contact_id, change):\n"
HEARS = "    heard.append((contact_id, change, db.session().info.get('writing', False)))\n"
HUSH = f"    {LOSE}\n    with contextlib.suppress(Exception):\n        {BREAK}\n"
# ways to fail in the middle of a transaction of core
FAULTS = {
    "raised": f"    {LOSE}\n    {BREAK}\n",
    "hushed": HUSH + "    return []\n",
    "hushed, then exit": HUSH + "    raise SystemExit(3)\n",
    "no SQL": f"    {LOSE}\n    1 / 0\n",
}
ANN = {"mobile": "+33612345678", "first_name": "Ann", "city": "Lyon"}


@pytest.fixture
def plugins(make_app: Start, folder: Path) -> Iterator[Callable[..., list[ModuleType]]]:
    """Starts an application with plugins of these sources, all enabled; on both databases."""
    with ExitStack() as stack:

        def start(**sources: str) -> list[ModuleType]:
            for name, source in sources.items():
                put(folder, name, TOP + source)
            app = make_app(plugin_dirs=str(folder))
            stack.enter_context(app.app_context())
            for name in sources:
                assert not current_host().get(name).fault
                current_host().enable(name)
            return [module for name in sources if (module := current_host().get(name).module)]

        yield start


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_hook_that_fails_inside_a_transaction_costs_only_its_own_changes(
    plugins: Callable[..., list[ModuleType]], fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    sound = ENTRIES + "    heard.append(contact.id)\n    return contact.id\n"
    aaa, _, zzz = plugins(aaa=sound, broken=ENTRIES + fault, zzz=sound)
    ann = add_contact(ANN, region="FR")
    with transaction() as session:
        ann.first_name = "Anna"
        answers = gather("timeline_entries", contact=ann, before=None, limit=5)
        session.add(Contact(first_name="Bob", custom={}))
    # SQLite goes on after an error, and so does a plugin that hushes it
    goes_on = "return" in fault and db.engine.dialect.name == "sqlite"
    db.session.expire_all()
    people = db.session.execute(db.select(Contact.first_name).order_by(Contact.id)).scalars()
    assert list(people) == ["Anna", "Bob"]
    assert (aaa.heard, zzz.heard) == ([ann.id], [ann.id])
    assert [one for one in answers if one] == [ann.id, ann.id]
    if not goes_on:
        assert ann.city == "Lyon"
        assert "plugin broken failed in timeline_entries" in caplog.text


@pytest.mark.parametrize("act", ["commit", "rollback"])
def test_a_plugin_that_ends_the_transaction_stops_who_called_it(
    plugins: Callable[..., list[ModuleType]], act: str
) -> None:
    plugins(ends=ENTRIES + f"    db.session.{act}()\n")
    ann = add_contact(ANN, region="FR")
    went_on = []

    def change() -> None:
        with transaction():
            gather("timeline_entries", contact=ann, before=None, limit=5)
            went_on.append(True)

    with pytest.raises(RuntimeError, match="the plugin ends ended the transaction"):
        change()
    assert went_on == []
    assert add_contact({"first_name": "Bob"}, region="FR").id


def test_after_a_hook_whose_sql_failed_the_same_request_reads_on(
    plugins: Callable[..., list[ModuleType]],
) -> None:
    sound = CHANGED + HEARS
    aaa, _, zzz = plugins(aaa=sound, broken=CHANGED + f"    {BREAK}\n", zzz=sound)
    ann = add_contact(ANN, region="FR")
    assert db.session.get_one(Contact, ann.id).city == "Lyon"
    assert aaa.heard == zzz.heard == [(ann.id, "added", False)]


def test_what_is_told_after_the_commit_waits_for_the_outermost_one(
    plugins: Callable[..., list[ModuleType]],
) -> None:
    (hears,) = plugins(hears=CHANGED + HEARS)
    ann = add_contact(ANN, region="FR")
    hears.heard.clear()
    with transaction():
        tag_contact(ann, ["vip"])
        assert hears.heard == []
    assert hears.heard == [(ann.id, "edited", False)]
    hears.heard.clear()
    with contextlib.suppress(ZeroDivisionError), transaction():
        tag_contact(ann, ["gold"])
        1 / 0  # noqa: B018  undone
    assert hears.heard == []


def test_a_hook_knows_whose_it_is(
    plugins: Callable[..., list[ModuleType]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import sys\n" + CHANGED + "    heard.append(who())\n    {}[change]\n"
    one, two = plugins(one=source, two=source)
    for module in (one, two):
        monkeypatch.setattr(module, "who", current_plugin, raising=False)
    notify("contact_changed", contact_id=1, change="added")
    assert (one.heard, two.heard) == (["one"], ["two"])
    with pytest.raises(Exception, match="No plugin is running"):
        current_plugin()


def test_wrappers_run_around_the_others_and_one_that_fails_is_left_out(
    plugins: Callable[..., list[ModuleType]], caplog: pytest.LogCaptureFixture
) -> None:
    wrapper = (
        "@hookimpl(wrapper=True)\ndef timeline_entries(contact):\n"
        "    answers = yield\n    heard.append(len(answers))\n"
        "    if contact == 'bad': 1 / 0\n    return [*answers, 'more']\n"
    )
    old = "@hookimpl(hookwrapper=True)\ndef contact_changed(contact_id):\n    heard.append('in')\n"
    old += "    yield\n    heard.append('out')\n"
    sound = ENTRIES + "    return [contact]\n" + CHANGED + "    heard.append(change)\n"
    _, around, plain = plugins(wraps=wrapper, old=old, plain=sound)
    asked: dict[str, Any] = {"before": None, "limit": 5}
    assert gather("timeline_entries", contact="ann", **asked) == [["ann"], "more"]
    assert gather("timeline_entries", contact="bad", **asked) == []
    assert "plugin wraps failed in timeline_entries" in caplog.text
    notify("contact_changed", contact_id=1, change="added")
    assert (around.heard, plain.heard) == (["in", "out"], ["added"])
    current_host().disable("wraps")
    assert gather("timeline_entries", contact="bad", **asked) == [["bad"]]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("@hookimpl\nasync def contact_changed(contact_id): ...\n", "is async"),
        ("@hookimpl\nasync def register_jobs(): return []\n", "is async"),
        ("@hookimpl\ndef contact_changed(contact_id):\n    yield\n", "yields"),
    ],
)
def test_a_hook_that_would_never_run_is_refused_at_the_start(
    heliograph: Start, folder: Path, source: str, words: str
) -> None:
    put(folder, "odd", TOP + source)
    heliograph(plugin_dirs=str(folder))
    assert words in current_host().get("odd").reason


def test_one_that_is_off_is_not_called_and_is_at_once_when_it_is_on_again(
    plugins: Callable[..., list[ModuleType]],
) -> None:
    one, two = plugins(one=CHANGED + HEARS, two=CHANGED + HEARS)
    current_host().disable("one")
    notify("contact_changed", contact_id=1, change="added")
    assert (len(one.heard), len(two.heard)) == (0, 1)
    current_host().disable("two")
    assert not current_host().implements("contact_changed")
    current_host().enable("one")
    notify("contact_changed", contact_id=1, change="added")
    assert (len(one.heard), len(two.heard)) == (1, 1)


def test_a_hook_that_is_not_declared_cannot_be_called(heliograph: Start) -> None:
    heliograph()
    with pytest.raises(BadInput, match="no_such_hook"):
        gather("no_such_hook")


def test_ctrl_c_passes(plugins: Callable[..., list[ModuleType]], caplog: Any) -> None:
    caplog.set_level(logging.ERROR)
    plugins(slow=CHANGED + "    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        notify("contact_changed", contact_id=1, change="added")
    assert caplog.text == ""


def test_a_plugin_hears_of_a_merge_before_and_after_rows_move(
    plugins: Callable[..., list[ModuleType]],
) -> None:
    query = "SELECT count(*) FROM contact_tags WHERE contact_id = :of"
    count = f"db.session.scalar(db.text('{query}'), {{'of': loser_id}})"
    hears = f"    heard.append((winner_id, loser_id, {count}))\n"
    heads = [
        f"@hookimpl\ndef {hook}(winner_id, loser_id):\n"
        for hook in ("contacts_merging", "contacts_merged")
    ]
    sound, broken = plugins(
        sound="".join(head + hears for head in heads),
        broken="".join(f"{head}{hears}    {BREAK}\n" for head in heads),
    )
    ann, bob = add_contact(ANN, region="FR").id, add_contact({"first_name": "Bob"}, region="FR").id
    tag_contact(db.session.get_one(Contact, bob), ["vip"])
    merge_contacts(ann, bob)
    assert sound.heard == broken.heard == [(ann, bob, 1), (ann, bob, 0)]
    assert db.session.get(Contact, bob) is None
