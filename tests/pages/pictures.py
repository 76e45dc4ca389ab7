"""Pictures of every page: for the manual, and to be looked at.

make pictures                          # those of the manual, into docs/pictures
make pictures ARGS="--all /tmp/look"   # every page, desktop and phone, light and dark
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import launch_options
from tests.pages.showcase import fill
from tests.pages.visit import EMAIL, PASSWORD, begin
from tests.test_end_to_end import HELIOGRAPH, free_port, get, wait_until

MANUAL = Path(__file__).parent.parent.parent / "docs" / "pictures"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
PAGES = {
    "dashboard": "/",
    "contacts": "/contacts/",
    "contact": "/contacts/1",
    "contact-edit": "/contacts/1/edit",
    "contact-new": "/contacts/new",
    "contact-fields": "/contacts/fields",
    "dnc": "/contacts/dnc",
    "dnc-list": "/contacts/dnc/list",
    "imports": "/imports/",
    "import": "/imports/1",
    "import-mapping": "/imports/2",
    "segments": "/segments/",
    "segment": "/segments/1",
    "segment-new": "/segments/new",
    "messages": "/messages/",
    "message": "/messages/3",
    "message-new": "/messages/new",
    "broadcasts": "/broadcasts/",
    "broadcast": "/broadcasts/1",
    "broadcast-review": "/broadcasts/3",
    "broadcast-texts": "/broadcasts/1/texts",
    "broadcast-skipped": "/broadcasts/1/skipped?reason=dnc",
    "text": "/broadcasts/texts/1",
    "campaigns": "/campaigns/",
    "campaign": "/campaigns/1",
    "campaign-new": "/campaigns/new",
    "campaign-settings": "/campaigns/1/settings",
    "campaign-versions": "/campaigns/1/versions",
    "campaign-builder": "/campaigns/1/builder/",
    "campaign-draft": "/campaigns/2/builder/",
    "campaign-unpublished": "/campaigns/2",
    "campaign-event": "/campaigns/1/events/yes",
    "campaign-simulate": "/campaigns/1/simulate/",
    "campaign-members": "/campaigns/1/members",
    "campaign-contact": "/campaigns/1/members/7",
    "campaign-stranger": "/campaigns/2/members/7",
    "inbox": "/inbox/",
    "phones": "/plugins/simulator/",
    "plugins": "/admin/plugins/",
    "plugin": "/admin/plugins/twilio",
    "settings": "/admin/settings/",
    "users": "/admin/users/",
    "user": "/admin/users/1",
    "jobs": "/admin/jobs/",
    "audit": "/admin/audit/",
    "account": "/account",
    "confirm": "/account/confirm?next=/imports/1/errors.csv",
    "not-found": "/contacts/999999",
}
EMPTY = ("dashboard", "contacts", "contact-new", "dnc", "imports", "segments", "segment-new")
EMPTY += ("messages", "message-new", "broadcasts", "campaigns", "campaign-new", "inbox", "phones")
SHOWN = ("dashboard", "contacts", "contact", "import-mapping", "segment", "message")
SHOWN += ("campaign", "campaign-builder", "campaign-simulate", "campaign-event")
SHOWN += ("broadcast-review", "broadcast", "phones", "plugins", "plugin", "jobs")


@contextmanager
def installation(*, full: bool, kept: Path | None = None) -> Iterator[str]:
    """A server on a new data folder, with the showcase's data or with nothing.

    *kept* is a folder that was filled before, to be copied.
    """
    with tempfile.TemporaryDirectory(prefix="heliograph-pictures-") as folder:
        environment = {k: v for k, v in os.environ.items() if "HELIOGRAPH" not in k}
        environment |= {"HELIOGRAPH_DATA_DIR": folder, "HELIOGRAPH_DEFAULT_REGION": "FR"}
        environment["HELIOGRAPH_PUBLIC_URL"] = ""
        port = free_port()
        if full and kept is not None:
            shutil.copytree(kept, folder, dirs_exist_ok=True)
        elif full:
            fill(folder)
        serve = [HELIOGRAPH, "serve", "--demo", "--port", str(port)]
        server = subprocess.Popen(serve, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: get(address + "/readyz") == 200, 60)
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)


def sign_in(page: Page, address: str) -> None:
    page.goto(address + "/login")
    if page.url.endswith("/welcome"):
        begin(page, address)
        return
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("h1:has-text('Dashboard')")


def take(browser: Browser, address: str, names: list[str], folder: Path, suffix: str) -> None:
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            if not suffix and (size, theme) != ("desktop", "light"):
                continue
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB"
            )
            page = context.new_page()
            if suffix == "-empty" and size == "desktop" and theme == "light":
                page.goto(address + "/welcome")
                page.screenshot(path=folder / "welcome-empty.png")
            sign_in(page, address)
            for name in names:
                page.goto(address + PAGES[name])
                page.wait_for_load_state("networkidle")
                more = f"-{size}-{theme}{suffix}" if suffix else ""
                page.screenshot(path=folder / f"{name}{more}.png", full_page=bool(suffix))
            context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, help="Every page, into this folder")
    folder = parser.parse_args().all
    (folder or MANUAL).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        with installation(full=True) as address:
            if folder is None:
                take(browser, address, list(SHOWN), MANUAL, "")
            else:
                take(browser, address, list(PAGES), folder, "-full")
        if folder is not None:
            with installation(full=False) as address:
                take(browser, address, list(EMPTY), folder, "-empty")
        browser.close()


if __name__ == "__main__":
    main()
