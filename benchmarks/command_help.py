"""Start of `heliograph --help`, against importing Flask and SQLAlchemy.

python -m benchmarks.command_help [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figures, figure, print_figures

BARE = [sys.executable, "-c", "import flask, sqlalchemy"]
HELP = [str(Path(sys.executable).with_name("heliograph")), "--help"]


def seconds(command: list[str], folder: str) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def measure(*, quick: bool = False) -> Figures:
    """Both in turn, so that whatever else runs on the machine slows both."""
    bare: list[float] = []
    shown: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(5 if quick else 40):
            bare.append(seconds(BARE, folder))
            shown.append(seconds(HELP, folder))
    ratio = statistics.median(shown) / statistics.median(bare)
    print(
        f"help: {statistics.median(shown) * 1000:.0f} ms, "
        f"flask and sqlalchemy {statistics.median(bare) * 1000:.0f} ms",
        file=sys.stderr,
    )
    return figure("heliograph --help / import flask, sqlalchemy", ratio, 2.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.command_help")
    parser.add_argument("--quick", action="store_true", help="5 rounds in place of 40")
    print_figures(measure(quick=parser.parse_args().quick))
