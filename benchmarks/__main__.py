"""`make bench`: every benchmark, as a table or with --json as one object."""

from __future__ import annotations

import argparse
import json

from benchmarks import (
    callbacks,
    campaigns,
    command_help,
    delivery,
    import_contacts,
    leaving,
    live_pages,
    pages,
    plan_broadcast,
)
from benchmarks.figures import Figures, print_figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    figures: Figures = {}
    figures |= command_help.measure(quick=options.quick)
    figures |= import_contacts.measure(100_000 // share)
    figures |= plan_broadcast.measure(quick=options.quick)
    figures |= delivery.measure(quick=options.quick)
    figures |= campaigns.measure(quick=options.quick)
    figures |= leaving.measure(quick=options.quick)
    figures |= callbacks.measure(quick=options.quick)
    figures |= live_pages.measure(quick=options.quick)
    figures |= pages.measure(1_000_000 // share, 5_000_000 // share)
    if options.json:
        print(json.dumps(figures))
        return
    print_figures(figures)


if __name__ == "__main__":
    main()
