"""What stands in the way of people: axe's findings on a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")
# without the nodes that pass, which are most of them and cost nearly half of the time
OPTIONS = {"resultTypes": ["violations"]}


def barriers(page: Page, *impacts: str) -> list[tuple[str, str, str]]:
    """All, or those of *impacts*: (rule, the first element, what to do)."""
    told = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0].get("failureSummary", "")[:300])
        for one in told
        if not impacts or one["impact"] in impacts
    ]
