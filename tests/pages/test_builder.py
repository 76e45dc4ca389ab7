"""A marketer draws a campaign in a real browser, from the sources to publishing."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.pages.barriers import GRAVE, barriers
from tests.pages.drawing import SEND, Board, draw_welcome
from tests.pages.pictures import sign_in


def test_a_marketer_builds_a_campaign_and_publishes_it(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Welcome")
    expect(board.checks).to_contain_text("The canvas has no event.")
    draw_welcome(board)
    expect(board.checks).to_contain_text("Nothing is wrong.")
    yes, no = board.event("Tag it"), board.event("Reminder")
    assert (yes["path"], yes["config"]["add"]) == ("yes", ["friend", "loyal"])
    assert board.event("Says yes")["config"]["pattern"] == "*YES*"
    assert (no["path"], no["timing"]["hour"]) == ("no", "10:00")
    assert no["timing"]["weekdays"] == [0, 1, 2, 3, 4]
    expect(board.card("Reminder")).to_contain_text("at 10:00 (contact's time), Monday to Friday")
    board.publish(asked="12 contacts are in its segments")
    expect(ann.locator(".topbar")).to_contain_text("Published, version 1")
    expect(ann.get_by_role("button", name="Publish the changes")).to_be_disabled()
    board.card("Reminder").click()
    board.name("Second try")
    expect(ann.locator(".topbar")).to_contain_text("The draft has changes")
    board.saved()
    board.publish(asked="Everybody in it goes on from where they stand")
    expect(ann.locator(".topbar")).to_contain_text("Published, version 2")


def test_a_running_campaign_counts_on_its_canvas(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Counted")
    board.choose_source("Friends")
    board.add(SEND, after="Sources", name="Ask")
    board.write_text("Question", "Shall we write to you? Reply YES")
    board.add("Replies", after="Ask", path="Then", name="Answers")
    board.panel.get_by_label("To", exact=True).select_option("any")
    board.add("Change tags", after="Answers", path="Yes", name="Tag")
    board.panel.get_by_label("Add tags").fill("asked")
    board.saved()
    board.publish()
    asked = ann.locator(".event", has=board.card("Ask")).locator(".event-counts")
    answers = ann.locator(".event", has=board.card("Answers")).locator(".event-counts")
    expect(asked).to_contain_text("10 done", timeout=120_000)
    expect(asked).to_contain_text("2 failed")  # two of them are on do-not-contact
    expect(answers).to_contain_text("waiting")
    phone = ann.context.new_page()
    phone.goto(f"{full}/plugins/simulator/")
    phone.get_by_role("link", name=re.compile(re.escape("+33612000003"))).click()
    phone.get_by_label("Your answer").fill("Yes please")
    phone.get_by_role("button", name="Send the answer").click()
    expect(answers).to_contain_text("1 yes", timeout=120_000)
    answers.get_by_role("link", name="1 yes").click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("Answers")
    ann.get_by_role("link", name="Explain").click()
    expect(ann.locator(".history")).to_contain_text("Answers: Yes")
    expect(ann.locator(".history")).to_contain_text("Tag", timeout=120_000)


def test_checks_lead_to_their_events(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Checked")
    board.choose_source("Friends")
    board.add(SEND, after="Sources", name="Mute")
    board.add("Jump to an event", after="Mute", path="Failed", name="Back")
    found = board.checks.get_by_role("button", name=re.compile("'Mute' lacks a value"))
    expect(found).to_be_visible()
    found.click()
    expect(board.card("Mute")).to_be_focused()
    expect(board.panel.get_by_role("heading", name="Mute")).to_be_visible()
    board.publish()
    expect(ann.locator(".notices")).to_contain_text("cannot be published")
    board.card("Back").click()
    board.panel.get_by_label("Event", exact=True).select_option(label="Mute")
    expect(board.checks).to_contain_text("it would never end")


def test_a_message_is_edited_in_place_and_refused_with_its_words(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Edited")
    board.add(SEND, after="Sources", name="First")
    board.write_text("Short", "Hi")
    board.panel.get_by_role("button", name="Edit this one").click()
    dialog = ann.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Edit Short", exact=True)).to_be_visible()
    expect(dialog.locator("#rendered")).to_have_text("Hi")
    text = dialog.get_by_label("Text", exact=True)
    text.fill("Hi {contactfield=nonsense}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".invalid-feedback")).to_be_visible()
    text.fill("Hi {contactfield=firstname|you}, welcome…")
    dialog.locator("[data-replace]").click()
    expect(text).to_have_value("Hi {contactfield=firstname|you}, welcome...")
    dialog.get_by_label("Close").click()
    leave = ann.get_by_role("dialog", name="Leave this text?")
    leave.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Save").click()
    expect(ann.get_by_role("dialog")).to_have_count(0)
    expect(board.panel.locator(".bubble")).to_contain_text("welcome...")


def test_events_are_dragged_from_the_palette_and_from_anchors(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Dragged")
    palette = ann.get_by_role("navigation", name="What can be added")
    palette.get_by_role("button", name="Replies").drag_to(
        ann.locator(".canvas-flow"), target_position={"x": 320, "y": 320}
    )
    board.name("Replied")
    ann.keyboard.press("Escape")
    anchor = ann.get_by_role("button", name="Add after Replied: Yes", exact=True)
    box = anchor.bounding_box()
    assert box is not None
    ann.mouse.move(box["x"] + 10, box["y"] + 10)
    ann.mouse.down()
    ann.mouse.move(box["x"] - 60, box["y"] + 120, steps=8)
    ann.mouse.up()
    ann.get_by_role("dialog").get_by_role("button", name="Change tags").click()
    board.name("Tagged")
    palette.get_by_role("button", name="Change a field").click()
    board.name("Changed")
    assert (board.event("Tagged")["parent"], board.event("Tagged")["path"]) == (
        board.event("Replied")["key"],
        "yes",
    )
    assert board.event("Changed")["parent"] == board.event("Tagged")["key"]
    hang_by_mouse(ann, "Add after Replied: No", board, "Changed")
    board.until(lambda: board.event("Changed")["path"] == "no")


def test_a_step_is_put_between_two_others(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Between")
    board.add("Change tags", after="Sources", name="First")
    board.add("Change tags", after="First", name="Last")
    board.add("Replies", after="First", name="Middle")
    first, middle, last = (board.event(name) for name in ("First", "Middle", "Last"))
    assert (middle["parent"], last["parent"], last["path"]) == (first["key"], middle["key"], "yes")
    assert first["y"] < middle["y"] < last["y"]
    ann.get_by_role("button", name="Add after First", exact=True).click()
    dialog = ann.get_by_role("dialog")
    dialog.get_by_label("What follows here comes after it").uncheck()
    dialog.get_by_role("button", name="Random split").click()
    board.name("Beside")
    assert board.event("Beside")["parent"] == board.event("Middle")["parent"] == first["key"]
    board.panel.get_by_label("Share of C").fill("10")
    ann.get_by_role("button", name="Add after Beside: C", exact=True).click()
    dialog.get_by_role("button", name="Field value").click()
    board.panel.get_by_label("Field", exact=True).select_option("city")
    board.panel.get_by_label("Comparison").select_option("starts_with")
    board.panel.get_by_label("Value").fill("Par")
    expect(board.card("Field value")).to_contain_text("City begins with Par")
    found = board.stored()["events"][-1]
    assert found["config"] == {"field": "city", "operator": "starts_with", "value": "Par"}
    assert found["path"] == "c"


def hang_by_mouse(page: Page, anchor: str, board: Board, name: str) -> None:
    """Drag an anchor onto another card's top."""
    board.saved()
    start = page.get_by_role("button", name=anchor, exact=True).bounding_box()
    card = board.card(name).bounding_box()
    assert start is not None
    assert card is not None
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(card["x"] + card["width"] / 2, card["y"] + 3, steps=10)
    page.mouse.up()


def test_nobody_is_shut_out_on_a_desk_and_on_a_phone_in_the_dark(
    browser: Browser, full: str
) -> None:
    for size, theme in (((1280, 860), "light"), ((390, 844), "dark")):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]
            locale="en-GB",
        )
        page = context.new_page()
        sign_in(page, full)
        board = Board.new(page, full, f"Looks {theme}")
        assert barriers(page, *GRAVE) == []
        board.add("Replies", after="Sources", name="Asked")
        assert barriers(page, *GRAVE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Add after Asked: Yes", exact=True).click()
        assert barriers(page, *GRAVE) == []
        context.close()
