"""What the product is for, done by hand in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.counterpart import Counterpart
from tests.pages.visit import EMAIL, PASSWORD, begin
from tests.test_end_to_end import wait_until

ADA, GRACE = "+33612345678", "+33612345679"


def test_from_the_first_user_to_a_stop(
    quiet: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    page = quiet
    begin(page, serve())
    import_file(page, tmp_path)
    make_segment(page)
    write_message(page, "Hello")
    review_and_send(page, recipients="2")
    expect(page.locator("#done")).to_have_text("2 / 2", timeout=30_000)
    answer_stop(page)
    read_timeline(page)
    write_message(page, "Again")
    page.wait_for_selector("#recipients")
    expect(page.locator("#recipients")).to_have_text("1")
    expect(page.locator("#ahead")).to_contain_text("On do-not-contact")
    send(page)
    expect(page.locator("#done")).to_have_text("1 / 1", timeout=30_000)
    page.locator("#skipped").get_by_text("On do-not-contact").click()
    expect(page.locator("main")).to_contain_text(ADA)


def import_file(page: Page, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "mobile;first name;town\n06 12 34 56 78;Ada;Paris\n0612345679;Grace;Lyon\nx;;\n"
    )
    page.get_by_role("link", name="Import", exact=True).click()
    page.set_input_files("#file", people)
    page.get_by_role("button", name="Upload and look").click()
    expect(page.get_by_label("Field of the column town")).to_have_value("city")
    page.get_by_role("button", name="Try it first").click()
    expect(page.locator("#tried")).to_contain_text("cannot be imported")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#progress")).to_contain_text("Partly imported", timeout=30_000)
    expect(page.get_by_role("link", name="Download rejected rows")).to_be_visible()


def make_segment(page: Page) -> None:
    page.get_by_role("link", name="Segments", exact=True).click()
    page.get_by_role("link", name="Make the first segment").click()
    page.get_by_label("Name", exact=True).fill("French friends")
    page.get_by_role("button", name="+ Condition").click()
    page.get_by_label("Field").select_option("country")
    page.get_by_label("Value").select_option("FR")
    expect(page.locator("#sample .figure")).to_have_text("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#members")).to_contain_text("Grace")


def write_message(page: Page, name: str) -> None:
    page.get_by_role("link", name="Text messages", exact=True).click()
    page.get_by_role("link", name=re.compile("New text message")).click()
    page.get_by_label("Internal name").fill(name)
    page.get_by_label("Text", exact=True).fill("Bonjour , ça va…")
    page.get_by_label("Text", exact=True).press("Home")
    for _ in range(8):
        page.get_by_label("Text", exact=True).press("ArrowRight")
    page.get_by_label("What stands there when it is empty").fill("toi")
    page.get_by_label("Token to insert").select_option("{contactfield=first_name}")
    expect(page.get_by_label("Text", exact=True)).to_have_value(
        "Bonjour {contactfield=first_name|toi}, ça va…"
    )
    expect(page.locator("#encoding")).to_have_text("UCS-2")
    for _ in ("…", "ç"):
        page.locator("[data-replace]").first.click()
        page.wait_for_timeout(500)
    expect(page.locator("#encoding")).to_have_text("GSM-7")
    expect(page.locator("#parts")).to_have_text("1 part")
    page.get_by_label("Preview as this contact").fill("Ada")
    expect(page.locator("#rendered")).to_contain_text("Bonjour Ada")
    page.get_by_label(re.compile("French friends")).check()
    page.get_by_role("button", name="Save and review").click()


def review_and_send(page: Page, *, recipients: str) -> None:
    expect(page.locator("#recipients")).to_have_text(recipients)
    send(page)


def send(page: Page) -> None:
    """The button says to how many, and so does the question."""
    page.get_by_role("button", name=re.compile(r"^Send to \d contacts? now$")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send to")).click()


def answer_stop(page: Page) -> None:
    page.get_by_role("link", name="Phones").click()
    page.get_by_role("link", name=re.compile(re.escape(ADA))).click()
    expect(page.locator("#screen")).to_contain_text("Bonjour Ada")
    page.get_by_label("Your answer").fill("Stop!")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#screen")).to_contain_text("Stop!")


def read_timeline(page: Page) -> None:
    page.get_by_role("link", name="Inbox").click()
    expect(page.locator("#inbox")).to_contain_text("opted out")
    page.locator("#inbox").get_by_role("link", name="Ada", exact=True).click()
    timeline = page.locator("#timeline")
    expect(timeline).to_contain_text("Stop!")
    expect(timeline).to_contain_text("Do not contact: unsubscribed")
    expect(timeline).to_contain_text("Text was delivered")
    page.get_by_role("checkbox", name="Do-not-contact").check()
    expect(timeline).not_to_contain_text("Text was delivered")


def test_twilio_is_connected_under_a_prefix(
    quiet: Page, serve: Callable[..., str], counterpart: Counterpart
) -> None:
    page = quiet
    address = serve(prefix="/mautic")
    begin(page, address)
    page.get_by_role("link", name="Plugins").first.click()
    card = page.locator(".card", has=page.get_by_role("heading", name="Twilio"))
    card.get_by_role("button", name="Enable").click()
    expect(page.get_by_label("Callback URL")).to_have_value(f"{address}/sms/twilio/callback")
    page.get_by_label("Account SID").fill(counterpart.account_sid)
    page.get_by_label("Auth token").fill("0" * 32)
    page.get_by_label("From number").fill(counterpart.number)
    page.get_by_label("API address").fill(counterpart.url)
    page.get_by_role("button", name="Save and test connection").click()
    expect(page.locator("#check-result")).to_contain_text("refused the sign-in")
    expect(page.get_by_label("Auth token")).to_have_value("")
    page.get_by_label("Auth token").fill(counterpart.auth_token)
    page.get_by_role("button", name="Save and test connection").click()
    expect(page.locator("#check-result")).to_contain_text("Connected to the Twilio account")
    assert counterpart.auth_token not in page.content()


def test_a_plugin_is_installed_and_makes_trouble_by_the_pages_alone(
    quiet: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    page = quiet
    begin(page, serve(HELIOGRAPH_PLUGIN_DIRS=str(folder)))
    for name, source in (("polite", POLITE), ("rude", "raise RuntimeError('I am rude')")):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(source)
    page.get_by_role("link", name="Plugins").first.click()
    page.get_by_role("button", name="Install/Upgrade plugins").click()
    expect(page.get_by_role("alert").or_(page.get_by_role("status")).first).to_contain_text(
        "polite"
    )

    def listed() -> bool:
        page.reload()
        return page.get_by_role("heading", name="A polite one").is_visible()

    wait_until(listed, 30)
    expect(page.locator("main")).to_contain_text("I am rude")
    page.locator(".card", has_text="A polite one").get_by_role("button", name="Enable").click()
    page.get_by_label("Greeting").fill("Good day")
    page.get_by_label("Manners").select_option("best")
    page.get_by_label("Bows").uncheck()
    secret = page.get_by_label("Secret word", exact=True)
    secret.fill("please")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Greeting")).to_have_value("Good day")
    expect(secret).to_have_value("")
    expect(secret).to_have_attribute("placeholder", re.compile("^set"))
    assert "please" not in page.content()


POLITE = '''"""A polite one"""
from typing import Literal
from pydantic import Field, SecretStr
from heliograph.plugin import PluginConfig, hookimpl

class Config(PluginConfig):
    greeting: str = Field("Hello", title="Greeting")
    manners: Literal["good", "best"] = Field("good", title="Manners")
    bows: bool = Field(True, title="Bows")
    word: SecretStr | None = Field(None, title="Secret word")

@hookimpl
def register_config():
    return Config
'''


def test_pages_in_the_browsers_memory_have_one_effect_too(
    quiet: Page, serve: Callable[..., str]
) -> None:
    page = quiet
    address = serve()
    begin(page, address)
    page.goto(f"{address}/contacts/new")
    page.get_by_label("First name").fill("Once")
    page.get_by_role("button", name="Save").dblclick()
    expect(page.get_by_role("heading", name="Once")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state("networkidle")
    page.goto(f"{address}/contacts/?q=once")
    expect(page.get_by_role("link", name="Once", exact=True)).to_have_count(1)


def test_a_session_that_ends_meanwhile_is_told_without_a_loss(
    quiet: Page, serve: Callable[..., str]
) -> None:
    page = quiet
    address = serve()
    begin(page, address)
    page.goto(f"{address}/messages/new")
    page.get_by_label("Internal name").fill("Kept")
    page.get_by_role("radio", name="A template for campaigns").check()
    page.get_by_label("Text", exact=True).fill("All of this")
    expect(page.locator("#rendered")).to_have_text("All of this")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main")).to_contain_text("Your session has ended")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("main")).to_contain_text("All of this")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("All of this")
