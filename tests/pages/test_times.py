"""A reader never guesses: each time says in which zone it is, and that zone is the reader's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.pictures import PAGES, SIZES, installation, sign_in

ZONE, WORDS = "Asia/Tokyo", "Tokyo time"
WITHOUT_ZONE = Path(__file__).with_name("times_without_zone.js").read_text()
OPENED = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.fixture(scope="module")
def elsewhere(showcase: Path) -> Iterator[str]:
    """A server whose machine is in New York."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        with installation(full=True, kept=showcase) as address:
            yield address


@pytest.fixture
def tokyo(browser: Browser, elsewhere: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A user who lives in Tokyo, and so does the browser."""
    width, height = SIZES[request.param]
    size: Any = {"width": width, "height": height}
    context = browser.new_context(locale="en-GB", viewport=size, timezone_id=ZONE)
    page = context.new_page()
    page.set_default_timeout(60_000)
    sign_in(page, elsewhere)
    page.goto(f"{elsewhere}/account")
    page.get_by_label("Time zone").select_option(ZONE)
    page.get_by_role("button", name="Save").first.click()
    yield page
    context.close()


@pytest.mark.parametrize("tokyo", list(SIZES), indirect=True)
def test_each_time_on_each_page_stands_by_its_zone(tokyo: Page, elsewhere: str) -> None:
    found: dict[str, list[str]] = {}
    times = 0
    for name, path in PAGES.items():
        tokyo.goto(elsewhere + path)
        if name != "campaign-simulate":
            tokyo.wait_for_load_state("networkidle")
        tokyo.evaluate(OPENED)
        bad = tokyo.evaluate(WITHOUT_ZONE, [ZONE, WORDS])
        times += tokyo.locator("time").count()
        if bad:
            found[name] = bad
    assert found == {}
    assert times > 100  # so that pages without any prove nothing


@pytest.mark.parametrize("tokyo", ["desktop"], indirect=True)
def test_a_time_without_its_zone_would_be_found(tokyo: Page, elsewhere: str) -> None:
    tokyo.goto(f"{elsewhere}/contacts/1")
    tokyo.evaluate("document.querySelectorAll('.zone-head').forEach((one) => one.remove())")
    assert any("no zone" in one for one in tokyo.evaluate(WITHOUT_ZONE, [ZONE, WORDS]))
    tokyo.goto(f"{elsewhere}/campaigns/1/settings")
    tokyo.evaluate("document.querySelectorAll('.zone').forEach((one) => one.remove())")
    assert tokyo.evaluate(WITHOUT_ZONE, [ZONE, WORDS]) == [
        "no zone at the field publish_up",
        "no zone at the field publish_down",
    ]
