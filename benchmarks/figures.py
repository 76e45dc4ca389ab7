"""A figure: what was measured, the bar, and whether it was met."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from heliograph import create_app
from heliograph.db import db
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema

Figures = dict[str, dict[str, float | bool]]


def figure(name: str, value: float, bar: float) -> Figures:
    """A figure that must not be above its bar."""
    return {name: {"value": round(value, 3), "bar": bar, "met": value <= bar}}


def at_least(name: str, value: float, bar: float) -> Figures:
    """A figure that must not be below its bar."""
    return {name: {"value": round(value, 3), "bar": bar, "met": value >= bar}}


def print_figures(figures: Figures) -> None:
    width = max(len(name) for name in figures)
    for name, row in figures.items():
        mark = "met" if row["met"] else "NOT MET"
        print(f"{name:<{width}}  {row['value']:>9}  bar {row['bar']:>6}  {mark}")


@contextmanager
def installation() -> Iterator[Flask]:
    """A new installation on SQLite in a folder of its own, a context pushed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=folder, scheduler="off", secret_key="benchmarks")
        app = create_app(settings)
        with app.app_context():
            upgrade_schema()
            yield app
            db.session.remove()
            db.engine.dispose()
