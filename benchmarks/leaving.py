"""How soon a campaign of 100,000 members takes in that somebody left its segment, or joined it.

python -m benchmarks.leaving [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import cycle

from sqlalchemy import select, text

from benchmarks.campaigns import campaign, installation, one_step, people, settled
from benchmarks.figures import Figures, figure, print_figures
from benchmarks.scene import crowd
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.membership import rebuild
from heliograph.campaigns.models import CampaignMember
from heliograph.contacts.profile import edit_contact
from heliograph.db import db, transaction
from heliograph.jobs.clock import Clock
from heliograph.segments import create_segment, refresh_segment
from heliograph.segments.members import remove_members
from tests.databases import Postgres

BAR = 5.0  # seconds
EACH = 20  # changes of each kind
APART = 1.0  # seconds; so all of them take more than one refresh of all segments (each minute)
PARIS = {"field": "city", "operator": "is", "value": "Paris"}


def changes(server: Postgres | None, members: int) -> Figures:
    """Seconds until each change is taken in, the worst of each kind."""
    kind = "PostgreSQL" if server else "SQLite"
    with installation(server, "bench_leaving") as app:
        picked = crowd(members, "picked")
        with transaction() as session:
            session.execute(text("UPDATE contacts SET city = 'Paris'"))
        filtered = create_segment("Paris", filters=PARIS).id
        refresh_segment(filtered)
        by_hand, by_filter = (campaign(one, *one_step()) for one in (picked, filtered))
        for one in (by_hand, by_filter):
            rebuild(one)
        Engine(Scope()).run()
        settled()
        ids = people(by_filter)
        clock = Clock(app)
        clock.start()
        ways: dict[str, Callable[[int], float]] = {
            "left by hand": lambda who: taken_in(
                by_hand, who, "left", lambda: remove_members(picked, [who])
            ),
            "left by an edit": lambda who: taken_in(
                by_filter, who, "left", lambda: move(who, "Lyon")
            ),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for (name, change), who in zip(cycle(ways.items()), ids[: EACH * len(ways)]):
            seconds[name].append(change(who))
            time.sleep(APART)
        clock._scheduler.shutdown(wait=True)  # noqa: SLF001  jobs end before their database
        clock.stop()
        db.session.rollback()
    figures: Figures = {}
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"{kind:10} {name}: median {middle:.2f} s, worst {max(taken):.2f} s", file=sys.stderr)
        figures |= figure(f"{name}, s, {members:,} members, {kind}", max(taken), BAR)
    return figures


def move(contact_id: int, city: str) -> None:
    edit_contact(contact_id, {"city": city}, region="FR")


def taken_in(campaign_id: int, contact_id: int, status: str, change: Callable[[], object]) -> float:
    """Seconds from the commit of *change* until the member has that status."""
    change()
    db.session.rollback()
    begun = time.perf_counter()
    query = select(CampaignMember.status).where(
        CampaignMember.campaign_id == campaign_id, CampaignMember.contact_id == contact_id
    )
    while db.session.scalar(query) != status:
        db.session.rollback()
        time.sleep(0.02)
        if time.perf_counter() - begun > 60:
            break
    db.session.rollback()
    return time.perf_counter() - begun


def measure(*, quick: bool = False) -> Figures:
    members = 20_000 if quick else 100_000
    figures: Figures = {}
    with Postgres.start() as server:
        for database in (None, server):
            figures |= changes(database, members)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the members")
    print_figures(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
