"""Every page for everybody: axe, the keyboard, a silent console, any theme, width and zone.

The server's machine is in New York, the user and the browser are in Tokyo.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.barriers import GRAVE, barriers
from tests.pages.pictures import EMPTY, PAGES, SIZES, installation, sign_in
from tests.pages.visit import PASSWORD

ZONE, ZONE_WORDS = "Asia/Tokyo", "Tokyo time"
WITHOUT_ZONE = Path(__file__).with_name("times_without_zone.js").read_text()
OPENED = "for (const one of document.querySelectorAll('details')) one.open = true"
CANDIDATES = """() => {
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary'
    + ', [tabindex="0"]';
  const groups = new Set();
  let count = 0;
  for (const one of document.querySelectorAll(wanted)) {
    if (one.disabled || one.tabIndex < 0) continue;
    if (!one.checkVisibility({visibilityProperty: true})) continue;
    if (one.closest('dialog:not([open])')) continue;
    if (one.type === 'radio') {
      const group = one.form?.action + one.name;
      if (groups.has(group)) continue;
      groups.add(group);
    }
    one.dataset.candidate = count++;
  }
  return count;
}"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const first = `input[name="${one.name}"][data-candidate]`;
  const radio = one.type === 'radio' ? document.querySelector(first) : one;
  const outline = getComputedStyle(one);
  const ring = outline.outlineStyle !== 'none' || outline.boxShadow !== 'none';
  const seen = ring || one.type === 'file';
  return {number: radio?.dataset.candidate ?? null, seen, html: one.outerHTML.slice(0, 120)};
}"""
# what a page asks for by itself has come; one that asks each second is never idle for long
SETTLED = "() => !document.querySelector('.htmx-request')"
WIDTH = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def full() -> Iterator[str]:
    """With the file of an import where it says it is: not a copy of the showcase."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        with installation(full=True) as address:
            yield address


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        with installation(full=False) as address:
            yield address


@pytest.fixture(scope="module", params=[("desktop", "light"), ("phone", "dark")], ids="-".join)
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    size, theme = request.param
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale="en-GB",
        timezone_id=ZONE,
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.said = []  # type: ignore[attr-defined]
    page.on("console", lambda one: one.type in ("error", "warning") and page.said.append(one.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    context.close()


def visit(page: Page, address: str, path: str) -> None:
    if not page.url.startswith(address):
        sign_in(page, address)
        live_in_tokyo(page, address)
    page.said.clear()  # type: ignore[attr-defined]
    page.goto(address + path)
    if "/builder/" in path:  # drawn by a script, out of what it fetches
        page.wait_for_load_state("networkidle")
    page.wait_for_function(SETTLED)


def live_in_tokyo(page: Page, address: str) -> None:
    page.goto(f"{address}/account")
    page.get_by_label("Time zone").select_option(ZONE)
    page.get_by_role("button", name="Save").first.click()


def check(page: Page, path: str) -> None:
    assert barriers(page, *GRAVE) == [], path
    assert page.evaluate(WIDTH) <= 0, f"{path} is wider than the window"
    missing = "not-found" if "999999" in path else ""
    said = [one for one in page.said if not (missing and "404" in one)]  # type: ignore[attr-defined]
    assert said == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_data(window: Page, full: str, name: str) -> None:
    visit(window, full, PAGES[name])
    check(window, PAGES[name])
    if window.viewport_size == {"width": 1280, "height": 860}:
        assert not unreached_by_keyboard(window)
    assert times_without_zone(window) == []


@pytest.mark.parametrize("name", EMPTY)
def test_a_page_with_nothing_yet(window: Page, bare: str, name: str) -> None:
    visit(window, bare, PAGES[name])
    check(window, PAGES[name])
    assert times_without_zone(window) == []


def times_without_zone(page: Page) -> list[str]:
    """A reader never guesses: each time says in which zone it is, and that is the reader's."""
    page.evaluate(OPENED)
    found: list[str] = page.evaluate(WITHOUT_ZONE, [ZONE, ZONE_WORDS])
    return found


def test_a_time_without_its_zone_would_be_found(window: Page, full: str) -> None:
    visit(window, full, "/contacts/1")
    window.evaluate("document.querySelectorAll('.zone-head').forEach((one) => one.remove())")
    assert any("no zone" in one for one in times_without_zone(window))
    visit(window, full, "/campaigns/1/settings")
    window.evaluate("document.querySelectorAll('.zone').forEach((one) => one.remove())")
    assert times_without_zone(window) == [
        "no zone at the field publish_up",
        "no zone at the field publish_down",
    ]


@pytest.mark.parametrize("name", ["login", "welcome"])
def test_a_page_for_strangers(browser: Browser, full: str, name: str) -> None:
    page = browser.new_page()
    page.said = []  # type: ignore[attr-defined]
    page.goto(f"{full}/{name}")
    check(page, name)
    page.close()


def unreached_by_keyboard(page: Page) -> list[str]:
    """What Tab does not come to; wherever it comes, the focus can be seen."""
    count = page.evaluate(CANDIDATES)
    page.evaluate("() => document.activeElement?.blur()")
    reached: set[str] = set()
    for _ in range(count + 12):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        if now is None:
            continue
        assert now["seen"], f"the focus cannot be seen on {now['html']}"
        if now["number"] is not None:
            reached.add(now["number"])
    unreached = {str(number) for number in range(count)} - reached
    return [
        page.locator(f'[data-candidate="{one}"]').evaluate("one => one.outerHTML.slice(0, 150)")
        for one in sorted(unreached)
    ]


@pytest.fixture(scope="module")
def keyboard(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.said = []  # type: ignore[attr-defined]
    yield page
    page.close()


def test_a_confirmation_is_answered_by_keyboard(keyboard: Page, full: str) -> None:
    visit(keyboard, full, "/contacts/2")
    keyboard.get_by_role("button", name="Delete").focus()
    keyboard.keyboard.press("Enter")
    assert keyboard.locator("#confirm").is_visible()
    keyboard.keyboard.press("Escape")
    assert not keyboard.locator("#confirm").is_visible()
    assert keyboard.url.endswith("/contacts/2")


def test_an_export_begins_by_itself_after_the_password(keyboard: Page, full: str) -> None:
    visit(keyboard, full, "/account/confirm?next=/imports/1/errors.csv&back=/imports/1")
    keyboard.keyboard.type("not the password")  # it is where one types
    keyboard.keyboard.press("Enter")
    keyboard.wait_for_selector("#current_password-error")
    keyboard.keyboard.type(PASSWORD)
    with keyboard.expect_download() as begun:
        keyboard.keyboard.press("Enter")
    assert begun.value.suggested_filename.endswith("-errors.csv")
    assert barriers(keyboard, *GRAVE) == []
    keyboard.get_by_role("link", name="Back").click()
    keyboard.wait_for_url(f"{full}/imports/1")
