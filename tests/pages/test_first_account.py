"""A browser somewhere else than the server: the welcome page, the settings, the account."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.barriers import barriers
from tests.pages.visit import EMAIL, PASSWORD, confirm
from tests.test_end_to_end import HELIOGRAPH

Serve = Callable[..., str]


@pytest.fixture
def abroad(browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    """Opens a page of a browser with that language and zone."""
    contexts = []

    def open_(locale: str, zone: str) -> Page:
        contexts.append(browser.new_context(locale=locale, timezone_id=zone))
        return contexts[-1].new_page()

    yield open_
    for context in contexts:
        context.close()


def begin(page: Page, address: str) -> None:
    page.goto(f"{address}/welcome")
    enter(page)
    page.wait_for_url(f"{address}/")


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    enter(page)
    page.wait_for_url(f"{address}/")


def enter(page: Page) -> None:
    page.locator("#email").fill(EMAIL)
    page.locator("#password").fill(PASSWORD)
    page.locator("form button.w-100").click()


def test_a_shop_in_france_begins_with_its_zone_and_country(
    abroad: Callable[[str, str], Page], serve: Serve
) -> None:
    address = serve(HELIOGRAPH_DEFAULT_REGION="")
    page = abroad("en-US", "Europe/Paris")  # the zone says more than the language
    page.goto(f"{address}/welcome")
    expect(page.locator("#timezone")).to_have_value("Europe/Paris")
    expect(page.locator("#default_region")).to_have_value("FR")
    assert barriers(page) == []
    begin(page, address)
    page.goto(f"{address}/admin/settings/")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Paris")
    expect(page.get_by_label("Country of numbers written without one")).to_have_value("FR")
    page.goto(f"{address}/account")
    expect(page.locator("#timezone")).to_have_value("Europe/Paris")
    expect(page.locator("[data-zone-offer]")).to_be_hidden()


def test_what_the_browser_suggests_can_be_changed(
    abroad: Callable[[str, str], Page], serve: Serve
) -> None:
    address = serve(HELIOGRAPH_DEFAULT_REGION="")
    page = abroad("fr-FR", "UTC")  # a zone in no country: then the language
    page.goto(f"{address}/welcome")
    expect(page.locator("#default_region")).to_have_value("FR")
    page.locator("#timezone").fill("Europe/Nowhere")
    page.locator("#default_region").select_option("BE")
    enter(page)
    expect(page.locator("#timezone-error")).to_be_visible()
    expect(page.locator("#timezone")).to_have_value("Europe/Nowhere")  # what was typed stays
    expect(page.locator("#default_region")).to_have_value("BE")


def test_who_works_in_another_zone_is_offered_it(
    abroad: Callable[[str, str], Page], serve: Serve
) -> None:
    address = serve()
    begin(abroad("en-GB", "Europe/Paris"), address)
    page = abroad("en-GB", "America/New_York")
    sign_in(page, address)
    page.goto(f"{address}/account")
    expect(page.get_by_text("Your browser is in another zone: America/New York.")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#timezone")).to_have_value("America/New_York")
    expect(page.locator("[data-zone-offer]")).to_be_hidden()


def test_the_settings_offer_the_zone_of_the_browser_while_none_is_chosen(
    abroad: Callable[[str, str], Page], serve: Serve
) -> None:
    address = serve()
    begin(abroad("en-GB", "UTC"), address)
    page = abroad("en-GB", "Europe/Paris")
    sign_in(page, address)
    page.goto(f"{address}/admin/settings/")
    page.get_by_label("Time zone").fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Paris")
    expect(page.get_by_text("Set by HELIOGRAPH_DEFAULT_REGION")).to_be_visible()


def test_twilio_beside_the_simulator_is_used_when_one_says_so(
    abroad: Callable[[str, str], Page], serve: Serve, environment: dict[str, str]
) -> None:
    address = serve()
    page = abroad("en-GB", "Europe/Paris")
    begin(page, address)
    page.goto(f"{address}/admin/plugins/twilio")
    page.get_by_role("button", name="Enable", exact=True).click()
    expect(page.get_by_text("Texts go through Simulator, as before.")).to_be_visible()
    page.goto(f"{address}/admin/plugins/")
    assert barriers(page) == []
    page.get_by_role("link", name="Test connection", exact=True).click()
    expect(page.locator("#check-result")).to_contain_text("incomplete")
    expect(page.get_by_role("button", name="from now on")).to_have_count(0)
    command = [HELIOGRAPH, "plugins", "enable", "twilio", "--default"]
    subprocess.run(command, env=environment, check=True)
    page.goto(f"{address}/admin/plugins/")
    page.get_by_role("link", name="Test connection", exact=True).click()
    page.get_by_role("button", name="Send through Simulator from now on").click()
    expect(page.locator("#confirm")).to_contain_text("Broadcasts that run, and campaigns")
    confirm(page, "Send through it")
    expect(page.get_by_text("Texts go through it")).to_be_visible()
