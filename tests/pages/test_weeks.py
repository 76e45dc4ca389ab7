"""A campaign drawn in a real browser runs for days, in four zones, over deaths and an outage.

The server is a real process; the time in it leaps when the test says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.campaigns.world import World
from tests.deliveries.nursery import environment_of
from tests.pages.drawing import Board, draw_welcome
from tests.pages.pictures import sign_in
from tests.pages.weeks import CAST, HOUSE, KEEN, Story, thursday
from tests.test_end_to_end import free_port

Take = Callable[[str], None]


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The database of the server, looked at from outside."""
    app = make_app(default_region="FR")
    with app.app_context():
        yield app


@pytest.fixture
def world(app: Flask, tmp_path: Path) -> Iterator[World]:
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    kept |= {"HELIOGRAPH_TIMEZONE": HOUSE, "HELIOGRAPH_DEFAULT_REGION": "FR"}
    world = World(tmp_path, kept | environment_of(app), free_port())
    yield world
    world.kill()


def answer(page: Page, story: Story, name: str) -> None:
    """Answer on the contact's phone."""
    number, words = next((mobile, words) for one, mobile, _, words in CAST if one == name)
    page.goto(f"{story.world.address}/plugins/simulator/")
    page.get_by_role("link", name=re.compile(re.escape(number))).click()
    page.get_by_label("Your answer").fill(words)
    page.get_by_role("button", name="Send the answer").click()


@pytest.fixture
def take(request: pytest.FixtureRequest, page: Page) -> Take:
    """Takes pictures of the page, as on a desk and as on a phone, when they are asked for."""
    folder: Path | None = request.config.getoption("--pictures")

    def taken(name: str) -> None:
        for width in (390, 1280) if folder else ():
            page.set_viewport_size({"width": width, "height": 860})
            page.reload()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)  # type: ignore[operator]

    return taken


# one database of the two: the crash and end-to-end tests have both
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.timeout(1800)
def test_a_campaign_does_what_was_drawn_for_days_in_four_zones(
    world: World, page: Page, take: Take
) -> None:
    story = Story(world)
    page.set_default_timeout(120_000)
    story.cast()
    world.leap(thursday())
    story.start()
    sign_in(page, world.address)
    board = Board.new(page, world.address, "Welcome")
    draw_welcome(board, source="Newcomers", pattern="YES*")
    expect(board.checks).to_contain_text("Nothing is wrong.")
    the_server_dies_while_texts_go_out(story, board)
    it_dies_between_a_decision_and_its_text(story, page)
    the_wait_ends_on_each_calendar(story)
    ten = {name: at.astimezone(UTC) for name, at in story.due().items()}
    day = f"{ten['Hana']:%b} {ten['Hana'].day}, {ten['Hana'].year}"
    told(page, story, "Hana", f"waits for its time: {day}, 10:00 Tokyo time")
    take("waiting")
    the_provider_is_away(story, ten["Hana"])
    told(page, story, "Hana", "It is tried again at", "Our network is down.")
    told(page, story, "Iku", "No clear answer came")
    take("outage")
    world.outage(False)
    world.leap(ten["Hana"] + timedelta(hours=6))
    story.until(lambda: story.who_has("reminder") == {"Hana", "Iku", "Jaya"})
    the_others_are_reminded_at_ten(story, ten)
    story.until(lambda: story.members() == {"finished": 10})
    story.is_told()
    is_seen(page, story, take)


def the_server_dies_while_texts_go_out(story: Story, board: Board) -> None:
    story.world.dies("texting")
    board.publish(asked="10 contacts are in its segments")
    story.until(lambda: story.world.is_dead)
    assert 0 < len(story.who_has("hello")) < len(CAST)
    story.start()
    story.until(lambda: story.stand("Says yes") == {"open": len(CAST)})
    assert set(map(tuple, story.texts().values())) == {("hello",)}


def it_dies_between_a_decision_and_its_text(story: Story, page: Page) -> None:
    """Yes is thanked at once, or as soon as the server is back."""
    answer(page, story, "Ada")
    story.until(lambda: story.who_has("thanks") == {"Ada"})
    story.world.dies("thanking")
    answer(page, story, "Goro")
    story.until(lambda: story.world.is_dead)
    assert story.steps("Goro")["Says yes"] == "done yes"
    assert story.who_has("thanks") == {"Ada"}
    story.start()
    story.until(lambda: story.who_has("thanks") == {"Ada", "Goro"})
    for name in ("Dan", "Benoit", "Eve", "Hana"):
        answer(page, story, name)
    story.until(lambda: story.who_has("thanks") == KEEN and story.stand("Thanks")["done"] == 3)
    assert story.stand("Says yes") == {"open": 7, "done yes": 3}


def the_wait_ends_on_each_calendar(story: Story) -> None:
    """After three days, of which the Sunday in Paris has 23 hours."""
    sunday, monday = thursday() + timedelta(days=3), (thursday() + timedelta(days=4)).date()
    story.leap(sunday - timedelta(minutes=70))
    assert story.stand("Says yes") == {"open": 7, "done yes": 3}
    story.world.leap(sunday - timedelta(minutes=20))
    story.until(lambda: story.stand("Says yes") == {"open": 5, "done no": 2, "done yes": 3})
    assert set(story.due()) == {"Benoit", "Chloe"}
    story.world.leap(sunday + timedelta(minutes=40))
    story.until(lambda: story.stand("Reminder")["waiting"] == 7)
    assert {(at.date(), at.strftime("%H:%M")) for at in story.due().values()} == {(monday, "10:00")}


def the_provider_is_away(story: Story, ten: datetime) -> None:
    """For six hours, from just before ten in Tokyo on; it is ten in India meanwhile."""
    story.leap(ten - timedelta(minutes=10))
    assert not story.who_has("reminder")
    story.world.outage(True)
    story.world.leap(ten)
    story.until(lambda: story.stand("Reminder")["sending"] == 2 and story.is_tried())
    for hour in range(6):
        story.world.leap(ten + timedelta(hours=hour, minutes=1))
        story.until(story.is_tried)
    away = {"": 3, "sending": 3, "waiting": 4}
    story.until(lambda: story.stand("Reminder") == away and story.is_tried())
    assert not story.who_has("reminder")


def the_others_are_reminded_at_ten(story: Story, ten: dict[str, datetime]) -> None:
    for name, kin in (("Chloe", {"Benoit", "Chloe"}), ("Fay", {"Eve", "Fay"})):
        before = story.who_has("reminder")
        story.leap(ten[name] - timedelta(minutes=1))
        assert story.who_has("reminder") == before
        story.world.leap(ten[name])
        story.until(lambda: story.who_has("reminder") == before | kin)  # noqa: B023


def is_seen(page: Page, story: Story, take: Take) -> None:
    """What the pages say in the end."""
    page.goto(f"{story.world.address}/campaigns/1")
    for event, words in (
        ("Hello", "10 done"),
        ("Says yes", "3 yes"),
        ("Says yes", "7 no"),
        ("Tag it", "3 done"),
        ("Thanks", "3 done"),
        ("Reminder", "7 done"),
    ):
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=event, exact=True))
        expect(row).to_contain_text(words)
    expect(page.locator(".figures")).to_contain_text("10are through")
    take("progress")
    told(page, story, "Hana", "It came to the end.")
    expect(page.locator(".history")).to_contain_text("Says yes: No")
    expect(page.locator(".history")).to_contain_text("Reminder")
    take("contact")
    page.goto(f"{story.world.address}/campaigns/1/builder/")
    Board(page).opened()
    take("builder")


def told(page: Page, story: Story, name: str, *words: str) -> None:
    """The page that explains why the contact is here says so."""
    page.goto(f"{story.world.address}/campaigns/1/members/{story.people[name]}")
    for one in words:
        expect(page.locator("main")).to_contain_text(one)
