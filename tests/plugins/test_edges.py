"""A stranger's plugin in one file adds to the menu, pages, doctor and metrics, and harms nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from flask import Flask
from sqlalchemy import text

from heliograph.checkup import look_over
from heliograph.contacts.profile import add_contact
from heliograph.db import db, utcnow
from heliograph.host import current_host
from heliograph.host.extensions import Card
from heliograph.timeline import TimelineEntry
from heliograph.web.edges import card_of, url_of
from heliograph.web.metric_families import Families
from heliograph.web.timeline_words import fact_links
from tests.plugins.sources import HEAD, put
from tests.visitor import Visitor, sign_in

Start = Callable[..., Flask]
STAMPS = HEAD + dedent("""
    from flask import Blueprint
    from sqlalchemy import text

    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def index(): return "stamps"

    @pages.get("/book/<int:book_id>")
    def book(book_id): return "book"

    @pages.get("/desk")
    def desk(): return "desk"

    @pages.get("/safe")
    @needs_role("marketer")
    def safe(): return "safe"

    vault = Pages("vault", __name__, menu="Vault", role="admin")

    @vault.get("/vault")
    @needs_role("reader")
    def index(): return "vault"

    def broken(*about):
        db.session.execute(text("SELECT no_such_column FROM contacts"))

    def of_contact(contact_id): return f"<p id='stamps'>stamps of {contact_id}</p>"
    def on_dashboard(): return "<p>stamps are dear</p>"
    def good(): return [Finding("bad", "stamps", "None is left.", "Buy some.")]
    def left(): return [(("red",), 3), (("blue",), 4)]

    @hookimpl
    def register_blueprints(): return [pages, vault]

    @hookimpl
    def register_menu():
        return [
            MenuEntry("pages.index", "Stamps", "postage", 25),
            MenuEntry("pages.desk", "Stamp desk", role="admin", section="admin"),
        ]

    @hookimpl
    def register_checks():
        return [
            DoctorCheck("stamps.left", good),
            DoctorCheck("stamps.broken", broken),
            DoctorCheck("stamps.words", lambda: ["fine"]),
        ]

    @hookimpl
    def register_metrics():
        return [
            Metric("stamps_left", "Stamps that are left", left, ("colour",)),
            Metric("stamps_broken", "Breaks", broken),
            Metric("stamps_labels", "Fits no label", left),
        ]

    @hookimpl
    def register_object_pages(): return [ObjectPage("stamps.book", "pages.book", "book_id")]

    @hookimpl
    def register_cards():
        return [
            Card("stamps.dear", "dashboard", on_dashboard),
            Card("stamps.of", "contact", of_contact),
            Card("stamps.broken", "contact", broken, 1),
            Card("stamps.secret", "contact", lambda about: "for admins", role="admin"),
        ]
""")

WRONG = {
    "label": ('register_menu', 'MenuEntry("pages.index", " ")', "needs a label"),
    "view": ('register_menu', 'MenuEntry("pages.nowhere", "Nowhere")', "there is no view"),
    "takes": ('register_menu', 'MenuEntry("pages.book", "Book")', "takes no argument"),
    "role": ('register_menu', 'MenuEntry("pages.index", "Index", role="boss")', "role must be"),
    "twice": ('register_menu', *(2 * ('MenuEntry("pages.index", "Index")',)), "given twice"),
    "order": ('register_menu', 'MenuEntry("pages.index", "Index", order="first")', "whole number"),
    "place": ('register_cards', 'Card("place.x", "attic", index)', "place of card"),
    "owner": ('register_checks', 'DoctorCheck("core.x", list)', "must begin with 'owner.'"),
    "metric": ('register_metrics', 'Metric("texts_queued", "x", list)', "begin with 'metric_'"),
    "spelt": ('register_metrics', 'Metric("spelt_Ä", "x", list)', "small letters"),
    "kind": ('register_object_pages', 'ObjectPage("text", "pages.book", "book_id")', "must begin"),
    "argument": ('register_object_pages', 'ObjectPage("argument", "pages.book", "x")', "takes x"),
    "type": ('register_menu', '"Menu"', "must return MenuEntry objects"),
}  # fmt: skip
VIEWS = (
    HEAD
    + "from flask import Blueprint\npages = Blueprint('pages', __name__)\n"
    + "@pages.get('/')\ndef index(): return 'index'\n"
    + "@pages.get('/book/<int:book_id>')\ndef book(book_id): return 'book'\n"
    + "@hookimpl\ndef register_blueprints(): return [pages]\n"
)


@pytest.fixture
def stamps(heliograph: Start, folder: Path) -> Flask:
    put(folder, "stamps", STAMPS)
    app = heliograph(plugin_dirs=str(folder))
    assert not current_host().get("stamps").fault
    current_host().enable("stamps")
    return app


def test_menu_entries_show_in_order_to_their_role_while_the_plugin_is_on(stamps: Flask) -> None:
    admin, reader = sign_in(stamps), sign_in(stamps, "reader")
    page = admin.get("/").text
    assert page.index(">Contacts<") < page.index(">Stamps<") < page.index(">Segments<")
    assert page.index(">Administration<") < page.index(">Stamp desk<")
    seen = reader.get("/").text
    assert ">Stamps<" in seen
    assert ">Stamp desk<" not in seen
    assert ">Administration<" not in seen
    assert 'aria-current="page"' in admin.get("/contacts/").text
    current_host().disable("stamps")
    assert ">Stamps<" not in admin.get("/").text
    current_host().enable("stamps")
    assert ">Stamps<" in admin.get("/").text


def test_wrong_contributions_quarantine_their_plugin_and_pages_stay(
    heliograph: Start, folder: Path
) -> None:
    for name, (hook, *items, _) in WRONG.items():
        put(folder, name, f"{VIEWS}@hookimpl\ndef {hook}(): return [{', '.join(items)}]\n")
    app = heliograph(plugin_dirs=str(folder))
    for name, (*_, words) in WRONG.items():
        assert words in current_host().get(name).fault, name
    visitor = sign_in(app)
    assert [visitor.get(path).status_code for path in ("/", "/admin/plugins/")] == [200, 200]
    with app.test_request_context():
        assert url_of("contact", 1) == "/contacts/1"


def test_checks_of_a_plugin_are_findings_and_so_are_their_failures(stamps: Flask) -> None:
    found = {one.what: one for one in look_over()}
    assert found["stamps"].mend == "Buy some."
    assert "no_such_column" in found["check stamps.broken"].text
    assert "Finding objects" in found["check stamps.words"].text
    assert "no_such_column" in sign_in(stamps).get("/admin/plugins/").text
    db.session.rollback()
    current_host().disable("stamps")
    assert "stamps" not in {one.what for one in look_over()}


def values() -> dict[str, list[tuple[dict[str, str], float]]]:
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in Families().collect()
    }


def test_metrics_of_a_plugin_are_scraped_and_a_broken_one_is_left_out(
    stamps: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    found = values()
    assert found["heliograph_stamps_left"] == [({"colour": "red"}, 3), ({"colour": "blue"}, 4)]
    assert "heliograph_stamps_broken" not in found
    assert "heliograph_stamps_labels" not in found
    assert "heliograph_broadcasts" in found
    assert "metric stamps_labels failed and was left out" in failures(caplog)
    current_host().disable("stamps")
    assert "heliograph_stamps_left" not in values()


def failures(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR)


def test_cards_stand_on_their_pages_and_a_broken_one_is_left_out(
    stamps: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    contact = add_contact({"mobile": "+33612345678", "first_name": "Ann"}, region="FR")
    path = f"/contacts/{contact.id}"
    admin, reader = sign_in(stamps), sign_in(stamps, "reader")
    page = admin.get(path)
    assert page.status_code == 200
    assert f"<p id='stamps'>stamps of {contact.id}</p>" in page.text
    assert "for admins" in page.text
    assert "for admins" not in reader.get(path).text
    assert "card stamps.broken failed and was left out" in failures(caplog)
    assert "stamps are dear" in admin.get("/").text
    current_host().disable("stamps")
    assert "stamps of" not in admin.get(path).text
    assert "stamps are dear" not in admin.get("/").text


def test_objects_are_linked_while_their_plugin_is_on(stamps: Flask) -> None:
    facts = {"Source": "broadcast 7", "Delivery": "3", "Import": "2", "Sender": "broadcast 7"}
    entry = TimelineEntry(utcnow(), "text", "Text", details=facts | {"Book": "stamps.book 1"})
    with stamps.test_request_context():
        assert fact_links(entry) == [
            "/broadcasts/7",
            "/broadcasts/texts/3",
            "/imports/2",
            None,
            None,
        ]
        assert url_of("stamps.book", 4) == "/plugins/stamps/book/4"
        assert [url_of("nothing", 1), url_of("broadcast", "seven"), url_of("text", "")] == [
            None
        ] * 3
        current_host().disable("stamps")
        assert url_of("stamps.book", 4) is None


def test_pages_say_who_may_see_them(stamps: Flask) -> None:
    reader, marketer, admin = (
        sign_in(stamps, role, f"{role}@example.com") for role in ("reader", "marketer", "admin")
    )

    def answers(path: str) -> list[int]:
        asked = (reader, marketer, admin, Visitor(stamps))
        return [who.get(f"/plugins/stamps{path}").status_code for who in asked]

    assert answers("/") == [200, 200, 200, 302]
    assert answers("/safe") == [403, 200, 200, 302]
    assert answers("/vault") == [403, 403, 200, 302]  # a view only narrows
    assert ">Vault<" in admin.get("/").text
    assert ">Vault<" not in marketer.get("/").text


def test_a_role_that_there_is_none_of_quarantines_the_plugin(
    heliograph: Start, folder: Path
) -> None:
    put(folder, "bossy", VIEWS.replace("@pages.get('/')", "@pages.get('/')\n@needs_role('boss')"))
    made = "Pages('pages', menu='x', role='boss', import_name="
    put(folder, "grand", VIEWS.replace("Blueprint('pages', ", made))
    heliograph(plugin_dirs=str(folder))
    for name in ("bossy", "grand"):
        assert "role must be" in current_host().get(name).fault


def test_statements_that_fail_in_a_card_or_check_leave_the_transaction_usable(
    make_app: Start, folder: Path
) -> None:
    put(folder, "stamps", STAMPS)
    app = make_app(plugin_dirs=str(folder))
    with app.app_context():
        current_host().enable("stamps")
        with app.test_request_context():
            card = Card("stamps.x", "contact", lambda: db.session.execute(text("SELECT no_such")))
            assert card_of(current_host().get("stamps"), card) == ""
            assert db.session.scalar(text("SELECT 7")) == 7
