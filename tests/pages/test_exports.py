"""Exports of five systems, uploaded by hand: nobody who unsubscribed there gets a text here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.imports.exports import EXPORTS
from tests.pages.visit import begin
from tests.test_end_to_end import wait_until

ENDED = re.compile("Finished|Partly imported")


def test_five_exports_come_in_and_only_those_who_agreed_are_texted(
    quiet: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    page, address = quiet, serve()
    begin(page, address)
    for export in EXPORTS:
        for name, content in export.files.items():
            (tmp_path / name).write_bytes(content)
            upload(page, address, tmp_path / name)
    files = sum(len(export.files) for export in EXPORTS)
    wait_until(lambda: finished(page, address) == files, 60)
    page.goto(address + "/messages/new")
    page.get_by_label("Internal name").fill("Hello")
    page.get_by_label("Text", exact=True).fill("Hello")
    page.get_by_label(re.compile("^everybody")).check()
    page.get_by_role("button", name="Save and review").click()
    texted = sum(len(export.texted) for export in EXPORTS)
    refused = sum(len(export.refused) for export in EXPORTS)
    expect(page.locator("#recipients")).to_have_text(str(texted))
    expect(page.locator("#ahead")).to_contain_text(re.compile(rf"On do-not-contact\s*{refused}"))
    page.get_by_role("button", name=re.compile("^Send to")).first.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.locator("#done")).to_have_text(f"{texted} / {texted}", timeout=60_000)
    page.goto(address + "/plugins/simulator/")
    phones = set(re.findall(r"\+33\d{9}", page.locator("main").inner_text()))
    assert phones == {number for export in EXPORTS for number in export.texted}


def upload(page: Page, address: str, path: Path) -> None:
    page.goto(address + "/imports/")
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Upload and look").click()
    expect(page.locator(".alert-danger")).to_have_count(0)
    page.get_by_label("Add all to this segment").fill("everybody")
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_selector("#progress")


def finished(page: Page, address: str) -> int:
    page.goto(address + "/imports/")
    return page.locator("td .badge", has_text=ENDED).count()
