"""The first user, and the question before what cannot be taken back."""

from __future__ import annotations

from playwright.sync_api import Page

EMAIL, PASSWORD = "ann@example.com", "four words make one"


def begin(page: Page, address: str) -> None:
    """The first user of a new installation."""
    page.goto(address + "/")
    page.get_by_label("First name").fill("Ann")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector("h1:has-text('Dashboard')")


def confirm(page: Page, label: str) -> None:
    """Press the yes of the question that is asked."""
    page.locator("#confirm").get_by_role("button", name=label, exact=True).click()
