"""A campaign is simulated in a real browser, by mouse, by keyboard and on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.pages.barriers import barriers
from tests.pages.drawing import SEND, Board

SAID = "#said"


def person(page: Page, number: int) -> Locator:
    """The card of a contact, counted from 0."""
    return page.locator("#simulation section").nth(number)


def look(page: Page) -> None:
    """No fault of accessibility, and nothing wider than the screen."""
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_marketer_plays_a_campaign_before_it_is_published(ann: Page, full: str) -> None:
    ann.goto(f"{full}/campaigns/1")
    ann.get_by_role("link", name="Simulate").click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("Simulate Welcome to the newsletter")
    first, second, third = (person(ann, number) for number in range(3))
    expect(first.locator(".bubble")).to_contain_text("reply YES and be the first to know")
    expect(first.locator(".sim-foot")).to_contain_text(
        re.compile(r"1 part · \d+ characters · GSM-7")
    )
    expect(first.locator(".sim-stands")).to_contain_text("It waits for the contact until")
    look(ann)
    expect(first.locator(".sim-foot")).to_contain_text("Delivered")
    ann.get_by_role("button", name="+1 hour").click()
    expect(ann.get_by_role("button", name="Back", exact=True)).to_be_enabled()
    # by keyboard: who answers stays where he is
    answer = first.get_by_label(re.compile("answers"))
    answer.fill("Yes, tell me more")
    answer.press("Enter")
    expect(first.locator(".bubble").nth(2)).to_contain_text("You will hear from us")
    expect(first.locator(".history")).to_contain_text("Says yes: Yes")
    expect(ann.locator(SAID)).to_contain_text("Says yes: Yes")
    expect(first.get_by_label(re.compile("answers"))).to_be_focused()
    second.get_by_role("button", name="STOP").click()
    expect(second.locator(".sim-foot").last).to_contain_text("opted out")
    ann.get_by_role("button", name="Let the provider fail").click()
    expect(ann.locator(".sim-now")).to_contain_text("the provider is out")
    week = ann.get_by_role("button", name="+1 week")
    week.focus()
    week.press("Enter")
    expect(second.locator(".history")).to_contain_text("On do-not-contact")
    expect(third.locator(".sim-stands")).to_contain_text("you have switched it off here")
    expect(week).to_be_focused()
    look(ann)
    ann.get_by_role("button", name="The provider works again").click()
    expect(third.locator(".bubble").nth(1)).to_contain_text("Still thinking?")
    ann.get_by_role("button", name="Back", exact=True).click()
    expect(third.locator(".bubble")).to_have_count(1)
    expect(ann.locator(".sim-now")).to_contain_text("the provider is out")
    ann.set_viewport_size({"width": 390, "height": 844})
    ann.get_by_text("Cast and beginning").click()
    ann.get_by_label("First name").fill("Aki")
    ann.get_by_label("Time zone").fill("Asia/Tokyo")
    ann.get_by_role("button", name="Make up").click()
    expect(person(ann, 3)).to_contain_text("Tokyo time")
    expect(person(ann, 3).locator(".bubble")).to_contain_text("Hello Aki")
    look(ann)
    ann.get_by_role("button", name="Start again").click()
    expect(first.locator(".bubble")).to_have_count(1)


def test_what_is_drawn_is_simulated_at_once(ann: Page, full: str) -> None:
    board = Board.new(ann, full, "Tried")
    board.choose_source("Friends")
    board.add(SEND, after="Sources", name="Hello")
    ann.get_by_role("link", name="Simulate").click()
    expect(ann.locator("#simulation .alert")).to_contain_text("'Hello' lacks a value")
    ann.get_by_role("link", name="Open the builder").click()
    board.card("Hello").click()
    board.write_text("Tried", "This is tried first")
    ann.get_by_role("link", name="Simulate").click()
    expect(person(ann, 0).locator(".bubble")).to_contain_text("This is tried first")
