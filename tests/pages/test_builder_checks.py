"""The builder and what stands around it: texts, providers, versions; dates; zoom."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.pages.drawing import SEND, Board
from tests.pages.visit import confirm


def switch_simulator(page: Page, address: str, *, to: str) -> None:
    page.goto(f"{address}/admin/plugins/")
    card = page.locator("main .card").filter(has_text="simulator ·")
    card.get_by_role("button", name=to, exact=True).click()
    if to == "Disable":
        confirm(page, to)
    expect(page.locator("main")).to_contain_text(f"Simulator is {to.lower()}d.")


def test_no_text_is_offered_while_no_provider_is_enabled(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Provider off")
    palette = ann.get_by_role("navigation", name="What can be added")
    offered = palette.get_by_role("button", name="Send Text Message")
    expect(offered).to_have_count(1)  # Twilio's is off in the showcase
    board.choose_source("Friends")
    board.add(SEND, after="Sources", name="Drawn")
    board.write_text("Drawn before", "Hi")
    board.saved()
    other = ann.context.new_page()
    switch_simulator(other, full, to="Disable")
    look_back(ann)
    expect(offered).to_have_count(0)
    expect(palette).to_contain_text("no provider is enabled")
    expect(board.checks).to_contain_text("'Drawn' has to wait: The plugin Simulator is disabled")
    ann.get_by_role("button", name="Add after Drawn: Then", exact=True).click()
    dialog = ann.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Change tags")).to_be_visible()
    expect(dialog.get_by_role("button", name="Send Text Message")).to_have_count(0)
    ann.keyboard.press("Escape")
    switch_simulator(other, full, to="Enable")
    look_back(ann)
    expect(offered).to_have_count(1)
    expect(board.checks).to_contain_text("Nothing is wrong.")


def look_back(page: Page) -> None:
    """Come back to the tab."""
    page.bring_to_front()
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")


def test_a_check_follows_the_text_that_is_edited_on_the_spot(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Checked on the spot")
    board.choose_source("Friends")
    board.add(SEND, after="Sources", name="Ask")
    board.write_text("Closed", "Hi")
    expect(board.checks).to_contain_text("Nothing is wrong.")
    for published, words in ((False, "'Closed', which is not published"), (True, "Nothing is")):
        board.panel.get_by_role("button", name="Edit this one").click()
        dialog = ann.get_by_role("dialog")
        switch = dialog.get_by_label("Published", exact=True)
        expect(switch).to_be_attached()
        if not switch.is_visible():
            dialog.get_by_text(re.compile("publish dates")).click()
        switch.set_checked(published)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        expect(board.checks).to_contain_text(words)


def test_a_date_is_moved_by_nothing_that_is_not_seen(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Dated")
    board.add("Change tags", after="Sources", name="Greet")
    board.panel.get_by_label("At which hour").select_option("between")
    board.panel.get_by_label("From", exact=True).fill("20:00")
    board.panel.get_by_label("To", exact=True).fill("02:00")
    board.panel.get_by_role("button", name="Monday to Friday").click()
    expect(board.card("Greet")).to_contain_text(
        "between 20:00 and 02:00 (contact's time), Monday to Friday"
    )
    board.panel.get_by_label("It happens").select_option("date")
    board.panel.get_by_label("Date and time").fill("2037-01-03T11:00")  # a Saturday
    timing = board.event("Greet")["timing"]
    assert (timing["mode"], timing["date"]) == ("date", "2037-01-03T11:00")
    assert (timing["begin"], timing["end"], timing["weekdays"]) == (None, None, [])
    expect(board.panel.get_by_role("button", name="Monday to Friday")).to_have_count(0)
    expect(board.card("Greet")).not_to_contain_text("Monday")


def test_a_version_is_brought_back_and_what_is_lost_is_said(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Restored")
    board.choose_source("Friends")
    board.add("Change tags", after="Sources", name="Old")
    board.panel.get_by_label("Add tags").fill("old")
    board.saved()
    board.publish()
    expect(ann.locator(".topbar")).to_contain_text("Published, version 1")
    board.card("Old").click()
    board.name("New")
    board.saved()
    builder = ann.url
    ann.goto(builder.replace("/builder/", "/versions"))
    ann.get_by_role("button", name="Restore").click()
    expect(ann.locator("#confirm")).to_contain_text("was never published: it is lost")
    confirm(ann, "Restore")
    expect(board.card("Old")).to_be_visible()
    expect(board.card("New")).to_have_count(0)
    expect(ann.locator(".topbar")).not_to_contain_text("The draft has changes")
    assert board.event("Old")["config"]["add"] == ["old"]


def test_the_canvas_is_seen_from_near_and_from_afar(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Zoomed")
    board.add("Change tags", after="Sources", name="One")
    overview = ann.get_by_role("img", name="Overview")
    expect(overview.locator("rect")).to_have_count(2)
    wide = width(board)
    ann.get_by_role("button", name="Zoom in", exact=True).click()
    board.until(lambda: width(board) > wide)
    for _ in range(4):
        ann.get_by_role("button", name="Zoom out", exact=True).click()
    board.until(lambda: width(board) < wide)
    ann.get_by_role("button", name="Show all", exact=True).click()
    board.until(lambda: width(board) == wide)


def width(board: Board) -> int:
    box = board.card("One").bounding_box()
    assert box is not None
    return round(box["width"])


def test_what_another_tool_would_fill_is_kept_by_one_press(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Kept on purpose")
    board.add("Text your own staff", after="Sources", name="Tell")
    board.panel.get_by_label("Number", exact=True).fill("+33612345678")
    board.panel.get_by_label("Text", exact=True).fill("[firstname] said yes")
    expect(board.panel).to_contain_text("is how another tool writes a field")
    board.panel.get_by_role("button", name="Keep it: send it as it stands").click()
    expect(board.panel).not_to_contain_text("is how another tool writes a field")
    assert board.event("Tell")["config"]["text"] == "\\[firstname] said yes"
