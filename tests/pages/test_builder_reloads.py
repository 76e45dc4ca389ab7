"""Reloading while changes are on their way: a browser never conflicts with itself."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.pages.drawing import Board
from tests.pages.pictures import sign_in

DRAFT = "**/builder/draft"


class Slow:
    """The way to the server: what is saved waits there until it is let through."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting: list[Request] = []

    def hold(self) -> None:
        self.page.context.route(DRAFT, self._take)

    def _take(self, route: Route) -> None:
        self.waiting.append(route.request)  # nobody answers: the page may be gone first

    def let_go(self) -> None:
        self.page.context.unroute(DRAFT)

    def arrive(self, request: Request) -> Any:
        """It comes to the server only now, from a page that is gone."""
        kept = {"x-csrftoken", "content-type", "accept"}
        headers = {name: value for name, value in request.headers.items() if name in kept}
        headers["origin"] = "/".join(request.url.split("/")[:3])
        headers["sec-fetch-site"] = "same-origin"
        return self.page.request.put(request.url, headers=headers, data=request.post_data or "")


def reloaded_with_a_save_on_its_way(page: Page, address: str, name: str) -> tuple[Board, Slow]:
    sign_in(page, address)
    board = Board.new(page, address, name)
    board.saved()
    slow = Slow(page)
    slow.hold()
    board.add("Replies", after="Sources", name="Asked")
    board.state("saving")  # with a part of it only
    board.name("Asked twice")
    page.reload()
    board.opened()
    expect(board.card("Asked twice")).to_be_visible()
    return board, slow


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_save_that_comes_after_the_reload_is_nobody_elses(
    page: Page, full: str, when: str
) -> None:
    board, slow = reloaded_with_a_save_on_its_way(page, full, f"Late {when}")
    late = slow.waiting[0]
    if when == "before":
        assert slow.arrive(late).ok
        slow.let_go()
        page.reload()  # what the second page had sent waits for ever
    else:
        slow.let_go()
        page.reload()
        board.opened()
        board.saved()
        assert slow.arrive(late).ok
        page.reload()
    board.opened()
    expect(board.card("Asked twice")).to_be_visible()
    assert [one["name"] for one in board.stored()["events"]] == ["Asked twice"]
    board.card("Asked twice").click()
    board.name("Asked thrice")
    assert [one["name"] for one in board.stored()["events"]] == ["Asked thrice"]
    expect(page.locator(".notices").get_by_role("alert")).to_have_count(0)


def test_a_save_that_comes_between_loading_and_drawing_on_is_nobody_elses(
    page: Page, full: str
) -> None:
    board, slow = reloaded_with_a_save_on_its_way(page, full, "Between")
    for request in slow.waiting:
        assert slow.arrive(request).ok
    slow.let_go()
    board.card("Asked twice").click()
    board.name("Asked again")
    page.reload()
    board.opened()
    assert [one["name"] for one in board.stored()["events"]] == ["Asked again"]
    expect(page.locator(".notices").get_by_role("alert")).to_have_count(0)


def test_a_copy_of_the_tab_is_another_session(page: Page, full: str) -> None:
    sign_in(page, full)
    board = Board.new(page, full, "Copied tab")
    board.add("Replies", after="Sources", name="Mine")
    board.saved()
    with page.context.expect_page() as opened:
        page.evaluate("() => { window.open(location.href); }")  # its storage is copied, too
    theirs = Board(opened.value).opened()
    theirs.card("Mine").click()
    theirs.name("Theirs")
    theirs.saved()
    board.card("Mine").click()
    board.name("Mine again")
    board.state("conflict")
