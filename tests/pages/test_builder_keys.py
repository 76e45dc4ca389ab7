"""The builder by keyboard alone, what can be undone, and what is copied."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.pages.drawing import SEND, Board


def tab_to(page: Page, wanted: Locator, *, most: int = 80, key: str = "Tab") -> None:
    for _ in range(most):
        page.keyboard.press(key)
        if wanted.count() == 1 and wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{key} never reaches {wanted}")


def test_everything_is_drawn_by_keyboard_alone(ann: Page, full: str) -> None:
    page = ann
    board = Board.new(page, full, "By keyboard")
    page.evaluate("() => document.activeElement.blur()")
    tab_to(page, board.card("Sources"))
    page.keyboard.press("Enter")
    friends = board.panel.get_by_label(re.compile("^Friends"))
    tab_to(page, friends)
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(board.card("Sources")).to_be_focused()
    page.keyboard.press("+")
    page.keyboard.type("replies")
    page.keyboard.press("Enter")
    expect(board.panel.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Asked")
    page.keyboard.press("Escape")
    expect(board.card("Asked")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Add after Asked: No", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("tags")
    page.keyboard.press("Enter")
    page.keyboard.type("Tagged")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    expect(board.card("Asked")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(board.card("Tagged")).to_be_focused()
    before = board.event("Tagged")
    page.keyboard.press("Alt+ArrowRight")
    board.until(lambda: board.event("Tagged")["x"] == before["x"] + 24)
    assert before["path"] == "no"
    page.keyboard.press("Enter")
    expect(board.panel.get_by_label("Name", exact=True)).to_be_focused()
    place = board.panel.get_by_label("Comes after")
    tab_to(page, place)
    place.select_option(label="Asked: Yes")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="keep what follows").press("Enter")
    expect(board.cards).to_have_count(1)
    expect(board.card("Sources")).to_be_focused()
    assert board.event("Tagged")["parent"] is None


def test_what_is_done_is_undone_and_done_again(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Undone")
    board.add(SEND, after="Sources", name="One")
    board.add("Replies", after="One", path="Then", name="Two")
    board.add("Change tags", after="Two", path="Yes", name="Three")
    ann.keyboard.press("Escape")
    for left in ("keep what follows", "Delete all"):
        board.card("Two").press("Delete")
        ann.get_by_role("dialog").get_by_role("button", name=left).click()
        expect(board.card("Two")).to_have_count(0)
        expect(board.card("Three")).to_have_count(1 if left.startswith("keep") else 0)
        ann.keyboard.press("Control+z")
        expect(board.cards).to_have_count(3)
    assert board.event("Three")["parent"] == board.event("Two")["key"]
    for _ in range(20):  # typing is one step, whatever its length
        ann.keyboard.press("Control+z")
    expect(board.cards).to_have_count(0)
    expect(ann.get_by_role("button", name="Undo")).to_be_disabled()
    for _ in range(6):
        ann.keyboard.press("Control+Shift+z")
    expect(board.cards).to_have_count(3)
    assert {one["name"] for one in board.stored()["events"]} == {"One", "Two", "Three"}
    ann.get_by_role("button", name="Tidy up").click()
    board.until(lambda: board.event("Two")["y"] > board.event("One")["y"])
    ann.get_by_role("button", name="Undo").click()
    ann.get_by_role("button", name="Redo").click()
    board.saved()


def test_events_are_copied_into_another_campaign(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "From")
    board.add("Replies", after="Sources", name="Asked")
    board.add("Jump to an event", after="Asked", path="No", name="Again")
    board.panel.get_by_label("Event", exact=True).select_option(label="Asked")
    board.add("Change tags", after="Asked", path="Yes", name="Tagged")
    board.panel.get_by_label("Add tags").fill("copied")
    board.card("Asked").click()
    board.panel.get_by_role("button", name="Copy with all that follows").click()
    first = {one["name"]: one for one in board.stored()["events"]}
    other = Board.new(ann, full, "To")
    other.add("Change tags", after="Sources", name="Before")
    ann.keyboard.press("Escape")
    other.card("Before").focus()
    other.card("Before").press("Enter")
    ann.keyboard.press("Escape")
    other.card("Before").click()
    ann.get_by_role("button", name="Paste").click()
    expect(other.cards).to_have_count(4)
    pasted = {one["name"]: one for one in other.stored()["events"]}
    assert pasted["Asked"]["parent"] == pasted["Before"]["key"]
    assert pasted["Tagged"]["parent"] == pasted["Asked"]["key"]
    assert pasted["Tagged"]["config"]["add"] == ["copied"]
    assert pasted["Again"]["config"]["event"] == pasted["Asked"]["key"]
    assert {one["key"] for one in first.values()}.isdisjoint(one["key"] for one in pasted.values())


def test_copy_and_paste_by_keys_take_only_events(ann: Page, full: str) -> None:
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
    board = Board.new(ann, full, "Keys")
    board.add("Replies", after="Sources", name="Asked")
    ann.keyboard.press("Escape")
    board.card("Asked").click()
    board.card("Asked").focus()
    ann.keyboard.press("Control+c")
    ann.keyboard.press("Control+v")
    expect(board.cards).to_have_count(2)
    text = ann.evaluate("() => navigator.clipboard.readText()")
    assert "heliograph-events" in text
    looped = text.replace('"parent":null', f'"parent":"{board.event("Asked")["key"]}"')
    for refused in ("words", "{}", '{"heliograph-events":1,"events":[{"key":"<b>"}]}', looped):
        ann.evaluate("text => navigator.clipboard.writeText(text)", refused)
        board.card("Asked").first.focus()
        ann.keyboard.press("Control+v")
        expect(ann.get_by_text("There is nothing to paste")).to_be_attached()
    expect(board.cards).to_have_count(2)
