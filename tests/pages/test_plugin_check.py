"""Test connection: whatever becomes of the request, words stand where the answer was awaited."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.pictures import sign_in


@pytest.mark.parametrize("lost", [False, True], ids=["an error", "no answer"])
def test_a_check_that_fails_itself_leaves_no_spinner(page: Page, full: str, lost: bool) -> None:
    def fail(route: Route) -> None:
        if lost:
            route.abort()
        else:
            route.fulfill(status=500, body="Something went wrong here", content_type="text/plain")

    sign_in(page, full)
    page.route("**/check", fail)
    page.goto(f"{full}/admin/plugins/simulator?check=1")
    result = page.locator("#check-result")
    words = "No answer came" if lost else "Something went wrong here"
    expect(result).to_contain_text(words)
    expect(result.locator(".spinner-border")).to_have_count(0)
