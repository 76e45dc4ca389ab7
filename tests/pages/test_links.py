"""A link in a text, from the editor to the click, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Browser, Page

from heliograph.links.visitors import EARLY_SECONDS
from tests.links.conftest import PHONE
from tests.pages.visit import begin


def test_a_link_is_written_sent_and_clicked(
    serve: Callable[..., str], quiet: Page, browser: Browser
) -> None:
    address = serve(prefix="/mautic")
    begin(quiet, address)
    quiet.goto(address + "/messages/new")
    quiet.get_by_label("Internal name").fill("Linked")
    quiet.get_by_label("A template for campaigns").check()
    quiet.locator("#text").fill(f"Look: {address}/healthz.")
    quiet.wait_for_selector(f"#rendered:has-text('{address}/l/xxxxxxxxxx.')")
    quiet.get_by_label("Short links that count clicks").uncheck()
    quiet.wait_for_selector("#rendered:has-text('healthz')")
    quiet.get_by_label("Short links that count clicks").check()
    quiet.wait_for_selector(f"#rendered:has-text('{address}/l/xxxxxxxxxx.')")
    quiet.get_by_role("button", name="Save", exact=True).click()
    quiet.get_by_label("Number to send the test to").fill("+33612345678")
    quiet.get_by_role("button", name="Send", exact=True).click()
    quiet.wait_for_selector("text=Delivered")
    found = re.search(rf"{address}/l/\w{{10}}", quiet.locator(".bubble").inner_text())
    assert found is not None
    time.sleep(EARLY_SECONDS + 1)  # as long as a person needs to look at the phone
    phone = browser.new_context(user_agent=PHONE).new_page()
    phone.goto(found[0])
    assert phone.url == f"{address}/healthz"
    assert phone.context.cookies() == []
    phone.context.close()
    quiet.reload()
    assert quiet.locator("#clicks tbody tr").inner_text().split() == [
        "Test",
        *quiet.locator("#clicks time").inner_text().split(),
        f"{address}/healthz",
    ]
