"""Running servers and a real Chromium; a page that complains fails its test."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser import launch_options
from tests.pages.pictures import installation, sign_in
from tests.pages.showcase import fill
from tests.test_end_to_end import HELIOGRAPH, free_port, get, wait_until


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # not for the session: playwright's loop would stand in the way of other tests' loops
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    return kept | {
        "HELIOGRAPH_DATA_DIR": str(tmp_path / "var"),
        "HELIOGRAPH_DEFAULT_REGION": "FR",
    }


@pytest.fixture
def serve(environment: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Starts `heliograph serve --demo`; gives its address."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, prefix: str = "", **more: str) -> str:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        if prefix:
            more["HELIOGRAPH_PUBLIC_URL"] = address + prefix
        process = subprocess.Popen(
            [HELIOGRAPH, "serve", "--demo", "--port", str(port)], env=environment | more
        )
        started.append(process)
        wait_until(lambda: get(f"{address}/readyz") == 200, 60)
        return address + prefix

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


@pytest.fixture
def quiet(page: Page) -> Iterator[Page]:
    """A page whose console must stay silent: no error, no blocked style or script."""
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(60_000)
    yield page
    # that a form was refused is no fault of the page
    refused = ("status of 400", "status of 401", "status of 409")
    assert [one for one in said if not any(word in one for word in refused)] == []


@pytest.fixture(scope="session")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the showcase's data, made once for all workers of a run."""
    run = tmp_path_factory.getbasetemp()
    kept = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "showcase"
    if not kept.is_dir():
        made = tmp_path_factory.mktemp("showcase")
        fill(str(made))
        with suppress(OSError):  # another worker was quicker
            made.rename(kept)
    return kept


@pytest.fixture(scope="module")
def full(showcase: Path) -> Iterator[str]:
    """The address of a server with the showcase's data, kept for the module's tests."""
    with installation(full=True, kept=showcase) as address:
        yield address


@pytest.fixture
def ann(quiet: Page, full: str) -> Page:
    """The admin, on a page whose console stays silent."""
    sign_in(quiet, full)
    return quiet
