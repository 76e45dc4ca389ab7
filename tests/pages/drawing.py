"""Drawing a campaign as a person does: by its cards, anchors and forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=40_000)  # other work may run beside
SEND = "Send Text Message (simulator)"


class Board:
    """The builder of one campaign in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def new(cls, page: Page, address: str, name: str) -> Board:
        page.goto(f"{address}/campaigns/new")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Save and draw").click()
        return cls(page).opened()

    def opened(self) -> Board:
        expect(self.page.locator(".event-sources")).to_be_visible()
        return self

    def card(self, name: str) -> Locator:
        """The card of the event called *name*; Sources for the one on top."""
        if name == "Sources":
            return self.page.locator('[data-event="sources"]')
        title = self.page.locator(".event-name").get_by_text(name, exact=True)
        return self.page.locator(".event-main").filter(has=title)

    @property
    def cards(self) -> Locator:
        """Those of events, without the sources."""
        return self.page.locator(".event:not(.event-sources) .event-main")

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("complementary", name="Details")

    @property
    def checks(self) -> Locator:
        return self.page.get_by_role("region", name="Checks")

    def choose_source(self, name: str) -> None:
        self.card("Sources").click()
        self.panel.get_by_label(re.compile(f"^{name}")).check()

    def add(self, type_: str, *, after: str, path: str = "", name: str = "") -> None:
        """Press the + of an anchor and choose; the form of the new event is open then."""
        words = f"Add after {after}: {path}" if path else f"Add after {after}"
        self.page.get_by_role("button", name=words, exact=True).click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("searchbox").fill(type_)
        dialog.get_by_role("button", name=type_, exact=True).click()
        expect(dialog).to_have_count(0)
        if name:
            self.name(name)

    def name(self, name: str) -> None:
        self.panel.get_by_label("Name", exact=True).fill(name)

    def write_text(self, name: str, text: str) -> None:
        """New Text Message, on the spot."""
        self.panel.get_by_role("button", name="New text message").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Internal name").fill(name)
        dialog.get_by_label("Text", exact=True).fill(text)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        chosen = self.panel.get_by_label("Text message", exact=True).locator("option:checked")
        expect(chosen).to_have_text(name)

    def publish(self, asked: str = "") -> None:
        self.page.locator(".topbar").get_by_role("button", name="Publish").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_contain_text(asked)
        dialog.get_by_role("button", name="Publish").click()

    def saved(self) -> None:
        expect(self.page.locator(".saved")).to_have_attribute("data-state", "saved", timeout=40_000)

    def state(self, state: str) -> None:
        expect(self.page.locator(".saved")).to_have_attribute("data-state", state, timeout=40_000)

    def stored(self) -> dict[str, Any]:
        """The draft as the server has it."""
        self.saved()
        found: dict[str, Any] = self.page.evaluate(
            "() => fetch('canvas', {headers: {Accept: 'application/json'}}).then(r => r.json())"
        )["canvas"]
        return found

    def event(self, name: str) -> dict[str, Any]:
        return next(one for one in self.stored()["events"] if one["name"] == name)

    def until(self, holds: Callable[[], bool], tries: int = 100) -> None:
        for _ in range(tries):
            if holds():
                return
            self.page.wait_for_timeout(100)
        assert holds()


def draw_welcome(board: Board, source: str = "Friends", pattern: str = "*YES*") -> None:
    """Source → text → replies in three days: yes is thanked, no is reminded on a weekday at ten."""
    board.choose_source(source)
    board.add(SEND, after="Sources", name="Hello")
    board.write_text("Hello", "Hello {contactfield=firstname|you}, reply YES to stay in touch")
    board.add("Replies", after="Hello", path="Then", name="Says yes")
    board.panel.get_by_label("What", exact=True).select_option("pattern")
    board.panel.get_by_label("Pattern", exact=True).fill(pattern)
    expect(board.panel.get_by_label("Wait", exact=True)).to_have_value("3")
    expect(board.panel.get_by_label("Unit")).to_have_value("days")
    board.add("Change tags", after="Says yes", path="Yes", name="Tag it")
    board.panel.get_by_label("Add tags").fill("friend, loyal")
    board.add(SEND, after="Tag it", name="Thanks")
    board.write_text("Thanks", "Thank you!")
    board.add(SEND, after="Says yes", path="No", name="Reminder")
    board.write_text("Reminder", "You have not answered yet")
    board.panel.get_by_label("At which hour").select_option("at")
    board.panel.get_by_label("Hour", exact=True).fill("10:00")
    board.panel.get_by_role("button", name="Monday to Friday").click()
    board.saved()
