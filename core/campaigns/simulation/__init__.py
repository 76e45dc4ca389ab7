"""Simulations: a campaign played on a clock of its own, in an installation of its own."""

from __future__ import annotations

from heliograph.campaigns.simulation.casting import sample
from heliograph.campaigns.simulation.description import (
    MOST_DAYS,
    MOST_PEOPLE,
    Person,
    Simulation,
    read_simulation,
)
from heliograph.campaigns.simulation.play import simulate
from heliograph.campaigns.simulation.transcript import Entry, Transcript, Way

__all__ = [
    "MOST_DAYS",
    "MOST_PEOPLE",
    "Entry",
    "Person",
    "Simulation",
    "Transcript",
    "Way",
    "read_simulation",
    "sample",
    "simulate",
]
