"""Scheduling by hand, far from the server: the button says what it does, and does it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from heliograph import create_app
from heliograph.contacts import add_contact
from heliograph.db import db
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema
from heliograph.users import create_user
from tests.pages.drawing import SEND, Board
from tests.pages.pictures import SIZES, sign_in
from tests.pages.visit import EMAIL, PASSWORD

TOMORROW = date.today() + timedelta(days=2)
NINE, TEN = f"{TOMORROW}T09:00", f"{TOMORROW}T10:00"
DRAFT, SCHEDULED = "draft", "scheduled"


@pytest.fixture(params=list(SIZES))
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser in Tokyo, which has no summer time."""
    width, height = SIZES[request.param]
    size: Any = {"width": width, "height": height}
    context = browser.new_context(locale="en-GB", viewport=size, timezone_id="Asia/Tokyo")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a user of Tokyo's time who has written to one contact."""
    folder = tmp_path_factory.mktemp("sale")
    app = create_app(Settings(data_dir=str(folder), default_region="FR", scheduler="off"))
    with app.app_context():
        upgrade_schema()
        create_user(EMAIL, PASSWORD, timezone="Asia/Tokyo")
        ada = add_contact({"first_name": "Ada", "mobile": "+33612345678"}, region="FR")
        regulars = create_segment("Regulars")
        add_members(regulars.id, [ada.id])
        create_message(name="Sale", text="The sale begins", segments=[regulars.id])
        db.session.remove()
        db.engine.dispose()
    return folder


@pytest.fixture
def sale(
    quiet: Page, prepared: Path, serve: Callable[..., str], environment: dict[str, str]
) -> str:
    """The review page of that message."""
    shutil.copytree(prepared, environment["HELIOGRAPH_DATA_DIR"])
    address = serve(TZ="America/New_York")
    sign_in(quiet, address)
    quiet.goto(f"{address}/broadcasts/1")
    expect(quiet.locator("#recipients")).to_have_text("1")
    return f"{address}/broadcasts/1"


def stored(environment: dict[str, str]) -> tuple[str, str]:
    """State and publish up (UTC, to the minute) as the database has them."""
    path = Path(environment["HELIOGRAPH_DATA_DIR"]) / "heliograph.db"
    query = "SELECT b.status, m.publish_up FROM broadcasts b JOIN text_messages m ON m.id = b.id"
    with sqlite3.connect(path) as connection:
        status, up = connection.execute(query).fetchone()
    return status, (up or "")[:16]


def question(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_a_typed_hour_is_the_hour_at_which_it_goes(
    quiet: Page, sale: str, environment: dict[str, str]
) -> None:
    go = quiet.locator("#go")
    expect(go).to_have_text("Send to 1 contact now")
    quiet.get_by_label("Day and hour").fill(NINE)  # and nothing else is touched
    expect(quiet.get_by_role("radio", name="At")).to_be_checked()
    expect(go).to_contain_text("09:00 Tokyo time")
    go.click()
    for words in ("Sale", "Regulars", "1 contact", "1 part", "Heliograph", "09:00 Tokyo time"):
        expect(question(quiet)).to_contain_text(words)
    assert stored(environment) == (DRAFT, "")
    question(quiet).get_by_role("button", name="Schedule for").click()
    expect(quiet.locator("#schedule")).to_contain_text("09:00 Tokyo time")
    assert stored(environment) == (SCHEDULED, f"{TOMORROW} 00:00")
    expect(quiet.get_by_role("radio")).to_have_count(0)

    quiet.get_by_text("Change the time").click()
    quiet.get_by_label("Day and hour").fill(TEN)
    go.click()
    expect(question(quiet)).to_contain_text("Instead of")
    question(quiet).get_by_role("button", name="Schedule for").click()
    expect(quiet.locator("#schedule")).to_contain_text("10:00 Tokyo time")
    assert stored(environment) == (SCHEDULED, f"{TOMORROW} 01:00")

    quiet.get_by_role("button", name="Unschedule").click()
    expect(question(quiet)).to_contain_text("10:00 Tokyo time")
    question(quiet).get_by_role("button", name="Unschedule").click()
    expect(quiet.get_by_role("radio", name="Now")).to_be_checked()
    assert stored(environment) == (DRAFT, "")

    quiet.get_by_label("Day and hour").fill(NINE)
    go.click()
    question(quiet).get_by_role("button", name="Schedule for").click()
    quiet.get_by_role("button", name="Send now instead").click()
    question(quiet).get_by_role("button", name="Send to 1 contact now").click()
    expect(quiet.locator("#done")).to_have_text("1 / 1", timeout=40_000)


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_now_and_at_are_changed_without_losing_the_date(quiet: Page, sale: str) -> None:
    at = quiet.get_by_label("Day and hour")
    at.fill(NINE)
    quiet.get_by_role("radio", name="Now").check()
    expect(at).to_have_value("")
    expect(quiet.locator("#go")).to_have_text("Send to 1 contact now")
    quiet.get_by_role("radio", name="At").check()
    expect(at).to_have_value(NINE)
    expect(quiet.locator("#go")).to_contain_text("09:00 Tokyo time")


@pytest.mark.parametrize("page", ["desktop"], indirect=True)
def test_it_is_scheduled_by_keyboard_alone(
    quiet: Page, sale: str, environment: dict[str, str]
) -> None:
    quiet.get_by_role("radio", name="Now").focus()
    quiet.keyboard.press("ArrowDown")
    expect(quiet.get_by_role("radio", name="At")).to_be_focused()
    quiet.keyboard.press("Tab")
    quiet.keyboard.type(TOMORROW.strftime("%m%d%Y"))
    quiet.keyboard.press("Tab")
    quiet.keyboard.type("0900AM")
    expect(quiet.get_by_label("Day and hour")).to_have_value(NINE)
    while not quiet.evaluate("document.activeElement.id === 'go'"):
        quiet.keyboard.press("Tab")
    quiet.keyboard.press("Enter")
    expect(question(quiet)).to_be_visible()
    quiet.keyboard.press("Escape")
    expect(question(quiet)).to_have_count(0)
    expect(quiet.locator("#go")).to_be_focused()
    quiet.keyboard.press("Enter")
    expect(question(quiet).get_by_role("button", name="Cancel")).to_be_focused()
    quiet.keyboard.press("Tab")
    quiet.keyboard.press("Enter")
    expect(quiet.locator("#schedule")).to_contain_text("09:00 Tokyo time")
    assert stored(environment) == (SCHEDULED, f"{TOMORROW} 00:00")


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_what_was_changed_elsewhere_is_looked_at_again(
    quiet: Page, sale: str, environment: dict[str, str]
) -> None:
    other = quiet.context.new_page()
    other.goto(sale.replace("/broadcasts/", "/messages/"))
    other.get_by_label("Text", exact=True).fill("Another text")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text("Saved.")).to_be_visible()
    quiet.get_by_label("Day and hour").fill(NINE)
    quiet.locator("#go").click()
    expect(quiet.get_by_role("alert")).to_contain_text("changed meanwhile. Nothing was sent")
    expect(quiet.get_by_label("Day and hour")).to_have_value(NINE)
    assert stored(environment) == (DRAFT, "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_dialog_is_as_high_as_what_it_says(page: Page, full: str, theme: Any) -> None:
    page.set_default_timeout(60_000)
    page.emulate_media(color_scheme=theme)
    sign_in(page, full)
    page.goto(f"{full}/segments/1")
    page.get_by_role("button", name="Delete").click()
    fits(page)
    page.goto(f"{full}/broadcasts/3")
    page.locator("#go:enabled").click()
    fits(page)
    board = Board.new(page, full, f"Boxes {theme}")
    page.get_by_role("button", name="Add after Sources", exact=True).click()
    fits(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").first.click()
    fits(page)
    page.keyboard.press("Escape")
    board.add(SEND, after="Sources")
    board.panel.get_by_role("button", name="New text message").click()
    fits(page)


def fits(page: Page) -> None:
    """The open dialog stands in the middle of the window, in it, no higher than its content."""
    open_one = page.locator("dialog[open]")
    expect(open_one).to_be_visible()
    box, size = open_one.bounding_box(), page.viewport_size
    assert box
    assert size
    content = open_one.evaluate(
        "(one) => [...one.children].reduce((sum, child) => sum + child.offsetHeight, 0)"
    )
    assert box["height"] <= min(content + 4, size["height"] - 16)
    assert abs(box["x"] * 2 + box["width"] - size["width"]) <= 2
    assert abs(box["y"] * 2 + box["height"] - size["height"]) <= 2
    assert box["width"] <= size["width"] - 16
