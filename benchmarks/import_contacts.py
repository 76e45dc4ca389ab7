"""Importing a CSV of contacts against a bare `executemany` of the same rows."""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figures, figure, installation, print_figures
from heliograph.db import db
from heliograph.garbage import collect_less_often
from heliograph.imports import create_import, run_import
from heliograph.installation import current_settings
from heliograph.phone import parse_number

ROUNDS = 5
COLUMNS = ("mobile", "first name", "last name", "email", "city")
INSERT = (
    "INSERT INTO contacts (mobile, number_status, first_name, last_name, email, company, city,"
    " country, locale, timezone, custom, created_at, updated_at)"
    " VALUES (?, 'ok', ?, ?, ?, '', ?, 'FR', '', '', '{}', ?, ?)"
)


def rows(count: int) -> list[tuple[str, ...]]:
    """Half in national spelling, half E.164 of four countries."""
    found = []
    for number in range(count):
        if number % 2:
            digits = f"06{number:08d}"
            mobile = " ".join(digits[at : at + 2] for at in range(0, 10, 2))
        else:
            kinds = (
                f"+1415{2_000_000 + number}",
                f"+336{50_000_000 + number}",
                f"+4479{11_000_000 + number}",
                f"+4915{100_000_000 + number}",
            )
            mobile = kinds[number // 2 % 4]
        names = (f"First{number}", f"Last{number}", f"p{number}@example.com", "Paris")
        found.append((mobile, *names))
    return found


def write(path: Path, count: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(count))


def ours(count: int) -> float:
    with installation():
        path = Path(current_settings().data_dir) / "people.csv"
        write(path, count)
        begun = time.perf_counter()
        job = run_import(create_import(path, filename="people.csv", region="FR").id)
        spent = time.perf_counter() - begun
        if (job.created, job.rejected) != (count, 0):
            raise RuntimeError(f"imported {job.created}, rejected {job.rejected}: {job.error}")
        return spent


def bare(count: int) -> float:
    """The same rows, table, indexes and settings of SQLite; all ready, one transaction."""
    with installation():
        file = db.engine.url.database
        db.engine.dispose()
        at = "2026-01-01 00:00:00.000000"
        ready = [
            (parse_number(mobile, region="FR").e164, first, last, email, city, at, at)
            for mobile, first, last, email, city in rows(count)
        ]
        connection = sqlite3.connect(str(file), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=8000")
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, ready)
        connection.execute("COMMIT")
        spent = time.perf_counter() - begun
        connection.close()
        return spent


def peak(count: int) -> float:
    """Most memory (MB) of a process that imports *count* rows."""
    arguments = [sys.executable, "-m", "benchmarks.import_contacts", "--peak", str(count)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak_here(count: int) -> float:
    with installation():
        path = Path(current_settings().data_dir) / "people.csv"
        writer = [sys.executable, "-c", f"{WRITE}write(Path({str(path)!r}), {count})"]
        subprocess.run(writer, check=True)  # the rows must not count as ours
        run_import(create_import(path, filename="people.csv", region="FR").id)
    # not ru_maxrss: a child inherits its parent's, and would hide its own
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


WRITE = "from pathlib import Path; from benchmarks.import_contacts import write; "


def measure(count: int = 100_000) -> Figures:
    """Interleaved rounds on SQLite; the ratio of the medians, and the memory."""
    collect_less_often()  # as in a process that serves
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        times["ours"].append(ours(count))
        times["bare"].append(bare(count))
    ratio = statistics.median(times["ours"]) / statistics.median(times["bare"])
    more = peak(count) - peak(count // 10)
    return figure(f"import {count:,} / bare executemany", ratio, 9.0) | figure(
        f"import {count:,}: MB more than {count // 10:,}", more, 50.0
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print(peak_here(options.peak))
        return
    figures = measure(options.rows)
    if options.json:
        print(json.dumps(figures))
        return
    print_figures(figures)


if __name__ == "__main__":
    main()
