"""What is drawn is kept: over a reload, a lost connection, two tabs, the end of a session."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.pages.drawing import Board
from tests.pages.pictures import sign_in
from tests.pages.visit import EMAIL, PASSWORD

DRAFT = "**/builder/draft"


def test_a_draft_survives_a_reload(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Kept")
    board.add("Replies", after="Sources", name="Asked")
    ann.reload()  # at once: what is not saved yet is handed over on leaving
    board.opened()
    expect(board.card("Asked")).to_be_visible()
    assert board.event("Asked")["type"] == "core.replies"


def test_a_lost_connection_costs_nothing(page: Page, full: str) -> None:
    sign_in(page, full)
    board = Board.new(page, full, "Offline")
    board.saved()
    page.route(DRAFT, lambda route: route.abort())
    board.add("Replies", after="Sources", name="Asked once")
    board.state("failed")
    expect(page.locator(".notices")).to_contain_text("kept in this browser")
    other = page.context.new_page()  # as after a crash: nothing was handed over
    other.goto(page.url)
    again = Board(other).opened()
    expect(other.locator(".notices")).to_contain_text("is back")
    assert again.event("Asked once")["path"] == ""
    other.reload()
    again.opened()
    expect(again.card("Asked once")).to_be_visible()
    expect(other.locator(".notices")).not_to_contain_text("is back")


def test_a_server_that_fails_is_asked_again_by_itself(page: Page, full: str) -> None:
    sign_in(page, full)
    board = Board.new(page, full, "Failing")
    board.saved()
    page.route(DRAFT, lambda route: route.fulfill(status=503, json={"error": "Too much to do."}))
    board.add("Replies", after="Sources", name="Asked")
    board.state("failed")
    expect(page.locator(".notices")).to_contain_text("Too much to do.")
    page.unroute(DRAFT)
    assert board.event("Asked")["kind"] == "decision"


def two_tabs(page: Page, address: str, name: str) -> tuple[Board, Board]:
    """One campaign in two tabs: the second has saved what the first does not know."""
    mine = Board.new(page, address, name)
    mine.saved()
    other = page.context.new_page()
    other.goto(page.url)
    theirs = Board(other).opened()
    theirs.add("Replies", after="Sources", name="Theirs")
    theirs.saved()
    mine.add("Change tags", after="Sources", name="Mine")
    mine.state("conflict")
    expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
    return mine, theirs


def test_the_second_tab_may_take_what_the_first_has_saved(page: Page, full: str) -> None:
    sign_in(page, full)
    mine, _ = two_tabs(page, full, "Theirs wins")
    page.get_by_role("button", name="Take theirs").click()
    expect(mine.card("Theirs")).to_be_visible()
    expect(mine.card("Mine")).to_have_count(0)
    mine.saved()
    page.get_by_role("button", name="Undo").click()
    expect(mine.card("Mine")).to_be_visible()
    assert [one["name"] for one in mine.stored()["events"]] == ["Mine"]


def test_the_second_tab_may_replace_what_the_first_has_saved(page: Page, full: str) -> None:
    sign_in(page, full)
    mine, theirs = two_tabs(page, full, "Mine wins")
    page.reload()  # it waits in the browser meanwhile
    mine.opened()
    expect(page.get_by_role("alert")).to_contain_text("changed since")
    page.get_by_role("button", name="Keep mine").click()
    assert [one["name"] for one in mine.stored()["events"]] == ["Mine"]
    theirs.card("Theirs").click()
    theirs.name("Too late")
    theirs.state("conflict")


def test_a_session_that_ends_costs_nothing(page: Page, full: str) -> None:
    sign_in(page, full)
    board = Board.new(page, full, "Signed out")
    board.saved()
    page.context.clear_cookies()
    board.add("Replies", after="Sources", name="Asked")
    board.state("signed-out")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    tab = opened.value
    tab.get_by_label("E-mail").fill(EMAIL)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_selector("h1:has-text('Dashboard')")
    tab.close()
    page.get_by_role("button", name="Try again").click()
    assert board.event("Asked")["parent"] is None
